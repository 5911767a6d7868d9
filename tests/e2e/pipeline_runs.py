"""A pipeline from the command line, in this process or in its own: its exit code, and what it printed."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines import command
from tests import shared, warm
from tests.e2e.helpers import ROOT

FAST = ("--model", "lenet", "--training.batch-size", "16")
"""Flags of a small classifier."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    said: str
    """Both streams; white space and tyro's frames as single spaces, since both depend on the width of the terminal."""

    def refuses(self, *words: str, code: int = 1) -> None:
        """Assert the exit code and every one of these words, and no traceback."""
        for expected in words:
            assert expected in self.said
        assert "Traceback" not in self.said
        assert self.code == code


Pipeline = Callable[..., Ended]


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pipeline:
    """Does `python -m pipelines.NAME FLAG…` in `tmp_path`, in this process: `pipeline("ngram", "--order", 2)`."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *flags: object) -> Ended:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, flags)])
        capsys.readouterr()
        code: Any = 0
        try:
            command.main(importlib.import_module(f"pipelines.{name}"))
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return Ended(code, _plain(captured.out + captured.err))

    return run


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two epochs on about 64 examples."""
    monkeypatch.setenv("PIPELINES_TINY", "1")


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished `classify` run of FAST on a few digits, the same for all test processes: copy it, or only read it."""

    def train(folder: Path) -> None:
        command = [warm.python(), "-m", "pipelines.classify", "--out", folder.name, *FAST]
        subprocess.run(command, cwd=folder.parent, env=tiny_environment(), capture_output=True, check=True)

    return shared.folder(tmp_path_factory, "digits_run", train)


def unfinished(run: Path, folder: Path, parts: Sequence[str]) -> Path:
    """A copy of a finished run as it was when only these files and folders of it were there."""
    for path in run.rglob("*"):
        name = str(path.relative_to(run))
        if path.is_file() and any(path.name == part or name.startswith(f"{part}/") for part in parts):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    return folder


def troubled(folder: Path, trouble: object, moment: str, *words: object, done: Sequence[str] = ()) -> Ended:
    """The same in a process of its own, which meets trouble. words: the pipeline and its flags. See `trouble_at`."""
    process = subprocess.run(
        [warm.python(), *troubled_module(trouble, moment, *words)],
        cwd=folder,
        env={**tiny_environment(), "DONE": " ".join(done)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(process.returncode, _plain(process.stdout))


def troubled_module(trouble: object, moment: str, *words: object) -> list[str]:
    """What follows `python` on the command line of `trouble_at`."""
    return ["-m", "tests.e2e.trouble_at", str(trouble), moment, *map(str, words)]


def tiny_environment() -> Mapping[str, str]:
    """For a process that runs elsewhere than in the repository."""
    return {**os.environ, "PIPELINES_TINY": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _plain(text: str) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)

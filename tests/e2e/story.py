"""A story from the command line, in this process or in its own: its exit code, and what it says."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines import command
from tests.e2e.helpers import ROOT

FAST = ("--model", "lenet", "--training.batch-size", "16")


@dataclass(frozen=True)
class Told:
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


Story = Callable[..., Told]


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    """Runs `python -m pipelines.classify` with these words and PIPELINES_TINY=1 in `tmp_path`, in this process."""
    monkeypatch.setenv("PIPELINES_TINY", "1")
    return _runner("classify", tmp_path, monkeypatch, capsys)


@pytest.fixture
def ngram_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    """Runs `python -m pipelines.ngram` with these words in `tmp_path`, in this process."""
    return _runner("ngram", tmp_path, monkeypatch, capsys)


@pytest.fixture
def word2vec_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    """Runs `python -m pipelines.word2vec` with these words in `tmp_path`, in this process."""
    return _runner("word2vec", tmp_path, monkeypatch, capsys)


def _runner(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    module = importlib.import_module(f"pipelines.{name}")
    monkeypatch.chdir(folder)

    def run(*words: object) -> Told:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, words)])
        capsys.readouterr()
        code: Any = 0
        try:
            command.main(module)
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return Told(code, _plain(captured.out + captured.err))

    return run


def troubled(folder: Path, trouble: object, moment: str, *words: object, story: str = "classify") -> Told:
    """The same in its own process, which meets trouble: see `trouble_at`."""
    process = subprocess.run(
        troubled_command(trouble, moment, *words, story=story),
        cwd=folder,
        env=tiny_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Told(process.returncode, _plain(process.stdout))


def troubled_command(trouble: object, moment: str, *words: object, story: str = "classify") -> list[str]:
    """The command line of `trouble_at`."""
    return [sys.executable, "-m", "tests.e2e.trouble_at", story, str(trouble), moment, *map(str, words)]


def tiny_environment() -> Mapping[str, str]:
    """For a process that runs elsewhere than in the repository."""
    return {**os.environ, "PIPELINES_TINY": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _plain(text: str) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)

"""From words to an exit code: 0 done, 1 failed, 2 wrong flags, 130 interrupted; one message, and a traceback for bugs only."""

import errno
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from pipelines import command
from pipelines.flags import RunFlags
from pipelines.record import runs
from pipelines.training.options import TrainingOptions
from serving.bundle import BundleError
from serving.litert import LiteRTError
from vision.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """Like a pipeline's."""

    data: str = "digits"
    """Anything."""
    training: TrainingOptions = field(default_factory=TrainingOptions)
    """How."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "_under_way", [])


def _pipeline(run: Callable[[Config], object]) -> ModuleType:
    """A package with the shape of a pipeline."""
    package = ModuleType("pipelines.classify", "What it does.")
    vars(package).update(Config=Config, run=run)
    return package


@pytest.fixture
def exit_code(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a pipeline with the given words and returns its exit code."""

    def called(run: Callable[[Config], object], *words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["classify.py", *words])
        try:
            command.main(_pipeline(run))
        except SystemExit as stopped:
            return stopped.code if isinstance(stopped.code, int) else 99
        return 0

    return called


ExitCode = Callable[..., int]
Captured = pytest.CaptureFixture[str]


def _raising(error: BaseException, *, started: bool = False) -> Callable[[Config], None]:
    """A pipeline that fails before or after its run folder stands."""

    def run(config: Config) -> None:
        folder = runs.choose("classify", config)
        if started:
            runs.start(folder, config, fingerprint="abc")
        raise error

    return run


def test_the_pipeline_gets_its_config(exit_code: ExitCode, capsys: Captured) -> None:
    seen: list[Config] = []
    assert exit_code(seen.append, "--out", "a b", "--training.epochs", "3", "--resume") == 0
    assert seen == [Config(out=Path("a b"), resume=True, training=TrainingOptions(epochs=3))]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epoch", "3"], "--training.epochs"),
        (["--training.epochs", "ten"], "--training.epochs"),
        (["--training.epochs", "0"], "--training.epochs is 0; expected 1 or more"),
        (["--sede", "3"], "--seed"),
    ],
)
def test_wrong_flags(exit_code: ExitCode, capsys: Captured, words: list[str], said: str) -> None:
    assert exit_code(_raising(AssertionError("not to be run")), *words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err + told.out


def test_help(exit_code: ExitCode, capsys: Captured) -> None:
    assert exit_code(_raising(AssertionError("not to be run")), "--help") == 0
    told = capsys.readouterr().out
    for words in ("usage: python -m pipelines.classify", "What it does.", "--training.learning-rate", "Anything."):
        assert words in told


@pytest.mark.parametrize("kind", [BundleError, LiteRTError])
def test_a_refused_export_says_how_to_go_without(exit_code: ExitCode, capsys: Captured, kind: type[Exception]) -> None:
    assert exit_code(_raising(kind("needs AdjustHue."))) == 1
    told = capsys.readouterr().err
    assert told.startswith(
        "error: needs AdjustHue. What was trained is kept; to score and report it without an export: "
    )
    assert told.endswith(" --no-export\n")


@pytest.mark.parametrize("kind", [runs.RunError, DataError])
def test_what_a_person_can_mend_is_one_message(exit_code: ExitCode, capsys: Captured, kind: type[Exception]) -> None:
    assert exit_code(_raising(kind("7 of 9 images cannot be read"))) == 1
    assert capsys.readouterr().err == "error: 7 of 9 images cannot be read\n"


def test_a_path_that_cannot_be_used_is_one_message(exit_code: ExitCode, capsys: Captured) -> None:
    assert exit_code(_raising(PermissionError(errno.EACCES, "Permission denied", "/locked/run"))) == 1
    assert capsys.readouterr().err.startswith("error: /locked/run: Permission denied; give a path")


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), ValueError("a bug"), KeyError("a bug"), OSError("a bug")])
def test_a_bug_keeps_its_traceback(exit_code: ExitCode, bug: Exception) -> None:
    with pytest.raises(type(bug), match="a bug"):
        exit_code(_raising(bug))


def _wrapped() -> Exception:
    """Another error, raised while the first was handled."""
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "last.npz")
        except OSError as first:
            raise RuntimeError("could not save") from first
    except RuntimeError as second:
        return second


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "last.npz"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "last.npz"),
        OSError(errno.EFBIG, os.strerror(errno.EFBIG), "last.npz"),
        RuntimeError("variables.data: No space left on device [Op:SaveV2]"),
        _wrapped(),
    ],
    ids=str,
)
def test_a_full_disk_says_how_to_go_on(exit_code: ExitCode, capsys: Captured, error: Exception) -> None:
    assert exit_code(_raising(error, started=True), "--seed", "4", "--out", "my run") == 1
    told = capsys.readouterr().err
    assert told.startswith("error: the disk is full or the file too large (")
    assert "[Op:" not in told
    again = "python -m pipelines.classify --seed 4 --out 'my run' --resume"
    assert told.endswith(f"; free some space, then continue with: {again}\n")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (["--out", "my run", "--seed", "4"], "--out 'my run' --seed 4 --resume"),
        (["--out=my run"], "'--out=my run' --resume"),
        (["--seed", "4"], "--seed 4 --out runs/classify-1 --resume"),
    ],
)
def test_an_interrupted_run_repeats_its_command(
    exit_code: ExitCode, capsys: Captured, words: list[str], again: str
) -> None:
    assert exit_code(_raising(KeyboardInterrupt(), started=True), *words) == 130
    told = capsys.readouterr().err
    message = "error: interrupted; what was finished is kept. Continue with: python -m pipelines.classify "
    assert told == f"{message}{again}\n"

    # The command that was named does resume, and is named once more when that is interrupted too.
    repeated = shlex.split(told.split("pipelines.classify ")[1])
    assert exit_code(_raising(KeyboardInterrupt(), started=True), *repeated) == 130
    assert shlex.split(capsys.readouterr().err.split("pipelines.classify ")[1]) == repeated


def test_an_interruption_before_the_run(exit_code: ExitCode, capsys: Captured) -> None:
    assert exit_code(_raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "error: interrupted before the run began; nothing was written\n"

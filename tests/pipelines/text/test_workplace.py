"""Temporary files of a text run, and what was not used of a text."""

from pathlib import Path

import pytest

from nlp.errors import DataError
from pipelines.text import workplace


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder that has just been started."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("config.json", "environment.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


def _fail(folder: Path, error: BaseException) -> None:
    def work_in_it() -> None:
        with workplace.opened(folder) as work:
            (work / "ids").write_bytes(b"1")
            raise error

    with pytest.raises(type(error)):
        work_in_it()


def test_temporary_files_are_gone_at_the_end(run: Path) -> None:
    (run / ".work").mkdir()
    (run / ".work" / "of a killed process").touch()
    with workplace.opened(run) as work:
        assert not list(work.iterdir())
        (work / "ids").write_bytes(b"1")
    assert sorted(path.name for path in run.iterdir()) == ["config.json", "environment.json"]


def test_a_run_that_could_only_fail_again_goes(run: Path) -> None:
    (run / "checkpoints").mkdir()
    _fail(run, DataError("no words"))
    assert not run.exists()


def test_what_was_kept_stays(run: Path) -> None:
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "last.npz").touch()
    _fail(run, DataError("the loss became NaN"))
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints", "config.json", "environment.json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_an_interrupted_run_stays(run: Path, error: BaseException) -> None:
    _fail(run, error)
    assert sorted(path.name for path in run.iterdir()) == ["config.json", "environment.json"]

"""Temporary files of a text run, and what was not used of a text."""

from pathlib import Path

import pytest

from nlp import corpora
from nlp.errors import DataError
from pipelines import text_runs


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
        with text_runs.workplace(folder) as work:
            (work / "ids").write_bytes(b"1")
            raise error

    with pytest.raises(type(error)):
        work_in_it()


def test_temporary_files_are_gone_at_the_end(run: Path) -> None:
    (run / ".work").mkdir()
    (run / ".work" / "of a killed process").touch()
    with text_runs.workplace(run) as work:
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


def test_lines_and_files_that_were_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.txt").write_bytes(b"".join(b"%d \xff\n" % number for number in range(50)) + b"good\n")
    for number in range(12):
        (data / f"b{number}.txt").touch()
    (tmp_path / "test.txt").write_bytes(b"x\none\xc3(\n")
    corpus = corpora.read(str(data), errors="replace", test=tmp_path / "test.txt")
    train, validation, _ = corpora.split(corpus.train, seed=0, shares=(0.5, 0.5, 0))
    assert corpus.test is not None
    parts = [train, validation, corpus.test]
    for lines in parts:
        list(lines)
    found = text_runs.not_used(parts)
    assert found.replaced == 51  # the lines of the folder once, though two parts read them
    assert len(found.skipped) == 12
    said = capsys.readouterr().out
    assert "became U+FFFD in 51 lines, first in a.txt, line 1, byte 3" in said
    assert "left out 12 files" in said
    assert "  b0.txt is empty; expected text\n" in said
    assert said.endswith("  and 2 more, all listed in report.html\n")


def test_nothing_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    train = corpora.read(str(tmp_path / "a.txt")).train
    list(train)
    assert text_runs.not_used([train]) == (0, [])
    assert capsys.readouterr().out == ""

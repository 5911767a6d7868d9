"""pipelines.text.left_out: what was not used of a text, on the console and in the report."""

from pathlib import Path

import pytest

from nlp import corpora
from pipelines.text import left_out


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
    found = left_out.not_used(parts)
    assert found.replaced == 51  # the lines of the folder once, though two parts read them
    assert len(found.skipped) == 12
    said = capsys.readouterr().out
    assert "replaced by U+FFFD in 51 lines, first in a.txt, line 1, byte 3" in said
    assert "left out 12 files" in said
    assert "  b0.txt is empty; expected text\n" in said
    assert said.endswith("  and 2 more, all in report.html\n")


def test_nothing_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    train = corpora.read(str(tmp_path / "a.txt")).train
    list(train)
    assert left_out.not_used([train]) == (0, [])
    assert capsys.readouterr().out == ""


def test_replaced_lines() -> None:
    assert left_out.replaced(0) == ""
    assert ">1 line held" in left_out.replaced(1)
    assert ">1,200 lines held" in left_out.replaced(1200)

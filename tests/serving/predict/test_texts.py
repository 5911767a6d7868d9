"""`serving.predict` for texts and words: the lines of files and of standard input, and the same answers from a server."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.client import Client
from serving.predict import texts
from tests.serving import page_server
from tests.serving.predict.text_runs import Captured, said


@pytest.fixture(scope="module")
def url(runs: Path) -> Iterator[str]:
    """A server of both."""
    with page_server.serve({name: runs / name / "export" for name in ("ngram", "word2vec")}) as served:
        with Client(served.url) as client:
            client.wait_until_ready()
        yield served.url.rstrip("/")


def test_lines_of_files_and_of_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "texts.txt").write_bytes(b"one\r\n\n \ntwo words\nno utf-8: \xff")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"drei\nvier")))
    given = ["zero", f"@{tmp_path / 'texts.txt'}", "-", ""]
    found = list(texts.lines(given))
    assert found == ["zero", "one", "two words", "no utf-8: \udcff", "drei", "vier", ""]
    with pytest.raises(FileNotFoundError, match="absent: no such file; expected one with a text in each line"):
        list(texts.lines(["@absent"]))


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_server_says_what_the_bundle_says(url: str, runs: Path, capsys: Captured, form: list[str]) -> None:
    for name, asked in (
        ("ngram", ["the cat", "no \udcff", ""]),
        ("word2vec", ["grün", "GRÜN", "xyzzy", "--analogy", "w1", "w2", "w3", "--analogy", "w1", "w2", "x"]),
    ):
        expected = said(capsys, runs / name, *asked, *form)
        assert len(expected[1].splitlines()) >= 2
        assert said(capsys, "--url", url, "--model", name, *asked, *form) == expected

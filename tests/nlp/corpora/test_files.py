"""Text files: packed or not, their lines, and what is no text."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from nlp.corpora import files
from nlp.corpora.files import Invalid
from nlp.errors import DataError
from tests.nlp.text_files import file, random_text

PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def lines_of(path: Path, replaced: Callable[[Invalid], None] | None = None) -> list[str]:
    return list(files.probe(path, path.name).lines(replaced))


@pytest.mark.parametrize("suffix", ["", *PACK])
@pytest.mark.parametrize("named", [True, False])
def test_packed_or_not_by_content(tmp_path: Path, suffix: str, named: bool) -> None:
    content = "Ein Übel\nzwei\n".encode()
    path = file(tmp_path, f"text{suffix if named else '.txt'}", PACK.get(suffix, bytes)(content))
    assert lines_of(path) == ["Ein Übel", "zwei"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\r\nb\r\n\r\nc", ["a", "b", "", "c"]),
        (b"a\rb\r\rc", ["a", "b", "", "c"]),
        (b"a\rb\nc\n", ["a\rb", "c"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        (b"\n\na\n\n", ["", "", "a", ""]),
        ("a\u2028b\x0bc\x0cd\x85e\n".encode(), ["a\u2028b\x0bc\x0cd\x85e"]),
        (b"a\0b\n", ["a\0b"]),
    ],
)
def test_line_ends(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    assert lines_of(file(tmp_path, "text.txt", content)) == expected


def test_carriage_returns_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, "text.txt", b"one\rtwo three\r\rfour\n five")
    for block in (1, 2, 3, 5, 100):
        monkeypatch.setattr("nlp.corpora.files._BLOCK", block)
        monkeypatch.setattr("nlp.corpora.files._HEAD", 10)
        assert lines_of(path) == ["one", "two three", "", "four", " five"]


def test_bad_input_invalid_utf8_is_named(tmp_path: Path) -> None:
    path = file(tmp_path, "text.txt", "grün\nab".encode() + b"\xfc\xfdc\n")
    with pytest.raises(
        DataError, match=r"text.txt, line 2, byte 3 \(byte 9 of the file\): 0xfc is not UTF-8.*use --errors replace"
    ):
        lines_of(path)


def test_bad_input_invalid_utf8_is_replaced_and_told(tmp_path: Path) -> None:
    told: list[Invalid] = []
    assert lines_of(file(tmp_path, "text.txt", b"\xc3\nok\na\xffb\xff\n"), told.append) == [
        "\ufffd",
        "ok",
        "a\ufffdb\ufffd",
    ]
    assert told == [Invalid("text.txt", 1, 1, 1, 0xC3), Invalid("text.txt", 3, 2, 7, 0xFF)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "text\n".encode("utf-16"),
            "is UTF-16 text, expected text in UTF-8; write it as UTF-8: iconv -f UTF-16 -t UTF-8",
        ),
        ("text\n".encode("utf-32"), "is UTF-32 text"),
        ("text and more\n".encode("utf-16-le"), "is binary data .* as in UTF-16 without a mark"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is a PNG picture, expected text in UTF-8; leave it out"),
        (b"\xff\xd8\xff\xe0", "is a JPEG picture"),
        (b"PK\x03\x04abc", "is a zip archive"),
        (b"\x00\x01\x02\x03" * 20, "is binary data"),
        (gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 300, mtime=0), "is a tar archive.*tar -xf"),
        (b"", "is empty; expected text"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(b"", mtime=0)[:5], "cannot be read: .*cut off or damaged"),
    ],
)
def test_bad_input_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    path = file(tmp_path, "text.txt", content)
    with pytest.raises(DataError, match=message):
        files.probe(path, path.name)


@pytest.mark.parametrize("suffix", PACK)
def test_bad_input_packed_data_cut_off(tmp_path: Path, suffix: str) -> None:
    packed = PACK[suffix](random_text(40_000))
    path = file(tmp_path, f"text{suffix}", packed[: len(packed) * 9 // 10])
    lines = files.probe(path, path.name).lines(None)
    with pytest.raises(DataError, match=rf"text{suffix} cannot be read beyond line [1-9]\d+: .*cut off or damaged"):
        list(lines)


@pytest.mark.parametrize("suffix", PACK)
def test_bad_input_named_as_packed(tmp_path: Path, suffix: str) -> None:
    path = file(tmp_path, f"text{suffix}", b"plain text\n")
    with pytest.raises(DataError, match=f"it is named {suffix}, but its content is not in that format"):
        files.probe(path, path.name)


def test_bad_input_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = file(tmp_path, "text.txt", b"a\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"text.txt cannot be read: no permission; change its owner or mode"):
        files.probe(path, path.name)

"""One text file, plain or compressed: what it is, and its lines."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from nlp.errors import DataError

_HEAD = 1 << 16
_BLOCK = 1 << 20

_PACKED: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    ".gz": (b"\x1f\x8b", gzip.open),
    ".xz": (b"\xfd7zXZ\0", lzma.open),
    ".bz2": (b"BZh", bz2.open),
}

# Files that people give by mistake; the longest first where one begins another.
_NO_TEXT: dict[bytes, str] = {
    b"\xff\xfe\0\0": "UTF-32 text",
    b"\0\0\xfe\xff": "UTF-32 text",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (or an Office document)",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x93NUMPY": "a NumPy file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}
_ADVICE = {
    "UTF-16 text": "write it as UTF-8: iconv -f UTF-16 -t UTF-8",
    "UTF-32 text": "write it as UTF-8: iconv -f UTF-32 -t UTF-8",
    "zstd data": "unpack it first: unzstd",
    "a zip archive (or an Office document)": "unpack it, or save it as plain text",
    "a 7z archive": "unpack it first",
    "a tar archive": "unpack it into a folder: tar -xf",
}
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))


class UnusableError(DataError):
    """The file cannot be used; others beside it may be."""


class Invalid(NamedTuple):
    """Bytes that are not UTF-8."""

    name: str
    """The file."""
    line: int
    """From 1."""
    byte: int
    """Position in the line, from 1."""
    offset: int
    """Position in the unpacked file, from 1."""
    value: int
    """The first byte that is not valid."""

    def __str__(self) -> str:
        return f"{self.name}, line {self.line}, byte {self.byte} (byte {self.offset} of the file): 0x{self.value:02x}"


@dataclass(frozen=True)
class TextFile:
    """A file whose first bytes are UTF-8 text."""

    path: Path
    name: str
    """Its name in messages."""
    old_mac: bool
    """Whether its lines end in carriage returns alone."""

    def lines(self, replaced: Callable[[Invalid], None] | None) -> Iterator[str]:
        """Yield the lines without their ends; bytes that are not UTF-8 are replaced and reported to `replaced`.

        Raises DataError for such bytes when `replaced` is None, UnusableError where the packed data is corrupt.
        """
        offset = 0
        for number, line in enumerate(self._raw(), 1):
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                found = Invalid(self.name, number, error.start + 1, offset + error.start + 1, line[error.start])
                if replaced is None:
                    raise DataError(
                        f"{found} is not UTF-8; correct the text, or use --errors replace to put U+FFFD there"
                    ) from None
                replaced(found)
                text = line.decode(errors="replace")
            offset += len(line)
            if number == 1:
                text = text.removeprefix("\ufeff")
            yield text.removesuffix("\n").removesuffix("\r")

    def _raw(self) -> Iterator[bytes]:
        """Lines with their ends, as bytes."""
        number = 0
        try:
            with _unpacked(self.path) as stream:
                for line in _split_at_returns(stream) if self.old_mac else stream:
                    number += 1
                    yield line
        except _CORRUPT as error:
            raise UnusableError(f"{self.name} cannot be read beyond line {number}: {_why(error)}") from None


_CORRUPT = (OSError, EOFError, lzma.LZMAError, zlib.error)


def probe(path: Path, name: str) -> TextFile:
    """Return the file if its first bytes are text; else raise UnusableError that names what they are."""
    if not path.is_file():
        raise UnusableError(
            f"{name} is {'not a regular file' if path.exists() else 'missing (or a broken link)'}; expected text"
        )
    try:
        with _unpacked(path) as stream:
            head = stream.read(_HEAD)
    except _CORRUPT as error:
        raise UnusableError(f"{name} cannot be read: {_why(error)}") from None
    if not head:
        raise UnusableError(f"{name} is empty; expected text")
    if kind := _kind(head):
        raise UnusableError(
            f"{name} is {kind}, expected text in UTF-8; {_ADVICE.get(kind, 'leave it out, or give a text file')}"
        )
    return TextFile(path, name, old_mac=b"\r" in head[:-1] and b"\n" not in head)


def _unpacked(path: Path) -> BinaryIO:
    """Open the file, unpacked by what its first bytes are."""
    with path.open("rb") as file:
        start = file.read(6)
    for suffix, (magic, unpack) in _PACKED.items():
        if start.startswith(magic):
            return cast(BinaryIO, unpack(path))
        if start and path.suffix == suffix:
            raise EOFError(f"it is named {suffix}, but its content is not in that format")
    return path.open("rb")


def _kind(head: bytes) -> str | None:
    """Name what the bytes are instead of text; None for text."""
    for magic, kind in _NO_TEXT.items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "a tar archive"
    # A single zero byte is a space to KenLM; many control characters are not text.
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > max(1, len(head) // 20):
        return f"binary data ({control} control characters in its first {len(head)} bytes, as in UTF-16 without a mark)"
    return None


def _split_at_returns(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines that end in a carriage return (or, where there are some, in a line feed)."""
    rest: list[bytes] = []
    while block := stream.read(_BLOCK):
        first, *others = block.replace(b"\n", b"\r").split(b"\r")
        rest.append(first)
        for other in others:
            yield b"".join(rest) + b"\r"
            rest = [other]
    if last := b"".join(rest):
        yield last


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "no permission; change its owner or mode (chmod)"
    text = str(error).rstrip(".") or type(error).__name__
    return f"{text}; is it cut off or damaged? Fetch or pack it again"

"""The lines of an ARPA file, in blocks and with their numbers, and the columns of its entries."""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError

BLOCK = 1 << 22
"""Bytes read at once."""

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class Entries(NamedTuple):
    """Some consecutive n-grams of one section, m of them."""

    lines: NDArray[np.int64]
    """(m,), line numbers from 1."""
    log10_prob: NDArray[np.float64]
    words: list[list[bytes]]
    """One list of m words for each place in the n-gram."""
    log10_backoff: NDArray[np.float64]
    """(m,), 0 where the file gives none."""


class Lines:
    """A text file, plain or compressed (gzip, bzip2, xz, by its first bytes), read from the start to the end.

    Raises DataError when it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        """path: the file; used with `with`."""
        self.path = path
        self.number = 1
        """The number of the next line."""
        self._buffer, self._at = b"", 0

    def __enter__(self) -> Self:
        try:
            with self.path.open("rb") as file:
                magic = file.read(6)
            opener = next((opener for start, opener in _OPENERS.items() if magic.startswith(start)), None)
            self._file: IO[bytes] = opener(self.path, "rb") if opener else self.path.open("rb")  # type: ignore[operator]
        except OSError as error:
            raise DataError(f"{self.path} cannot be opened ({error}); expected an ARPA file") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def wrong(self, found: str, *, line: int | None = None) -> DataError:
        """Make the error about a line, by default the last one read."""
        return DataError(f"{self.path}, line {line or max(1, self.number - 1)}: {found}")

    def line(self) -> bytes | None:
        """Read the next line without its end; None at the end of the file."""
        if not self._fill():
            return None
        end = self._buffer.find(b"\n", self._at)
        end = len(self._buffer) if end < 0 else end
        line = self._buffer[self._at : end]
        self._at = end + 1
        self.number += 1
        return line.strip()

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        r"""Yield whole lines with the number of the first, up to one that starts with `\`, which is next then."""
        while self._fill() and not self._buffer.startswith(b"\\", self._at):
            end = self._buffer.find(b"\n\\", self._at) + 1 or len(self._buffer)
            block, number = self._buffer[self._at : end], self.number
            self._at = end
            self.number += block.count(b"\n") + (not block.endswith(b"\n"))
            yield number, block

    def _fill(self) -> bool:
        """Whether there is another line; read on where needed."""
        if self._at < len(self._buffer):
            return True
        try:
            self._buffer, self._at = self._file.read(BLOCK), 0
            self._buffer += self._file.readline()
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self.wrong(f"the file cannot be read further ({error}); it is truncated or damaged") from error
        return bool(self._buffer)


def entries(source: Lines, order: int, *, highest: bool) -> Iterator[Entries]:
    """Yield the n-grams of a section: log10 p, `order` words and perhaps a backoff, which in the highest order can only be 0."""
    for number, block in source.blocks():
        widths = _widths(block)
        lines = number + np.flatnonzero(widths)
        widths = widths[lines - number]
        allowed = (widths == order + 1) | (widths == order + 2)
        if not allowed.all():
            bad = int(np.argmin(allowed))
            raise source.wrong(
                f"found {widths[bad]} columns; expected log10 probability, {order} word(s) and perhaps a backoff, between tabs or spaces",
                line=int(lines[bad]),
            )
        fields = np.array(_fields(block), object)
        starts = np.cumsum(widths) - widths
        probability = _numbers(source, fields[starts].tolist(), lines)
        if np.any(probability > 0):
            bad = int(np.argmax(probability > 0))
            raise source.wrong(
                f"found a log10 probability of {probability[bad]:g}; expected at most 0", line=int(lines[bad])
            )
        given = widths == order + 2
        backoff = np.zeros(len(lines))
        backoff[given] = _numbers(source, fields[starts[given] + order + 1].tolist(), lines[given])
        if highest and backoff.any():
            bad = int(np.argmax(backoff != 0))
            raise source.wrong(
                f"found a backoff of {backoff[bad]:g}; expected none, or 0, at the highest order", line=int(lines[bad])
            )
        yield Entries(lines, probability, [fields[starts + 1 + i].tolist() for i in range(order)], backoff)


def _widths(block: bytes) -> NDArray[np.int64]:
    """Count the columns of each line."""
    characters = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", np.uint8)
    ends = characters == 10
    between = ends | (characters == 32) | (characters == 9) | (characters == 13)
    starts = np.flatnonzero(~between & np.concatenate([[True], between[:-1]]))
    return np.diff(np.searchsorted(starts, np.flatnonzero(ends)), prepend=0)


def _fields(block: bytes) -> list[bytes]:
    """Split into all columns of all lines. `bytes.split` would also split at vertical tabs and form feeds, which words may hold."""
    if b"\v" in block or b"\f" in block:
        return re.findall(rb"[^ \t\r\n]+", block)
    return block.split()


def _numbers(source: Lines, fields: Sequence[bytes], lines: NDArray[np.int64]) -> NDArray[np.float64]:
    """Parse numbers; raises DataError for anything else (-inf is a number: log10 of 0)."""
    try:
        numbers = np.fromiter(map(float, fields), np.float64, len(fields))
        good = bool(np.all(numbers < np.inf))
    except ValueError:
        good = False
    if not good:
        field, line = next((field, line) for field, line in zip(fields, lines, strict=True) if not _is_number(field))
        text = field.decode(errors="replace")
        raise source.wrong(f"found {text!r}; expected a number (base 10 logarithm)", line=int(line))
    return numbers


def _is_number(field: bytes) -> bool:
    try:
        return float(field) < float("inf")
    except ValueError:
        return False

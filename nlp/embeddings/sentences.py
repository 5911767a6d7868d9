"""A normalised text file (one sentence per line, words separated by a space) read in bounded memory, however long its lines are."""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp.errors import DataError

LONGEST = 10_000
"""Words of a sentence that gensim trains on at once; a longer line is cut into several (word2vec.c cuts after 1,000)."""
_BLOCK = 1 << 20
_LONG_LINE = 2 * LONGEST
"""Bytes that a line of more than LONGEST words has at least."""
_SPACES = "\t\v\f\r"
_STAND_INS = str.maketrans(_SPACES, "\ufdd0\ufdd1\ufdd2\ufdd3")
"""gensim's reader splits words at any of these; Unicode reserves their stand-ins for a program's own use."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The words and lines of a text, counted."""

    counts: dict[str, int]
    """How often each word occurs, by falling count; equal counts in order of first appearance."""
    words: int
    """All of them, with repetition."""
    lines: int
    longest: int
    """Bytes of the longest line."""

    @property
    def splits(self) -> bool:
        """Whether gensim's reader would split some of the words."""
        every = "".join(self.counts)
        return any(space in every for space in _SPACES)


class Sentences:
    """The sentences of a text file, each a list of at most LONGEST words; can be read again and again."""

    def __init__(self, path: Path) -> None:
        """path: the normalised text."""
        self.path = path

    def __iter__(self) -> Iterator[list[str]]:
        words: list[str] = []
        for block in _blocks(self.path):
            *ended, begun = _text(block, self.path).split("\n")
            for line in ended:
                yield from _pieces(words + _words(line))
                words = []
            words += _words(begun)
            whole = len(words) - len(words) % LONGEST
            yield from _pieces(words[:whole])
            words = words[whole:]
        yield from _pieces(words)


def count(path: Path) -> Counted:
    """Count the words of a text. Raises DataError when a word is not UTF-8."""
    counts: Counter[bytes] = Counter()
    longest = begun = 0
    lines = 0
    for block in _blocks(path):
        counts.update(block.replace(b"\n", b" ").split(b" "))
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
        lengths = np.diff(ends, prepend=-1 - begun) - 1
        begun = len(block) - 1 - int(ends[-1]) if len(ends) else begun + len(block)
        longest = max(longest, begun, int(lengths.max(initial=0)))
        lines += len(ends)
    del counts[b""]
    falling = sorted(counts.items(), key=lambda item: -item[1])
    return Counted(
        counts={_text(word, path): number for word, number in falling},
        words=counts.total(),
        lines=lines + (begun > 0),
        longest=longest,
    )


def cut(path: Path, counted: Counted, *, target: Path) -> Path:
    """Split lines of more than LONGEST words, and spell words as `spelt`: into `target`, or return `path` where nothing changes.

    (gensim reads a longer line again for every piece of it, which takes hours for a line of 50 MB.)
    """
    if counted.longest < _LONG_LINE and not counted.splits:
        return path
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(spelt(" ".join(sentence)) + "\n" for sentence in Sentences(path))
    return target


def spelt(text: str) -> str:
    """Spell text for gensim's reader, which would split words at a tab, a vertical tab, a form feed and a carriage return."""
    return text.translate(_STAND_INS)


def pair(path: Path, known: Container[str]) -> bool:
    """Whether any sentence holds two of the known words. Reads no further than to the first that does."""
    return any(sum(word in known for word in sentence) > 1 for sentence in Sentences(path))


def _words(line: str) -> list[str]:
    """Split at the space only: a word may hold any other white space."""
    return [word for word in line.split(" ") if word]


def _pieces(words: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(words), LONGEST):
        yield words[start : start + LONGEST]


def _blocks(path: Path) -> Iterator[bytes]:
    """Read the file in pieces of about 1 MiB that end between two words."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_BLOCK):
            piece = rest + piece
            end = max(piece.rfind(b" "), piece.rfind(b"\n")) + 1
            rest = piece[end:]
            if end:
                yield piece[:end]
    if rest:
        yield rest


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        found = content[error.start : error.start + 1].hex()
        raise DataError(
            f"{path} is not UTF-8: byte 0x{found} near {content[max(0, error.start - 20) : error.start + 20]!r}; "
            "expected text that the tokeniser has normalised"
        ) from error

"""Words and their ids, and text as ids."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError

UNK, BOS, EOS = "<unk>", "<s>", "</s>"
"""Any word outside the vocabulary, the begin and the end of a sentence."""
UNK_ID, BOS_ID, EOS_ID = 0, 1, 2

_PIECE = 1 << 20
"""Characters whose words are Python strings at one time: otherwise a sentence of 50 MB would be ten million of them."""


class Vocabulary:
    """Words by id (`words`) and ids by word (`index`); ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`, others in order of first appearance."""

    def __init__(self, words: Sequence[str]) -> None:
        """words: all of them, the three special ones first."""
        self.words = list(words)
        self.index = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, chunks: Iterable[str]) -> NDArray[np.int32]:
        """Encode text as the function `encode` does: flat int32 ids, a word outside the vocabulary as 0; empty for no text."""
        return _flat(chunks, _Closed(self.index), None)

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Look up the id of each word, int32 (n,); 0 outside the vocabulary."""
        return np.fromiter((self.index.get(word, UNK_ID) for word in words), np.int32)


def encode(chunks: Iterable[str], *, folder: Path | None = None) -> tuple[NDArray[np.int32], Vocabulary]:
    """Encode text as flat int32 ids, `<s> w ... </s> <s> w ... </s>`, and return its vocabulary in order of first appearance.

    chunks: as `tokenizers.Tokenizer.normalise` gives them: one sentence per line, words separated by one space, none of them `<s>`,
        `</s>` or `<unk>`; every chunk ends with a line's end.
    folder: the ids are a memory map of a new file there (4 bytes per word); in memory when absent.

    Raises DataError for a text without a sentence.
    """
    index = _Growing({UNK: UNK_ID, BOS: BOS_ID, EOS: EOS_ID})
    ids = _flat(chunks, index, folder)
    if not len(ids):
        raise DataError(
            "the text holds no sentence; expected at least one line of words. The sentences may be shorter than"
            " --shortest-sentence, or the tokenizer may not know this script; try --tokenizer characters"
        )
    return ids, Vocabulary(list(index))


def limit(
    ids: NDArray[np.int32], vocabulary: Vocabulary, *, most: int | None, min_count: int, folder: Path | None = None
) -> tuple[NDArray[np.int32], Vocabulary]:
    """Replace rarer words by `<unk>`, and return the text with the smaller vocabulary, still in order of first appearance.

    most: how many of the most frequent words are kept beside the three special ones; of equal ones the earliest. All when absent.
    min_count: words that occur less often are dropped.
    folder: as in `encode`.

    Raises DataError when no word is left.
    """
    counts = np.bincount(ids, minlength=len(vocabulary))
    kept = _frequent(counts, most=most, min_count=min_count)
    if not len(kept):
        raise DataError(_nothing_left(counts, vocabulary, most, min_count))
    if len(kept) == len(vocabulary) - 3:
        return ids, vocabulary
    renumbered = np.zeros(len(vocabulary), np.int32)
    renumbered[:3] = UNK_ID, BOS_ID, EOS_ID
    renumbered[kept] = np.arange(3, 3 + len(kept))
    pieces = (renumbered[ids[start : start + _PIECE]] for start in range(0, len(ids), _PIECE))
    return _joined(pieces, folder), Vocabulary([UNK, BOS, EOS, *(vocabulary.words[number] for number in kept)])


class _Growing(dict[str, int]):
    """Gives every new word the next id."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class _Closed(dict[str, int]):
    """Takes every unknown word for `<unk>`."""

    def __missing__(self, word: str) -> int:
        return UNK_ID


def _frequent(counts: NDArray[np.int64], *, most: int | None, min_count: int) -> NDArray[np.int64]:
    """Rising ids of the words to keep, without the special ones."""
    order = 3 + np.argsort(-counts[3:], kind="stable")
    return np.sort(order[counts[order] >= min_count][:most])


def _nothing_left(counts: NDArray[np.int64], vocabulary: Vocabulary, most: int | None, min_count: int) -> str:
    if len(vocabulary) == 3:
        return "the text has no words, only empty sentences; expected at least one word"
    if most is not None and most < 1:
        return f"a vocabulary of at most {most} words (--vocabulary-size) is empty; expected at least 1"
    best = 3 + int(np.argmax(counts[3:]))
    return (
        f"a minimum count of {min_count} (--min-count) leaves none of {len(vocabulary) - 3} words: the most frequent,"
        f" '{vocabulary.words[best]}', occurs {counts[best]} times; lower the minimum count or take more text"
    )


def _flat(chunks: Iterable[str], index: dict[str, int], folder: Path | None) -> NDArray[np.int32]:
    return _joined((_numbers(words, index) for chunk in chunks for words in _words(chunk)), folder)


def _numbers(words: list[str], index: dict[str, int]) -> NDArray[np.int32]:
    return np.fromiter(map(index.__getitem__, words), np.int32, len(words))


def _words(chunk: str) -> Iterator[list[str]]:
    """The words of whole sentences with their begins and ends, in pieces of bounded length."""
    if not chunk:
        return
    # Split at the space alone: str.split() would also split at the no-break space and others, which words may hold.
    marked = f"{BOS} {chunk[:-1].replace(chr(10), f' {EOS} {BOS} ')} {EOS}"
    marked = marked.replace("  ", " ")  # around nothing, in an empty sentence
    start = 0
    while (end := marked.find(" ", start + _PIECE)) >= 0:
        yield marked[start:end].split(" ")
        start = end + 1
    yield marked[start:].split(" ")


def _joined(pieces: Iterable[NDArray[np.int32]], folder: Path | None) -> NDArray[np.int32]:
    if folder is None:
        return np.concatenate([np.empty(0, np.int32), *pieces])
    with tempfile.NamedTemporaryFile(dir=folder, prefix="ids-", suffix=".int32", delete=False) as file:
        return _mapped(pieces, file)


def _mapped(pieces: Iterable[NDArray[np.int32]], file: IO[bytes]) -> NDArray[np.int32]:
    for piece in pieces:
        file.write(piece.data)
    file.flush()
    if not file.tell():
        return np.empty(0, np.int32)
    return np.memmap(file.name, np.int32, "r")

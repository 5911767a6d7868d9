"""N-grams counted by sorting integers: no Python object for a word, no loop over words.

Order by order, every token gets the index of the n-gram that ends there in the sorted table of its order. The n-gram one word longer is
then one number, index of its first n-1 words x V + last word, whatever the order. Such numbers are sorted with the place they come
from in their low bits, a range of contexts at a time, so that number and place fit 64 bits and the ranges, one after another, are the
table. Places of n-grams give their shorter endings, and these Kneser-Ney's counts.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.vocabulary import BOS_ID, EOS_ID

Progress = Callable[[float], None]
TABLE_BYTES = 29
"""Memory of an n-gram in `NGramCounts`: key, two counts, ending, start."""
SORT_BYTES = 64
"""Memory of a place while its range of contexts is sorted, with temporary arrays."""
SLICE = 1 << 18
"""Tokens that are looked at together, few enough for a processor's cache."""
RANGE = 1 << 22
"""Places that are sorted together when memory allows more: larger ranges are no faster."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The n-grams of one order; fields as in `counts.NGramCounts`."""

    keys: NDArray[np.int64]
    raw: NDArray[np.int64]
    suffix: NDArray[np.int32]
    begins: NDArray[np.bool_]


def tables(
    ids: NDArray[np.int32],
    *,
    vocabulary_size: int,
    order: int,
    memory: int,
    folder: Path | None,
    progress: Progress | None,
) -> list[Table]:
    """Count one table for each order from 1; arguments and errors as in `counts.count`."""
    _check(ids, vocabulary_size, order)
    found = [_unigrams(ids, vocabulary_size)]
    grams = ids
    with _allocator(2 * 4 * len(ids) > memory // 4, folder) as allocate:
        for length in range(2, order + 1):
            following = allocate(len(ids)) if length < order else None
            counter = _Counter(ids, grams, following, vocabulary_size, length)
            parts: list[Table] = []
            ranges = _ranges(found[-1], vocabulary_size, most=min(RANGE, max(1, memory // 4 // SORT_BYTES)))
            for done, (low, high, places) in enumerate(ranges, start=1):
                parts.append(counter.count(low, high, places, sum(len(part.keys) for part in parts)))
                _fits(found + parts, length, memory)
                if progress:
                    progress((length - 2 + done / len(ranges)) / (order - 1))
            found.append(_joined(parts))
            grams = ids if following is None else following
    return found


def _check(ids: NDArray[np.int32], vocabulary_size: int, order: int) -> None:
    if order < 1:
        raise ValueError(f"order {order} was asked for; expected 1 or more")
    if len(ids) == 0:
        raise DataError("the text has no sentence; expected at least one line of words")
    if vocabulary_size >= 1 << 31 or len(ids) >= 1 << 31:
        raise DataError(
            f"{len(ids):,} tokens of {vocabulary_size:,} words; at most {(1 << 31) - 1:,} of each can be counted: train on a part"
        )
    if ids[0] != BOS_ID or ids[-1] != EOS_ID or ids.min() < 0 or ids.max() >= vocabulary_size:
        raise ValueError(
            f"ids of {ids.min()} to {ids.max()}, {ids[0]} first and {ids[-1]} last; expected 0 to {vocabulary_size - 1}, each sentence "
            f"from {BOS_ID} to {EOS_ID}: encode the text with the vocabulary"
        )
    cut = _cut(ids)
    if cut is not None:
        raise ValueError(
            f"ids {ids[cut]} and {ids[cut + 1]} at {cut} and {cut + 1}, where a sentence is cut; expected each sentence from {BOS_ID} to "
            f"{EOS_ID} and the next behind it: cut a text between sentences only"
        )
    longest = _longest(ids)
    if order > longest:
        raise DataError(
            f"the longest sentence has {longest} tokens with <s> and </s>, so it holds no n-gram of order {order}; "
            f"--order can be {longest} at most"
        )


def _cut(ids: NDArray[np.int32]) -> int | None:
    """Find where a sentence ends without a new one, or begins without an end; None where every one is whole."""
    for start in range(0, len(ids) - 1, RANGE):
        here = ids[start : start + RANGE + 1]
        wrong = (here[:-1] == EOS_ID) != (here[1:] == BOS_ID)
        if wrong.any():
            return start + int(np.argmax(wrong))
    return None


def _longest(ids: NDArray[np.int32]) -> int:
    """Count the tokens of the longest sentence, with `<s>` and `</s>`."""
    starts = np.flatnonzero(ids == BOS_ID)
    return int(np.diff(starts, append=len(ids)).max(initial=0))


def _unigrams(ids: NDArray[np.int32], vocabulary_size: int) -> Table:
    raw = np.zeros(vocabulary_size, np.int64)
    for start in range(0, len(ids), RANGE):
        raw += np.bincount(ids[start : start + RANGE], minlength=vocabulary_size)
    keys = np.arange(vocabulary_size)
    return Table(keys=keys, raw=raw, suffix=np.zeros(vocabulary_size, np.int32), begins=keys == BOS_ID)


@contextmanager
def _allocator(spill: bool, folder: Path | None) -> Iterator[Callable[[int], NDArray[np.int32]]]:
    """Yield a function that makes an int32 array of a given length, in memory or, to `spill`, in a temporary file that is removed."""
    if not spill:
        yield lambda length: np.empty(length, np.int32)
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="counting-", ignore_cleanup_errors=True) as name:
        numbers = iter(range(1 << 30))
        yield lambda length: np.memmap(Path(name, f"{next(numbers)}.int32"), np.int32, "w+", shape=(length,))


def _ranges(contexts: Table, vocabulary_size: int, *, most: int) -> list[tuple[int, int, int]]:
    """List ranges of contexts (first, end, number of places that follow them) with at most `most` places, or one context that has more.

    Their n-grams, counted from the first, times the places always fit 64 bits.
    """
    follow = np.where(contexts.keys % vocabulary_size == EOS_ID, 0, contexts.raw)
    total = np.concatenate(([0], np.cumsum(follow)))
    ranges, low = [], 0
    while low < len(follow):
        high = max(low + 1, int(np.searchsorted(total, total[low] + most, "right")) - 1)
        bits = _bits(int(total[high] - total[low]))
        high = min(high, low + max(1, (1 << (64 - bits)) // vocabulary_size))
        if total[high] > total[low]:
            ranges.append((low, high, int(total[high] - total[low])))
        low = high
    return ranges


def _bits(places: int) -> int:
    return max(1, (places - 1).bit_length())


@dataclass(frozen=True)
class _Counter:
    """Counts n-grams of one length in ranges of their contexts."""

    ids: NDArray[np.int32]
    grams: NDArray[np.int32]
    """Index of the (n-1)-gram that ends at each token; below 0 where there is none."""
    following: NDArray[np.int32] | None
    """Where to write the same for n-grams; None at the highest order."""
    vocabulary_size: int
    length: int

    def __post_init__(self) -> None:
        if self.following is not None:
            self.following[:] = -1

    def count(self, low: int, high: int, places: int, first: int) -> Table:
        """Count n-grams whose context is `low` to `high` (exclusive), which occur `places` times in all; `first`: index of the first."""
        where, packed = self._gather(low, high, places)
        packed.sort()
        bits = _bits(places)
        where = where[(packed & np.uint64((1 << bits) - 1)).view(np.int64)]
        packed >>= np.uint64(bits)
        new = np.empty(places, np.bool_)
        new[0] = True
        np.not_equal(packed[1:], packed[:-1], out=new[1:])
        if self.following is not None:
            self.following[where] = np.cumsum(new, dtype=np.int32) + np.int32(first - 1)
        starts = np.flatnonzero(new)
        example = where[starts]
        return Table(
            keys=packed[starts].view(np.int64) + low * self.vocabulary_size,
            raw=np.diff(starts, append=places),
            suffix=self.grams[example],
            begins=self.ids[example - (self.length - 1)] == BOS_ID,
        )

    def _gather(self, low: int, high: int, places: int) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Find the tokens after these contexts, and pack their n-grams (numbered from the range's first) with 0, 1, 2, ..."""
        where, packed = np.empty(places, np.int32), np.empty(places, np.uint64)
        bits, filled = np.uint64(_bits(places)), 0
        for start in range(1, len(self.ids), SLICE):
            words = self.ids[start : start + SLICE]
            contexts = self.grams[start - 1 : start - 1 + len(words)] - np.int32(low)
            # As unsigned numbers, those below `low` are above `high`.
            found = np.flatnonzero((contexts.view(np.uint32) < np.uint32(high - low)) & (words != BOS_ID))
            here = slice(filled, filled := filled + len(found))
            where[here] = found + start
            packed[here] = contexts[found]
            packed[here] *= np.uint64(self.vocabulary_size)
            packed[here] += words[found].view(np.uint32)
        packed <<= bits
        packed |= np.arange(places, dtype=np.uint64)
        return where, packed


def _fits(tables: list[Table], length: int, memory: int) -> None:
    size = sum(len(table.keys) for table in tables) * TABLE_BYTES
    if size > memory // 2:
        raise DataError(
            f"the n-grams up to order {length} take {size / 2**30:.3g} GiB or more, and half of the {memory / 2**30:.3g} GiB that --memory "
            "allows is for them: raise --memory, lower --order, or limit the vocabulary with --vocabulary-size (--prune drops n-grams only "
            "after counting)"
        )


def _joined(parts: list[Table]) -> Table:
    return Table(
        keys=np.concatenate([part.keys for part in parts]),
        raw=np.concatenate([part.raw for part in parts]),
        suffix=np.concatenate([part.suffix for part in parts]),
        begins=np.concatenate([part.begins for part in parts]),
    )

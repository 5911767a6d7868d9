"""The curse of dimensionality in numbers: how many n-grams of each order there could be, were seen, and are new in another text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.vocabulary import BOS_ID


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Coverage of one order. `<s>` alone does not count as an n-gram here, as no model predicts it."""

    order: int
    distinct: int
    """Distinct n-grams of the training text."""
    once: int
    """How many of them occur once."""
    possible: float
    """V to the power of n: no text can hold more distinct n-grams."""
    held_out: int
    """N-grams of the other text, repeated ones counted again."""
    unseen: float
    """Share of those that the training text does not hold, 0 to 1; NaN where there are none."""
    unseen_distinct: float
    """The same with repeated ones counted once; all unknown words are one word, which makes it small at order 1."""


@dataclass(frozen=True)
class _NGrams:
    """The distinct n-grams of one order in a text."""

    at: NDArray[np.int64]
    """(p,): positions in the text where one begins, rising."""
    which: NDArray[np.int64]
    """(p,): the number of the one that begins there, 0 to d-1."""
    place: NDArray[np.int64]
    """(d,): their index in the training table of the same order; -1 for what is not in it."""


def by_order(counts: NGramCounts, held_out: NDArray[np.int32]) -> list[Coverage]:
    """Compute the coverage of each order, 1 to N.

    held_out: int32 (tokens,), `<s> w ... </s> <s> ...` with the ids of the vocabulary that was counted with; all unknown words are the
    same word, `<unk>`. Raises ValueError for ids outside that vocabulary and for a text that does not begin with `<s>`.
    """
    _check(counts, held_out)
    found = _unigrams(counts, held_out)
    rows = [_row(counts, 1, _without_begin(found, held_out))]
    for order in range(2, counts.order + 1):
        found = _longer(found, counts, order, held_out)
        rows.append(_row(counts, order, found))
    return rows


def _check(counts: NGramCounts, held_out: NDArray[np.int32]) -> None:
    if len(held_out) and held_out[0] != BOS_ID:
        raise ValueError(
            f"found id {held_out[0]} first in the held-out text; expected {BOS_ID}, the begin of a sentence"
        )
    if len(held_out) and not (held_out.min() >= 0 and held_out.max() < counts.vocabulary_size):
        raise ValueError(
            f"found ids {held_out.min()} to {held_out.max()} in the held-out text; expected 0 to {counts.vocabulary_size - 1}: "
            "encode it with the vocabulary of the counts"
        )


def _unigrams(counts: NGramCounts, held_out: NDArray[np.int32]) -> _NGrams:
    distinct, which = np.unique(held_out, return_inverse=True)
    place = np.where(counts.raw[0][distinct] > 0, distinct, -1)
    return _NGrams(np.arange(len(held_out)), which.astype(np.int64), place.astype(np.int64))


def _without_begin(found: _NGrams, held_out: NDArray[np.int32]) -> _NGrams:
    word = held_out != BOS_ID
    kept, which = np.unique(found.which[word], return_inverse=True)
    return _NGrams(found.at[word], which.astype(np.int64), found.place[kept])


def _longer(shorter: _NGrams, counts: NGramCounts, order: int, held_out: NDArray[np.int32]) -> _NGrams:
    """Extend n-grams by one word on the right; those that would reach into the next sentence are left out."""
    end = shorter.at + order - 1
    inside = end < len(held_out)
    inside[inside] = held_out[end[inside]] != BOS_ID
    at, size = shorter.at[inside], counts.vocabulary_size
    own, first, which = np.unique(
        shorter.which[inside] * size + held_out[at + order - 1], return_index=True, return_inverse=True
    )
    prefix = shorter.place[shorter.which[inside][first]]
    return _NGrams(at, which.astype(np.int64), _places(counts.keys[order - 1], prefix, own % size, size=size))


def _places(
    keys: NDArray[np.int64], prefix: NDArray[np.int64], last: NDArray[np.int64], *, size: int
) -> NDArray[np.int64]:
    """Find the index of each (prefix, last) in the rising keys; -1 where it is absent, also for a prefix of -1."""
    wanted = prefix * size + last
    place = np.searchsorted(keys, wanted)
    there = (prefix >= 0) & (place < len(keys))
    there[there] = keys[place[there]] == wanted[there]
    return np.where(there, place, -1)


def _row(counts: NGramCounts, order: int, found: _NGrams) -> Coverage:
    raw = counts.raw[order - 1]
    if order == 1:
        raw = np.delete(raw, BOS_ID)
    new = found.place < 0
    return Coverage(
        order=order,
        distinct=int(np.count_nonzero(raw)),
        once=int(np.count_nonzero(raw == 1)),
        possible=float(counts.vocabulary_size) ** order,
        held_out=len(found.at),
        unseen=float(new[found.which].mean()) if len(found.at) else float("nan"),
        unseen_distinct=float(new.mean()) if len(new) else float("nan"),
    )

"""Counts of n-grams."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import counting


@dataclass(frozen=True, kw_only=True)
class NGramCounts:
    """Counts for orders 1 to N: every field has one array for each order, and element i of all arrays is about the same n-gram.

    An n-gram is any n consecutive words inside `<s> w1 ... wk </s>`; so `<s>` occurs only first.
    """

    vocabulary_size: int
    """V, with `<unk>`, `<s>` and `</s>`."""
    keys: tuple[NDArray[np.int64], ...]
    """As `tables.Level.keys`; those of order 1 are 0 to V-1."""
    raw: tuple[NDArray[np.int64], ...]
    """How often the n-gram occurs; `<s>` as often as there are sentences, a word of the vocabulary that never occurs 0 times."""
    adjusted: tuple[NDArray[np.int64], ...]
    """Kneser-Ney's: at the highest order, and where the n-gram starts with `<s>`, raw; else the number of distinct words before it. 0 for
    `<s>` alone."""
    suffix: tuple[NDArray[np.int32], ...]
    """Index of the last n-1 words in the order below; for order 1 all 0."""
    begins: tuple[NDArray[np.bool_], ...]
    """Whether the n-gram starts with `<s>`."""

    @property
    def order(self) -> int:
        """N."""
        return len(self.keys)

    def prefix(self, order: int) -> NDArray[np.int64]:
        """Return the index of the first order-1 words in the order below (order 2 or more): rising."""
        return self.keys[order - 1] // self.vocabulary_size

    def last(self, order: int) -> NDArray[np.int64]:
        """Return the id of the last word of each n-gram."""
        return self.keys[order - 1] % self.vocabulary_size


def count(
    ids: NDArray[np.int32],
    *,
    vocabulary_size: int,
    order: int,
    memory: int = 2 << 30,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> NGramCounts:
    """Count all n-grams of orders 1 to `order`.

    ids: int32 (t,), sentences one after another, each `<s> w1 ... wk </s>`; may be a memory map.
    memory: bytes, half of them for the tables and a quarter each for the index of every token's n-gram (4 bytes per token, two orders at a
        time) and for sorting. The result does not depend on it: with less, more passes are made over the ids, and the indices go to
        temporary files below `folder`. Sorting never takes less than the places after the most frequent context need (64 bytes each).
    progress: receives the share that is done, 0 to 1.

    Raises DataError when there is no text, no sentence is long enough for `order`, or the tables pass their half of `memory`; ValueError
    when the ids are not sentences of such a vocabulary.
    """
    tables = counting.tables(
        np.asarray(ids, np.int32),
        vocabulary_size=vocabulary_size,
        order=order,
        memory=memory,
        folder=folder,
        progress=progress,
    )
    counts = NGramCounts(
        vocabulary_size=vocabulary_size,
        keys=tuple(table.keys for table in tables),
        raw=tuple(table.raw for table in tables),
        adjusted=_adjusted(tables),
        suffix=tuple(table.suffix for table in tables),
        begins=tuple(table.begins for table in tables),
    )
    if progress:
        progress(1.0)
    return counts


def _adjusted(tables: list[counting.Table]) -> tuple[NDArray[np.int64], ...]:
    adjusted = []
    for table, longer in itertools.pairwise(tables):
        # Every n-gram of the order above adds one word before its last n-1.
        left = np.bincount(longer.suffix, minlength=len(table.keys))
        left[table.begins] = table.raw[table.begins]
        adjusted.append(left)
    adjusted.append(tables[-1].raw)
    adjusted[0] = np.where(tables[0].begins, 0, adjusted[0])
    return tuple(adjusted)


def shorter(counts: NGramCounts, order: int) -> NGramCounts:
    """Return the counts for a model of lower order: its longest n-grams count as often as they occur."""
    adjusted = (*counts.adjusted[: order - 1], counts.raw[order - 1])
    if order == 1:
        adjusted = (np.where(counts.begins[0], 0, counts.raw[0]),)
    return replace(
        counts,
        keys=counts.keys[:order],
        raw=counts.raw[:order],
        adjusted=adjusted,
        suffix=counts.suffix[:order],
        begins=counts.begins[:order],
    )

"""Counts of n-grams."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class NGramCounts:
    """What was counted, for orders 1 to N: every field has one array for each order, element i of all of them about the same n-gram.

    An n-gram is any n consecutive words inside `<s> w1 ... wk </s>`; so `<s>` stands only first.
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
        """Index of the first order-1 words in the order below (order 2 or more): rising."""
        return self.keys[order - 1] // self.vocabulary_size

    def last(self, order: int) -> NDArray[np.int64]:
        """Id of the last word of each n-gram."""
        return self.keys[order - 1] % self.vocabulary_size

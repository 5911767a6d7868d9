"""The one form of every n-gram model: for each order a sorted table of n-grams with their probabilities and backoff weights.

p(w | h) = p(h w) where the table of its order holds `h w`, else backoff(h) p(w | h'), h' being h without its first word; the backoff
of a context that is not in the tables is 1. An ARPA file holds the same, and every smoothing here can be written so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Level:
    """All n-grams of one order, m of them."""

    keys: NDArray[np.int64]
    """(m,), rising: index of the first n-1 words in the level below x size of the vocabulary + id of the last word. The first level
    holds every word: its keys are 0 to V-1."""
    log10_prob: NDArray[np.float64]
    """(m,), at most 0; -inf for a probability of 0. That of `<s>` is 0, as KenLM writes it, and has no meaning."""
    log10_backoff: NDArray[np.float64]
    """(m,); 0 for n-grams that are not contexts; all 0 at the highest order."""


@dataclass(frozen=True, kw_only=True)
class NGramModel:
    """A backoff model: vocabulary and tables, one level for each order from 1."""

    vocabulary: Vocabulary
    levels: tuple[Level, ...]
    smoothing: str
    """Name of the estimate, such as `modified-kneser-ney`; `arpa` for a model from an ARPA file, which does not name it."""
    normalised: bool = True
    """Whether the probabilities after every context sum to 1 (stupid backoff's do not)."""

    @property
    def order(self) -> int:
        """Words of the longest n-grams."""
        return len(self.levels)

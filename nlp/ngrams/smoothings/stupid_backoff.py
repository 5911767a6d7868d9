"""Stupid backoff: relative frequencies, and a constant factor for every word dropped from the context."""

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID

FACTOR = 0.4


def estimate(counts: NGramCounts, *, factor: float = FACTOR) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate score and backoff weight of every n-gram: a pair of float64 arrays (m,) per order, linear, as in `counts.keys`.

    S(w | h) = c(h w) / c(h) where h w was seen, else factor x S(w | h'); S(w) = c(w) / tokens (Brants et al., 2007, "Large Language Models
    in Machine Translation", section 4). The scores after a context do not sum to 1. A word that never occurs scores 0. One difference: a
    context that was never seen costs no factor, as its backoff in the tables is 1; that scales all its words alike.

    Raises ValueError when the factor is not above 0 and at most 1.
    """
    if not 0 < factor <= 1:
        raise ValueError(f"The factor of stupid backoff is {factor}; expected above 0 and at most 1, such as {FACTOR}.")
    estimates = []
    for order in range(1, counts.order + 1):
        score = contexts.events(counts, order) / contexts.totals(counts, order)[counts.prefix(order)]
        if order == 1:
            score[BOS_ID] = 1
        backoff = np.ones(len(score))
        if order < counts.order:
            backoff[contexts.followers(counts, order + 1) > 0] = factor
        estimates.append((score, backoff))
    return estimates

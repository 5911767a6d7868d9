"""Maximum likelihood: p(w | h) = c(h w) / c(h), without smoothing."""

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID


def estimate(counts: NGramCounts) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate probability and backoff weight of every n-gram: a pair of float64 arrays (m,) per order, linear, as in `counts.keys`.

    c(h) is the sum of c(h x) over all x. After a context of the training text a word that never followed it has probability 0 (backoff 0);
    for a context that is not in the training text the shorter one is used. Every context sums to 1. The probability of `<s>` is 1 and has
    no meaning.
    """
    estimates = []
    for order in range(1, counts.order + 1):
        prob = contexts.events(counts, order) / contexts.totals(counts, order)[counts.prefix(order)]
        if order == 1:
            prob[BOS_ID] = 1
        backoff = np.ones(len(prob))
        if order < counts.order:
            backoff[contexts.followers(counts, order + 1) > 0] = 0
        estimates.append((prob, backoff))
    return estimates

"""Witten-Bell, interpolated: the more distinct words follow a context, the more it trusts the shorter one."""

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID


def estimate(counts: NGramCounts, *, closed: bool = False) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate probability and backoff weight of every n-gram: a pair of float64 arrays (m,) per order, linear, as in `counts.keys`.

    p(w | h) = (c(h w) + T(h) p(w | h')) / (c(h) + T(h)), T(h) being the number of distinct words after h, h' being h without its first
    word (Witten and Bell, 1991, method C; Chen and Goodman, 1999, section 2.4). Below single words comes the uniform distribution over the
    words that can follow: not `<s>`, and not `<unk>` when the vocabulary is `closed`; so words that never occur and `<unk>` have mass.
    The probability of `<s>` is 1 and has no meaning.

    Raises DataError when the vocabulary is closed and the text holds `<unk>`.
    """
    words = contexts.can_follow(counts, closed=closed)
    lower = words / np.count_nonzero(words)
    estimates: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for order in range(1, counts.order + 1):
        total, distinct = contexts.totals(counts, order), contexts.followers(counts, order)
        if order > 1:
            lower = estimates[-1][0][counts.suffix[order - 1]]
            # Total 0, where nothing follows, gives 1.
            np.divide(distinct, total + distinct, out=estimates[-1][1], where=total > 0)
        prefix = counts.prefix(order)
        prob = (contexts.events(counts, order) + distinct[prefix] * lower) / (total + distinct)[prefix]
        if order == 1:
            prob[BOS_ID] = 1
        estimates.append((prob, np.ones(len(prob))))
    return estimates

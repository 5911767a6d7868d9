"""Add-k (Lidstone; Laplace for k = 1): p(w | h) = (c(h w) + k) / (c(h) + k |V|)."""

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID


def estimate(
    counts: NGramCounts, *, k: float = 1.0, closed: bool = False
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate probability and backoff weight of every n-gram: a pair of float64 arrays (m,) per order, linear, as in `counts.keys`.

    Exactly the formula for every context of full length: order - 1 words, or all words from the beginning of the sentence. |V| counts the
    words that can follow: not `<s>`, and not `<unk>` when the vocabulary is `closed`. c(h) is the sum of c(h x) over all x. A context that
    was never seen gives every word 1 / |V|; so does one cut short in the middle of a sentence.

    As a backoff model: only full contexts keep their estimate; every shorter n-gram has 1 / |V|, which a full context of frequency c(h)
    reaches with the weight k |V| / (c(h) + k |V|). The probability of `<s>` is 1 and has no meaning.

    Raises ValueError when k is not above 0; DataError when the vocabulary is closed and the text holds `<unk>`.
    """
    if not (k > 0 and np.isfinite(k)):
        raise ValueError(
            f"k is {k}; expected a number above 0, such as 1 or 0.01 (without smoothing: maximum likelihood)."
        )
    words = contexts.can_follow(counts, closed=closed)
    size = int(np.count_nonzero(words))
    estimates = []
    for order in range(1, counts.order + 1):
        prob = _probabilities(counts, order, k=k, size=size)
        if order == 1:
            prob[~words] = 0
            prob[BOS_ID] = 1
        estimates.append((prob, _backoffs(counts, order, k=k, size=size)))
    return estimates


def _probabilities(counts: NGramCounts, order: int, *, k: float, size: int) -> NDArray[np.float64]:
    total = contexts.totals(counts, order)[counts.prefix(order)]
    own = (contexts.events(counts, order) + k) / (total + k * size)
    return own if order == counts.order else np.where(counts.begins[order - 1], own, 1 / size)


def _backoffs(counts: NGramCounts, order: int, *, k: float, size: int) -> NDArray[np.float64]:
    if order == counts.order:
        return np.ones(len(counts.keys[order - 1]))
    total = contexts.totals(counts, order + 1)
    # Total 0, where nothing follows, gives 1 as well.
    weight = k * size / (total + k * size)
    return weight if order == counts.order - 1 else np.where(counts.begins[order - 1], weight, 1.0)

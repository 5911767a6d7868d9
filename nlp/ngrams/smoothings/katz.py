"""Katz's backoff with Good-Turing discounts: rare n-grams give up mass for the words that were not seen after their context."""

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID

MOST = 5
"""Counts up to this are discounted (Katz, 1987)."""


def estimate(
    counts: NGramCounts, *, most: int = MOST, closed: bool = False
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate probability and backoff weight of every n-gram: a pair of float64 arrays (m,) per order, linear, as in `counts.keys`.

    p(w | h) = d_r r / c(h) for an n-gram seen r times, with the discounts of `discounts`; backoff(h) gives what is left to the words not
    seen after h, in proportion to p(w | h') (Katz, 1987). What is left of the single words goes in equal parts to those that never occur,
    `<unk>` among them unless the vocabulary is `closed`; where there are none, the others are scaled up to 1.

    A context of which nothing is left, because all its counts are high or could not be discounted, though words are unseen after it, is
    divided by c(h) + 1 instead of c(h) (the rule that SRILM credits to Doug Paul). The probability of `<s>` is 1 and has no meaning.

    Raises DataError when the vocabulary is closed and the text holds `<unk>`.
    """
    words = contexts.can_follow(counts, closed=closed)
    size = int(np.count_nonzero(words))
    estimates: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for order, factors in enumerate(discounts(counts, most=most), start=1):
        prob = _discounted(counts, order, factors, size=size)
        if order == 1:
            prob = _share_out(prob, words)
        else:
            lower = estimates[-1][0][counts.suffix[order - 1]]
            prob, backoff = contexts.leave_room(prob, lower, counts.prefix(order), len(estimates[-1][0]))
            estimates[-1] = (estimates[-1][0], backoff)
        estimates.append((prob, np.ones(len(prob))))
    return estimates


def discounts(counts: NGramCounts, *, most: int = MOST) -> list[NDArray[np.float64]]:
    """Compute for each order float64 (most + 1,): the factor d_r that a count of r = 1 to `most` is multiplied by, above 0 and at most 1.

    d_r = (r* / r - A) / (1 - A), r* = (r + 1) n_{r+1} / n_r, A = (k + 1) n_{k+1} / n_1, n_r being the number of n-grams seen r times and
    k = `most`. As in SRILM: k is lowered while n_{k+1} is 0; a d_r whose n_r is 0, or that is not above 0, or whose r* exceeds r, is 1
    (undiscounted); without n-grams seen once the whole order is undiscounted. `shortfalls` lists where that happened.

    Raises ValueError when `most` is below 1.
    """
    if most < 1:
        raise ValueError(f"most is {most}; expected 1 or more counts to discount, such as {MOST}.")
    return [_factors(_counts_of_counts(counts, order, most), most) for order in range(1, counts.order + 1)]


def shortfalls(counts: NGramCounts, *, most: int = MOST) -> list[str]:
    """Write one sentence for each order that could not be discounted as asked: which counts, why, and what is used instead."""
    sentences = []
    for order, factors in enumerate(discounts(counts, most=most), start=1):
        plain = [r for r in range(1, most + 1) if factors[r] == 1]
        if plain:
            tallies = ", ".join(str(n) for n in _counts_of_counts(counts, order, most)[1:])
            what = f"counts {', '.join(map(str, plain))} are" if len(plain) < most else "no count is"
            sentences.append(
                f"Order {order}: {what} {'left un' if len(plain) < most else ''}discounted, as too few n-grams occur 1 to {most + 1} times"
                f" ({tallies}) for Good-Turing; use more text, or --smoothing witten-bell, which needs no such counts."
            )
    return sentences


def _counts_of_counts(counts: NGramCounts, order: int, most: int) -> NDArray[np.int64]:
    seen = contexts.events(counts, order)
    return np.bincount(seen[seen <= most + 1].astype(np.int64), minlength=most + 2)


def _factors(tally: NDArray[np.int64], most: int) -> NDArray[np.float64]:
    factors = np.ones(most + 1)
    if not tally[1]:
        return factors
    highest = next((r for r in range(most, 0, -1) if tally[r + 1]), 0)
    common = (highest + 1) * tally[highest + 1] / tally[1]
    for r in range(1, highest + 1):
        ratio = (r + 1) * tally[r + 1] / (r * tally[r]) if tally[r] else np.inf
        if common < ratio <= 1:
            factors[r] = (ratio - common) / (1 - common)
    return factors


def _discounted(counts: NGramCounts, order: int, factors: NDArray[np.float64], *, size: int) -> NDArray[np.float64]:
    seen, prefix = contexts.events(counts, order), counts.prefix(order)
    kept = seen * np.append(factors, 1.0)[np.minimum(seen, len(factors)).astype(np.int64)]
    total = contexts.totals(counts, order)
    nothing_left = np.bincount(prefix, kept, len(total)) >= total * (1 - contexts.ROUNDING)
    total[nothing_left & (contexts.followers(counts, order) < size)] += 1
    return kept / total[prefix]


def _share_out(prob: NDArray[np.float64], words: NDArray[np.bool_]) -> NDArray[np.float64]:
    never = words & (prob == 0)
    if never.any():
        prob[never] = (1 - prob.sum()) / np.count_nonzero(never)
    else:
        prob /= prob.sum()
    prob[BOS_ID] = 1
    return prob

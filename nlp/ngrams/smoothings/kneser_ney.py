"""Interpolated Kneser-Ney smoothing: modified, number for number as KenLM's lmplz estimates it, and plain.

u(w | h) = (a(h w) - D(a)) / sum over x of a(h x), and p(w | h) = u(w | h) + gamma(h) p(w | h'), h' being h without its first word;
gamma(h) is what the discounts took. The a are adjusted counts (`NGramCounts.adjusted`). Chen and Goodman (1998), "An Empirical Study of
Smoothing Techniques for Language Modeling"; Heafield et al. (2013), "Scalable Modified Kneser-Ney Language Model Estimation".
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import contexts
from nlp.vocabulary import BOS_ID, EOS_ID, UNK_ID

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def estimate(
    counts: NGramCounts,
    *,
    modified: bool = True,
    prune: Sequence[int] = (),
    discount_fallback: tuple[float, float, float] | None = None,
    interpolate_unigrams: bool = True,
    closed: bool = False,
    vocab_pad: int = 0,
) -> list[tuple[Floats, Floats]]:
    """Estimate probability and backoff weight, float64 (m,), linear, of all n-grams of each order; 1 for `<s>` and for what is no context.

    modified: three discounts per order, for counts of 1, 2 and more; else one, t1 / (t1 + 2 t2).
    prune: thresholds as `kept` takes them. Pruned n-grams have numbers too, without a meaning: the caller drops them; their mass is
        in the backoff weights of their contexts. Discounts come from the unpruned counts.
    discount_fallback: discounts for an order whose own cannot be estimated (plain: the first of them).
    interpolate_unigrams: share what is taken from words among all words; else `<unk>` gets it all, as in SRILM.
    closed: nothing for `<unk>`.
    vocab_pad: number of words, seen and unseen, to share among; seen words only when that is more.

    Raises DataError when the counts give no discounts and there is no fallback, or when `closed` and the text holds `<unk>`.
    """
    keep = kept(counts, prune)
    by_order = discounts(counts, modified=modified, discount_fallback=discount_fallback)
    shares = _shares(keep[0] & contexts.can_follow(counts, closed=closed), interpolate_unigrams, vocab_pad)
    probs: list[Floats] = []
    backoffs: list[Floats] = []
    for order, (adjusted, mask, discount) in enumerate(zip(counts.adjusted, keep, by_order, strict=True), start=1):
        taken: Floats = np.append(0.0, discount)[np.minimum(adjusted, 3)]
        lost: Floats = taken if mask.all() else np.where(mask, taken, adjusted)
        if order == 1:
            total = adjusted.sum()
            prob: Floats = (adjusted - taken) / total + lost.sum() / total * shares
            prob[BOS_ID] = 1
        else:
            prob, backoff = _interpolated(counts, order, taken, lost, probs[-1])
            backoffs.append(backoff)
        probs.append(prob)
    return list(zip(probs, [*backoffs, np.ones(len(probs[-1]))], strict=True))


def _interpolated(counts: NGramCounts, order: int, taken: Floats, lost: Floats, below: Floats) -> tuple[Floats, Floats]:
    """Compute the probabilities of an order and the backoff weights of the one below, whose probabilities are `below`."""
    adjusted, context = counts.adjusted[order - 1], counts.prefix(order)
    total = np.bincount(context, adjusted, len(below))
    backoff = np.ones(len(below))
    np.divide(np.bincount(context, lost, len(below)), total, out=backoff, where=total > 0)
    # In place: at order 5 each of these arrays can be 100 MB.
    prob: Floats = adjusted - taken
    prob /= total[context]
    lower = below[counts.suffix[order - 1]]
    lower *= backoff[context]
    prob += lower
    return prob, backoff


def discounts(
    counts: NGramCounts, *, modified: bool = True, discount_fallback: tuple[float, float, float] | None = None
) -> list[Floats]:
    """Compute what is taken from adjusted counts of 1, 2, and 3 or more: float64 (3,) for each order; arguments and errors as `estimate`.

    From t1 to t4, the numbers of n-grams with adjusted counts of 1 to 4, with Y = t1 / (t1 + 2 t2): D_k = k - (k + 1) Y t_{k+1} / t_k.
    """
    return [_discounts(counts, order, modified, discount_fallback) for order in range(1, counts.order + 1)]


def kept(counts: NGramCounts, prune: Sequence[int]) -> list[Booleans]:
    """Mark the n-grams of each order that stay: more frequent than the order's threshold, or `<unk>`, `<s>` or `</s>`.

    prune: thresholds for the orders from 1, none lower than the one before; the last also counts for the orders after it. 0 and ()
    prune nothing.
    """
    if len(prune) > counts.order:
        raise ValueError(
            f"{len(prune)} pruning thresholds for a model of order {counts.order}; give one for each order at most"
        )
    if any(low > high for low, high in pairwise((0, *prune))):
        raise ValueError(
            f"pruning thresholds {tuple(prune)}; they must be 0 or more and none lower than the one before it"
        )
    thresholds = [*prune, *[prune[-1] if prune else 0] * (counts.order - len(prune))]
    keep = [
        raw > threshold if threshold else np.ones(len(raw), np.bool_)
        for raw, threshold in zip(counts.raw, thresholds, strict=True)
    ]
    keep[0][[UNK_ID, BOS_ID, EOS_ID]] = True
    return keep


def _shares(words: Booleans, interpolate: bool, vocab_pad: int) -> Floats:
    """Compute the share of each word, float64 (V,), in what the discounts take from the unigrams; only `words` may have one."""
    if not words[UNK_ID] and (not interpolate or vocab_pad):
        raise ValueError(
            "a closed vocabulary has no unseen words: neither pad it nor leave what is discounted to <unk> alone"
        )
    if not interpolate:
        return np.eye(1, len(words), UNK_ID)[0]
    return words / max(vocab_pad, int(np.count_nonzero(words)))


def _discounts(counts: NGramCounts, order: int, modified: bool, fallback: tuple[float, float, float] | None) -> Floats:
    tallies = _tallies(counts, order)
    found = _modified(tallies) if modified else _plain(tallies)
    if found is not None:
        return found
    if fallback is None:
        lower = f", --order {order - 1}" if order > 1 else ""
        raise DataError(
            f"order {order}: {_said(tallies)}; no Kneser-Ney discounts can be computed from these, as happens with little or artificial"
            f" text and with a vocabulary without rare words. Take more text, a larger vocabulary (--vocabulary-size, --min-count){lower},"
            " --smoothing witten-bell, or --discount-fallback 0.5 1 1.5, which is used for such orders only"
        )
    if any(not 0 <= discount <= count for count, discount in enumerate(fallback, start=1)):
        raise ValueError(f"fallback discounts {fallback}; expected three, from 0 to 1, 0 to 2 and 0 to 3")
    return np.array(fallback if modified else fallback[:1] * 3)


def _tallies(counts: NGramCounts, order: int) -> list[int]:
    """Count the n-grams with an adjusted count of 1, 2, 3 and 4."""
    tallies = np.bincount(np.minimum(counts.adjusted[order - 1], 5), minlength=6)
    last = _last(counts, order)
    if last is not None:
        # lmplz tallies this one by its raw count. It matters in texts of a few sentences only.
        tallies[min(counts.adjusted[order - 1][last], 5)] -= 1
        tallies[min(counts.raw[order - 1][last], 5)] += 1
    return [int(tally) for tally in tallies[1:5]]


def _last(counts: NGramCounts, order: int) -> int | None:
    """Find the last n-gram when they are sorted by last word, then by the one before it, and so on; None where it is no special case.

    Only the highest order is sorted so, and this is an ending of its last n-gram; those that start with `<s>` have raw counts anyway.
    """
    if order == counts.order:
        return None
    last = int(np.flatnonzero(counts.raw[0]).max())
    for longer in range(2, order + 1):
        found = np.flatnonzero(counts.suffix[longer - 1] == last)
        first = found
        for length in range(longer, 1, -1):
            first = counts.keys[length - 1][first] // counts.vocabulary_size
        last = int(found[np.argmax(first)])
        if counts.begins[longer - 1][last]:
            return last if longer == order else None
    return last


def _modified(tallies: Sequence[int]) -> Floats | None:
    if not all(tallies[:3]):
        return None
    share = tallies[0] / (tallies[0] + 2 * tallies[1])
    found = [k - (k + 1) * share * tallies[k] / tallies[k - 1] for k in (1, 2, 3)]
    return np.array(found) if all(0 <= discount <= k for k, discount in enumerate(found, start=1)) else None


def _plain(tallies: Sequence[int]) -> Floats | None:
    if not all(tallies[:2]):
        return None
    return np.full(3, tallies[0] / (tallies[0] + 2 * tallies[1]))


def _said(tallies: Sequence[int]) -> str:
    return "adjusted counts of " + ", ".join(f"{k} occur {tally:,} times" for k, tally in enumerate(tallies, start=1))

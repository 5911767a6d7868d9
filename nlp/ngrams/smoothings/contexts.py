"""Contexts, for all smoothings: which words can follow, how often a context occurs, and the backoff weight with which it sums to 1.

A context is an n-gram followed by a word; order 1 has one context, the empty one, which is index 0 of an order "0".
"""

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams.counts import NGramCounts
from nlp.vocabulary import BOS_ID, UNK_ID

# Mass that is only what rounding leaves of a sum of up to a million probabilities.
ROUNDING = 1e-12
# Below this 1 - sum has lost so many digits that dividing by it would show in the ninth decimal of a context's sum.
NARROW = 1e-6


def can_follow(counts: NGramCounts, *, closed: bool) -> NDArray[np.bool_]:
    """Mark the words that can follow a context, bool (V,): all but `<s>` and, in a closed vocabulary, `<unk>`.

    Raises DataError when the vocabulary is closed and the text holds `<unk>`.
    """
    words = np.ones(counts.vocabulary_size, bool)
    words[BOS_ID] = False
    if closed:
        unknown = int(counts.raw[0][UNK_ID])
        if unknown:
            raise DataError(
                f"The text holds {unknown} words outside the vocabulary (<unk>), which a closed vocabulary (--closed) gives no probability;"
                " use an open vocabulary, or one that is not limited (--vocabulary-size, --min-count)."
            )
        words[UNK_ID] = False
    return words


def events(counts: NGramCounts, order: int) -> NDArray[np.float64]:
    """Count, (m,), how often each n-gram of an order ends in a word that was predicted; 0 for `<s>` alone."""
    seen = counts.raw[order - 1].astype(np.float64)
    if order == 1:
        seen[BOS_ID] = 0
    return seen


def contexts(counts: NGramCounts, order: int) -> int:
    """Count the possible contexts of an order's n-grams: the size of the order below, 1 for order 1."""
    return len(counts.keys[order - 2]) if order > 1 else 1


def totals(counts: NGramCounts, order: int) -> NDArray[np.float64]:
    """Sum c(h) = sum over x of c(h x) for each context of an order's n-grams; 0 for an n-gram that nothing follows."""
    return np.bincount(counts.prefix(order), events(counts, order), contexts(counts, order)).astype(
        np.float64, copy=False
    )


def followers(counts: NGramCounts, order: int) -> NDArray[np.int64]:
    """Count T(h), the distinct words that follow each context of an order's n-grams."""
    seen = counts.raw[0] > 0 if order == 1 else np.ones(len(counts.keys[order - 1]), bool)
    if order == 1:
        seen[BOS_ID] = False
    return np.bincount(counts.prefix(order)[seen], minlength=contexts(counts, order))


def leave_room(
    prob: NDArray[np.float64], lower: NDArray[np.float64], prefix: NDArray[np.int64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the probabilities (m,) and the backoff weights (size,) with which every context sums to 1.

    prob: (m,) p(w | h) of all n-grams h w of an order; lower: (m,) p(w | h') of the same n-grams, h' being h without its first word;
    prefix: (m,) index of h in the order below, which has `size` n-grams.

    backoff(h) = (1 - sum of p(w | h)) / (1 - sum of p(w | h')), sums over the words that the table holds after h; 1 for an n-gram that
    nothing follows. Where those are (nearly) all the words of the vocabulary, dividing is no longer possible: the weight is 1 and p is
    scaled to the mass that the shorter context leaves.
    """
    given = np.bincount(prefix, prob, size)
    left = np.maximum(1 - given, 0)
    left[left < ROUNDING] = 0
    room = np.maximum(1 - np.bincount(prefix, lower, size), 0)
    narrow = room < NARROW
    backoff = np.divide(left, room, out=np.ones(size), where=~narrow)
    scale = np.divide(1 - room, given, out=np.ones(size), where=narrow & (given > 0))
    return prob * scale[prefix] if narrow.any() else prob, backoff

"""A corpus as numbers for the word2vec engines: frequent words only, the most frequent word first."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp import vocabulary
from nlp.errors import DataError

_SPECIAL = 3
"""Lower ids are `<unk>`, `<s>` and `</s>`."""
_NEW = 0.9
"""Where more than this share of the words are distinct, they are probably not words."""

NO_SPACES = "if there are no spaces between its words, use --tokenizer characters"
NO_PAIR = f"no sentence holds two words that have a vector; give more text or a smaller --min-count; {NO_SPACES}"
NO_PAIR_DRAWN = (
    "no epoch found two neighbouring words to learn from: --sample dropped them all; use a larger one, 0 to drop none"
)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """An encoded corpus."""

    words: list[str]
    """V words by falling count; equal counts in order of first appearance."""
    counts: NDArray[np.int64]
    """(V,): how often each occurs."""
    ids: NDArray[np.int32]
    """(n,): 0 to V-1, the whole text without the words that min-count (or the limit) left out."""
    starts: NDArray[np.int64]
    """(s,): where in `ids` each sentence starts, rising; sentences that lost all their words are not among them."""
    raw_words: int
    """Words of the text before any was left out: what words per second count, as gensim's do."""


def encode(chunks: Iterable[str], *, min_count: int, most: int | None = None) -> Encoded:
    """Number the words of a text.

    chunks: text in pieces of whole lines: one sentence per line, words separated by one space, every line ends in a line feed
    (`Tokenizer.normalise`). min_count: rarer words are left out, as if they were not there. most: keep only so many words, the most
    frequent. Raises DataError when fewer than two different words are left.
    """
    # An empty sentence first: a text without any is then refused as one without words, below.
    raw, known = vocabulary.encode(itertools.chain(["\n"], chunks))
    counts = np.bincount(raw, minlength=len(known))
    counts[:_SPECIAL] = 0
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts >= max(min_count, 1))][:most]
    top, types = int(counts.argmax()), np.count_nonzero(counts)
    check_kept(
        len(order),
        frequent=(known.words[top], int(counts[top])),
        distinct=types / max(counts.sum(), 1),
        min_count=min_count,
        most=most,
    )
    left_out = -1
    renumbered = np.full(len(counts), left_out, np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    ids, starts = _sentences(renumbered[raw], raw == vocabulary.EOS_ID)
    return Encoded(
        words=[known.words[number] for number in order],
        counts=counts[order].astype(np.int64),
        ids=ids,
        starts=starts,
        raw_words=int(counts.sum()),
    )


def _sentences(ids: NDArray[np.int32], end: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Drop ids below 0; return the others, and the starts of the sentences among them that are not empty."""
    kept = ids >= 0
    stops = np.cumsum(kept)[end]
    bounds = np.unique(np.concatenate([np.zeros(1, np.int64), stops]))
    flat = ids[kept]
    return flat, bounds[bounds < len(flat)]


def check_kept(kept: int, *, frequent: tuple[str, int], distinct: float, min_count: int, most: int | None) -> None:
    """Raise DataError with the reason where fewer than two words get a vector.

    frequent: the most frequent word of the text, and how often it occurs. distinct: share of the words that are distinct, 0 to 1.
    """
    word, largest = frequent
    if not largest:
        raise DataError("the corpus holds no words; expected text with at least two different words")
    if not kept:
        advice = f"give a --min-count of at most {largest}, or more text"
        if distinct > _NEW:
            advice = f"nearly every word of the text occurs once: {NO_SPACES}; else give more text"
        raise DataError(
            f"--min-count {min_count} leaves no word: the most frequent one, {word[:80]!r}, occurs {largest} times; {advice}"
        )
    if kept < 2:
        limit = "" if most is None else f" and --vocabulary-size {most}"
        raise DataError(
            f"only one word, {word[:80]!r}, is left after --min-count {min_count}{limit}, and a word is learned from the others around it; "
            f"give more text or {'a smaller --min-count' if most is None else 'other limits'}"
        )

"""From counts to a model: the smoothing, what is pruned, and the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import entropy_pruning, selection
from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import add_k, contexts, katz, kneser_ney, maximum_likelihood, stupid_backoff, witten_bell
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary

Estimates = list[tuple[NDArray[np.float64], NDArray[np.float64]]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Parameters:
    """The options of all smoothings; each takes its own."""

    k: float
    factor: float
    discount_fallback: tuple[float, float, float] | None
    interpolate_unigrams: bool
    closed: bool
    vocab_pad: int
    prune: Sequence[int]


def _kneser_ney(counts: NGramCounts, options: _Parameters, *, modified: bool) -> Estimates:
    return kneser_ney.estimate(
        counts,
        modified=modified,
        prune=options.prune,
        discount_fallback=options.discount_fallback,
        interpolate_unigrams=options.interpolate_unigrams,
        closed=options.closed,
        vocab_pad=options.vocab_pad,
    )


_ESTIMATES: dict[str, Callable[[NGramCounts, _Parameters], Estimates]] = {
    "modified-kneser-ney": lambda counts, options: _kneser_ney(counts, options, modified=True),
    "kneser-ney": lambda counts, options: _kneser_ney(counts, options, modified=False),
    "witten-bell": lambda counts, options: witten_bell.estimate(counts, closed=options.closed),
    "katz": lambda counts, options: katz.estimate(counts, closed=options.closed),
    "add-k": lambda counts, options: add_k.estimate(counts, k=options.k, closed=options.closed),
    "stupid-backoff": lambda counts, options: stupid_backoff.estimate(counts, factor=options.factor),
    "maximum-likelihood": lambda counts, _: maximum_likelihood.estimate(counts),
}
SMOOTHINGS = tuple(_ESTIMATES)


class Smoothing(TypedDict, total=False):
    """The keywords of `smooth`."""

    smoothing: str
    k: float
    factor: float
    prune: Sequence[int]
    discount_fallback: tuple[float, float, float] | None
    interpolate_unigrams: bool
    closed: bool
    vocab_pad: int


def smooth(
    counts: NGramCounts,
    vocabulary: Vocabulary,
    *,
    smoothing: str = "modified-kneser-ney",
    k: float = 1.0,
    factor: float = stupid_backoff.FACTOR,
    prune: Sequence[int] = (),
    discount_fallback: tuple[float, float, float] | None = None,
    interpolate_unigrams: bool = True,
    closed: bool = False,
    vocab_pad: int = 0,
) -> NGramModel:
    """Estimate a model from counts.

    smoothing: one of SMOOTHINGS; each uses the keywords that concern it.
    k: of add-k. factor: of stupid backoff.
    prune: n-grams that occur at most so often are dropped, a threshold for each order from 1, none below the one before it, the last for
        all higher orders. With Kneser-Ney, as in lmplz, all are estimated and then dropped, words too; elsewhere the first threshold must
        be 0, and the backoff weights are computed anew.
    discount_fallback, interpolate_unigrams, vocab_pad: of Kneser-Ney, see `kneser_ney.estimate`.
    closed: no probability for `<unk>`.

    Raises DataError when the text is too short for the smoothing, or `<unk>` occurs in a text with a closed vocabulary.
    """
    if smoothing not in _ESTIMATES:
        raise ValueError(f"smoothing {smoothing}; expected one of {', '.join(SMOOTHINGS)}")
    contexts.can_follow(counts, closed=closed)
    keep = kneser_ney.kept(counts, prune)
    by_lmplz = smoothing.endswith("kneser-ney")
    if not by_lmplz and not keep[0].all():
        raise ValueError(
            f"pruning words by count is Kneser-Ney's; for {smoothing} limit the vocabulary, or prune from order 2 on"
        )
    parameters = _Parameters(
        k=k,
        factor=factor,
        discount_fallback=discount_fallback,
        interpolate_unigrams=interpolate_unigrams,
        closed=closed,
        vocab_pad=vocab_pad,
        prune=prune,
    )
    estimates = _ESTIMATES[smoothing](counts, parameters)
    model = NGramModel(
        vocabulary=vocabulary,
        levels=_levels(counts, estimates),
        smoothing=smoothing,
        normalised=smoothing != "stupid-backoff" and vocab_pad < int(np.count_nonzero(keep[0])),
    )
    if all(mask.all() for mask in keep):
        return model
    model = selection.select(model, keep)
    if by_lmplz:
        return _with_words(model, keep[0])
    return entropy_pruning.renormalise(model) if model.normalised else model


def _levels(counts: NGramCounts, estimates: Estimates) -> tuple[Level, ...]:
    levels = []
    with np.errstate(divide="ignore"):
        for keys, (prob, backoff) in zip(counts.keys, estimates, strict=True):
            # In place: at order 5 a second set of arrays is most of a gigabyte. A sum can exceed 1 by rounding.
            np.minimum(prob, 1, out=prob)
            np.log10(prob, out=prob)
            np.log10(backoff, out=backoff)
            levels.append(Level(keys=keys, log10_prob=prob, log10_backoff=backoff))
    return tuple(levels)


def _with_words(model: NGramModel, keep: Mask) -> NGramModel:
    """Keep these words only, numbered anew; no n-gram that is left may hold another."""
    if keep.all():
        return model
    before, after = len(keep), int(np.count_nonzero(keep))
    number = np.cumsum(keep) - 1
    first = model.levels[0]
    levels = [Level(keys=np.arange(after), log10_prob=first.log10_prob[keep], log10_backoff=first.log10_backoff[keep])]
    for order, level in enumerate(model.levels[1:], start=2):
        prefix = level.keys // before
        keys = (number[prefix] if order == 2 else prefix) * after + number[level.keys % before]
        levels.append(replace(level, keys=keys))
    words = [model.vocabulary.words[word] for word in np.flatnonzero(keep)]
    return replace(model, vocabulary=Vocabulary(words), levels=tuple(levels))

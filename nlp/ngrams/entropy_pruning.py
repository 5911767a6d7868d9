"""Relative-entropy pruning: n-grams that change the model little are dropped."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import links, selection
from nlp.ngrams.smoothings import contexts
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID


def prune(model: NGramModel, *, threshold: float) -> NGramModel:
    """Drop the n-grams whose loss, each for itself, raises the model's own perplexity by a share below `threshold`.

    threshold: 1e-8 is mild, 1e-6 strong; 0 drops nothing. Backoff weights are computed anew, so that every context still sums to 1.
    All single words stay, and so do the beginnings of longer n-grams that are kept.

    For h w the relative entropy of the model without it to the model is

        D = -p(h) (p(w | h) [log p(w | h') + log b' - log p(w | h)] + a [log b' - log b])

    with a the mass of the words not in the table after h, b = backoff(h), b' the weight without h w, and p(h) by the chain rule, `<s>`
    taken as often as `</s>`; h w goes when exp(D) - 1 < threshold (Stolcke, 1998, "Entropy-based Pruning of Backoff Language Models",
    equations 3 to 9; SRILM's -prune).

    Raises ValueError when the threshold is below 0 or the model's probabilities do not sum to 1 (stupid backoff).
    """
    if not threshold >= 0:
        raise ValueError(f"The pruning threshold is {threshold}; expected 0 or a small number above 0, such as 1e-8.")
    if not model.normalised:
        raise ValueError(
            f"The probabilities of {model.smoothing} do not sum to 1, so relative entropy is not defined for them;"
            " prune by counts, or use another smoothing."
        )
    if threshold == 0:
        return model
    return renormalise(selection.select(model, [np.expm1(loss) >= threshold for loss in losses(model)]))


def losses(model: NGramModel) -> list[NDArray[np.float64]]:
    """Compute for each order float64 (m,): the relative entropy in nats of dropping this n-gram alone; infinite for single words."""
    size = len(model.vocabulary)
    walk = links.Walk(size)
    found: list[NDArray[np.float64]] = []
    often = np.zeros(0)
    for level in model.levels:
        prob = 10**level.log10_prob
        lower = walk.add(level.keys, prob, 10**level.log10_backoff)
        if found:
            prefix = level.keys // size
            found.append(_loss(prob, lower, prefix, often))
            often = often[prefix] * prob
        else:
            found.append(np.full(len(prob), np.inf))
            often = prob.copy()
            often[BOS_ID] = prob[EOS_ID]
    return found


def _loss(
    prob: NDArray[np.float64], lower: NDArray[np.float64], prefix: NDArray[np.int64], often: NDArray[np.float64]
) -> NDArray[np.float64]:
    left = np.maximum(1 - np.bincount(prefix, prob, len(often)), 0)
    room = np.maximum(1 - np.bincount(prefix, lower, len(often)), 0)
    # A word without a probability below would lose everything: its loss is infinite. Nothing is lost with a word of probability 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.log(left[prefix] + prob) - np.log(room[prefix] + lower)
        word = prob * (np.log(lower) + weight - np.log(prob))
        rest = left * (-np.log(left) + np.log(room))
        others = np.where(
            ((left > contexts.ROUNDING) & (room > contexts.NARROW))[prefix], rest[prefix] + (left[prefix] * weight), 0
        )
    loss = -often[prefix] * (np.where(prob > 0, word, 0) + others)
    return np.where((prob > 0) & (lower == 0), np.inf, loss)


def renormalise(model: NGramModel) -> NGramModel:
    """Give the model backoff weights with which every context sums to 1 (single words must do so already)."""
    size = len(model.vocabulary)
    walk = links.Walk(size)
    levels: list[Level] = []
    for level in model.levels:
        prob = 10**level.log10_prob
        lower = walk.add(level.keys, prob, np.ones(len(prob)))
        if levels:
            walk.prob[-1], walk.backoff[-2] = contexts.leave_room(prob, lower, level.keys // size, len(levels[-1].keys))
            levels[-1] = replace(levels[-1], log10_backoff=_log10(walk.backoff[-2]))
        # Most often nothing was scaled; then not a bit of the probabilities changes.
        log10_prob = level.log10_prob if walk.prob[-1] is prob else _log10(walk.prob[-1])
        levels.append(replace(level, log10_prob=log10_prob, log10_backoff=np.zeros(len(prob))))
    return replace(model, levels=tuple(levels))


def _log10(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log10(values)

"""A model with some of its n-grams dropped."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.tables import Level, NGramModel


def select(model: NGramModel, keep: Sequence[NDArray[np.bool_]]) -> NGramModel:
    """Keep the chosen n-grams only, their keys renumbered; probabilities and backoff weights do not change.

    keep: for each order bool (m,). The beginnings of n-grams that are kept are kept too, and so are all single words, since the first level
    holds every word. Levels above the longest n-gram kept are dropped, but never the first; the highest left has backoff weight 1.

    Raises ValueError when the masks do not fit the levels.
    """
    kept = _with_prefixes(model, keep)
    size = len(model.vocabulary)
    levels: list[Level] = []
    number = np.zeros(1, np.int64)
    for level, mask in zip(model.levels, kept, strict=True):
        if levels and not mask.any():
            break
        keys = level.keys[mask]
        levels.append(
            Level(
                keys=number[keys // size] * size + keys % size,
                log10_prob=level.log10_prob[mask],
                log10_backoff=level.log10_backoff[mask],
            )
        )
        number = np.cumsum(mask) - 1
    if len(levels) < model.order:
        levels[-1] = replace(levels[-1], log10_backoff=np.zeros(len(levels[-1].keys)))
    return replace(model, levels=tuple(levels))


def _with_prefixes(model: NGramModel, keep: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    sizes, given = [len(level.keys) for level in model.levels], [len(mask) for mask in keep]
    if sizes != given:
        raise ValueError(f"The masks are of {given} n-grams by order; expected {sizes}, as many as the model holds.")
    kept = [np.array(mask, bool) for mask in keep]
    kept[0][:] = True
    for order in range(model.order - 1, 1, -1):
        longer = model.levels[order].keys[kept[order]]
        kept[order - 1][longer // len(model.vocabulary)] = True
    return kept

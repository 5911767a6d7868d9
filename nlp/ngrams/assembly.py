"""Tables from the n-grams of a file: in any order, and some without their own beginning.

The keys of a table name an n-gram by the index of its first n-1 words in the table below. A pruned model may hold `a b c` without `a b`;
then `a b` is added with the probability that backing off gives it and a backoff of 1, which changes no answer (KenLM does so too).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import query
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary

Rows = NDArray[np.int32]
"""(m, n): the word ids of m n-grams."""


class DuplicateError(ValueError):
    """An n-gram occurs twice among the rows."""

    def __init__(self, first: int, second: int) -> None:
        """Indices of the two rows."""
        super().__init__(f"rows {first} and {second} are the same n-gram")
        self.first, self.second = first, second


def extend(
    levels: Sequence[Level],
    vocabulary: Vocabulary,
    rows: Rows,
    log10_prob: NDArray[np.float64],
    log10_backoff: NDArray[np.float64],
) -> list[Level]:
    """Add the next level, of the n-grams `rows`, to `levels`. Raises DuplicateError."""
    completed, prefix = _completed(list(levels), vocabulary, rows[:, :-1])
    keys = prefix * len(vocabulary) + rows[:, -1]
    if not len(keys) or np.all(keys[1:] > keys[:-1]):
        return [*completed, Level(keys=keys, log10_prob=log10_prob, log10_backoff=log10_backoff)]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    same = np.flatnonzero(keys[1:] == keys[:-1])
    if len(same):
        raise DuplicateError(int(order[same[0]]), int(order[same[0] + 1]))
    return [*completed, Level(keys=keys, log10_prob=log10_prob[order], log10_backoff=log10_backoff[order])]


def locate(levels: Sequence[Level], size: int, rows: Rows) -> NDArray[np.int64]:
    """Find the index (m,) of each n-gram in the level of its order, -1 where it is absent. size: of the vocabulary."""
    places = rows[:, 0].astype(np.int64)
    for column in range(1, rows.shape[1]):
        wanted = np.where(places >= 0, places * size + rows[:, column], -1)
        places = query.find(levels[column].keys, wanted)
    return places


def _completed(levels: list[Level], vocabulary: Vocabulary, rows: Rows) -> tuple[list[Level], NDArray[np.int64]]:
    """Add those of `rows` that the levels lack; return the levels and the index of each row."""
    places = locate(levels, len(vocabulary), rows)
    missing = places < 0
    if missing.any():
        levels = _with_blanks(levels, vocabulary, np.unique(rows[missing], axis=0))
        places = locate(levels, len(vocabulary), rows)
    return levels, places


def _with_blanks(levels: list[Level], vocabulary: Vocabulary, rows: Rows) -> list[Level]:
    """Add `rows`, which the levels lack, with the probabilities that backing off gives."""
    levels, prefix = _completed(levels, vocabulary, rows[:, :-1])
    order = rows.shape[1]
    model = NGramModel(vocabulary=vocabulary, levels=tuple(levels[:order]), smoothing="")
    log10, _ = query.advance(model, query.after(model, rows[:, :-1]), rows[:, -1])
    keys = prefix * len(vocabulary) + rows[:, -1]
    sorting = np.argsort(keys)
    keys, log10 = keys[sorting], log10[sorting]
    old = levels[order - 1]
    places = np.searchsorted(old.keys, keys)
    levels[order - 1] = Level(
        keys=np.insert(old.keys, places, keys),
        log10_prob=np.insert(old.log10_prob, places, log10),
        log10_backoff=np.insert(old.log10_backoff, places, 0.0),
    )
    if order < len(levels):
        above = levels[order]
        shift = np.searchsorted(places, above.keys // len(vocabulary), side="right")
        levels[order] = Level(
            keys=above.keys + shift * len(vocabulary),
            log10_prob=above.log10_prob,
            log10_backoff=above.log10_backoff,
        )
    return levels

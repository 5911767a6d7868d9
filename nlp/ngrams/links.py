"""A walk over an n-gram model from context to context, many contexts at once, for estimates that rebuild a model.

A context is a pair (length, index): the n-gram `index` of the level `length`, or (0, 0), the empty one. Every n-gram is linked to the
longest n-gram of the model that it ends in, itself left out; so a walk needs only the place of a context, not its words. It also works
where a model holds `b c` only inside `a b c`, as pruning leaves it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import query

Place = tuple[NDArray[np.int8], NDArray[np.int64]]
"""Lengths and indices of contexts or n-grams, each (b,)."""


@dataclass
class Walk:
    """Levels of a model in linear terms, added from order 1 upwards; a weight may be filled in later, before it is walked over."""

    vocabulary_size: int
    keys: list[NDArray[np.int64]] = field(default_factory=list)
    prob: list[NDArray[np.float64]] = field(default_factory=list)
    backoff: list[NDArray[np.float64]] = field(default_factory=list)
    link: list[Place] = field(default_factory=list)

    def add(
        self, keys: NDArray[np.int64], prob: NDArray[np.float64], backoff: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Add the next level, (m,) each as in `tables.Level` but linear, and return p(w | h') of its n-grams h w.

        h' is h without its first word; for order 1, without any, the answer is 0. Uses the backoff weights of the levels up to two below.
        """
        words = keys % self.vocabulary_size
        if self.keys:
            lengths, indices = self.link[-1]
            prefix = keys // self.vocabulary_size
            places, lower = self.step((lengths[prefix], indices[prefix]), words)
        else:
            places, lower = (np.zeros(len(keys), np.int8), np.zeros(len(keys), np.int64)), np.zeros(len(keys))
        self.keys.append(keys)
        self.prob.append(prob)
        self.backoff.append(backoff)
        self.link.append(places)
        return lower

    def step(self, contexts: Place, words: NDArray[np.int64]) -> tuple[Place, NDArray[np.float64]]:
        """Find the longest n-gram of the model that ends in each word (b,) after its context, and the word's probability there (b,)."""
        at_length, at_index = contexts[0].copy(), contexts[1].copy()
        length, index = np.ones(len(words), np.int8), words.astype(np.int64)
        prob = np.ones(len(words))
        for order in range(int(at_length.max(initial=0)), 0, -1):
            rows = np.flatnonzero(at_length == order)
            place = self._find(order, at_index[rows], words[rows])
            found = place >= 0
            hit, missed, place = rows[found], rows[~found], place[found]
            if len(hit):
                length[hit], index[hit] = order + 1, place
                prob[hit] *= self.prob[order][place]
            at_length[hit] = -1
            shorter = at_index[missed]
            prob[missed] *= self.backoff[order - 1][shorter]
            at_length[missed], at_index[missed] = (part[shorter] for part in self.link[order - 1])
        rest = at_length == 0
        prob[rest] *= self.prob[0][index[rest]]
        return (length, index), prob

    def _find(self, order: int, contexts: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the index of each n-gram `context word` in the level above the context's, -1 where it is absent."""
        if order >= len(self.keys):
            return np.full(len(words), -1, np.int64)
        return query.find(self.keys[order], contexts * self.vocabulary_size + words)

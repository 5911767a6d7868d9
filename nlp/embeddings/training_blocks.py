"""The input of a training step of word2vec: stretches of text, a window per word, and drawn negatives, all as arrays.

Every draw is a pure function of (seed, epoch, part of the text), so that a resumed run trains on the same blocks as an uninterrupted one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp.embeddings.encoding import Encoded

CENTRES = 32
"""Words in the middle of a block whose windows lie inside the block."""
DRAWN = 32
"""Negatives drawn for a block, shared by all its pairs."""
BLOCKS = 32
"""Blocks of a step: 1024 words. More is faster, but frequent words then move by older values of each other."""
PART = 1_000_000
"""Words of the text (before subsampling) that are drawn, shuffled and handed to TensorFlow at once."""


class Blocks(NamedTuple):
    """n blocks of b centres each: c = b + 2 * window tokens, k negatives. `part` has one more axis in front: the steps."""

    tokens: NDArray[np.int32]
    """(n, c): word ids; the centres are those from `window` to `window` + b."""
    left: NDArray[np.int32]
    """(n, b): how many words on the left belong to each centre's window, 0 to `window`."""
    right: NDArray[np.int32]
    """(n, b): the same on the right. Both are 0 for the padding behind the last word."""
    drawn: NDArray[np.int32]
    """(n, k): ids of the negatives."""


def keep_probability(counts: NDArray[np.int64], sample: float) -> NDArray[np.float32]:
    """Compute the probability that an occurrence of a word is kept: sqrt(t/f) + t/f, at most 1, for its share f of the text.

    counts: (V,). sample: t; 0 keeps everything. As word2vec.c computes it; Mikolov et al. 2013 (arXiv 1310.4546) print another formula.
    """
    if not sample:
        return np.ones(len(counts), np.float32)
    ratio = sample * counts.sum() / counts
    return np.minimum(np.sqrt(ratio) + ratio, 1.0).astype(np.float32)


def noise_probability(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute the distribution that negatives are drawn from: counts ** 0.75, normalised (arXiv 1310.4546, section 2.2)."""
    noise = counts**0.75
    return noise / noise.sum()


@dataclass(frozen=True, kw_only=True)
class Drawer:
    """Draws the blocks of an epoch, part by part."""

    encoded: Encoded
    keep: NDArray[np.float32]
    noise: NDArray[np.float64]
    window: int
    seed: int

    def parts(self, epoch: int) -> Iterator[tuple[int, int, Blocks]]:
        """Yield (first word, word behind the last, blocks) for each part of the text; epochs count from 0."""
        for number, first in enumerate(range(0, len(self.encoded.ids), PART)):
            last = min(first + PART, len(self.encoded.ids))
            yield first, last, self.part(first, last, np.random.default_rng((self.seed, epoch, number)))

    def part(self, first: int, last: int, generator: np.random.Generator) -> Blocks:
        """Subsample the words from `first` to `last` and cut them into blocks in random order: (steps, BLOCKS, ...).

        The order is random within the part because neighbouring blocks share their topic: the rows of a step should differ.
        """
        ids = self.encoded.ids[first:last]
        kept = generator.random(len(ids), np.float32) < self.keep[ids]
        left, right = self._windows(first, kept, generator)
        blocks = -(-max(len(left), 1) // (CENTRES * BLOCKS)) * BLOCKS
        order = generator.permutation(blocks)
        shape = (blocks // BLOCKS, BLOCKS, -1)
        return Blocks(
            tokens=_overlapping(ids[kept], self.window, blocks)[order].reshape(shape),
            left=_padded(left, blocks)[order].reshape(shape),
            right=_padded(right, blocks)[order].reshape(shape),
            drawn=self._negatives(blocks * DRAWN, generator).reshape(*shape[:2], DRAWN),
        )

    def _windows(
        self, first: int, kept: NDArray[np.bool_], generator: np.random.Generator
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Draw the words to the left and right of each kept word in its window: uniform 1 to `window`, cut at the sentence's ends."""
        starts = self.encoded.starts
        inner = starts[np.searchsorted(starts, first, "right") : np.searchsorted(starts, first + len(kept))] - first
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])[np.concatenate([[0], inner, [len(kept)]])]
        lengths = np.diff(bounds)
        place = np.arange(bounds[-1])
        reach = generator.integers(1, self.window, len(place), endpoint=True)
        left = np.minimum(reach, place - np.repeat(bounds[:-1], lengths))
        right = np.minimum(reach, np.repeat(bounds[1:], lengths) - 1 - place)
        return left.astype(np.int32), right.astype(np.int32)

    def _negatives(self, count: int, generator: np.random.Generator) -> NDArray[np.int32]:
        """Draw `count` times, independently, from the noise distribution.

        First how often each word is drawn, then their order: the same distribution without a search for each draw.
        """
        times = generator.multinomial(count, self.noise)
        return generator.permutation(np.repeat(np.arange(len(times), dtype=np.int32), times))


def _overlapping(ids: NDArray[np.int32], window: int, blocks: int) -> NDArray[np.int32]:
    """Cut ids into (blocks, CENTRES + 2 * window): each block's centres with the neighbours on both sides."""
    padded = np.zeros(blocks * CENTRES + 2 * window, np.int32)
    padded[window : window + len(ids)] = ids
    return np.lib.stride_tricks.sliding_window_view(padded, CENTRES + 2 * window)[::CENTRES]


def _padded(values: NDArray[np.int32], blocks: int) -> NDArray[np.int32]:
    """Cut values into (blocks, CENTRES), with zeros behind the last one."""
    padded = np.zeros(blocks * CENTRES, np.int32)
    padded[: len(values)] = values
    return padded.reshape(blocks, CENTRES)

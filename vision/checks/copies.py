"""Images that are in a set more than once: equal in every pixel, or nearly so (compressed, scaled or brighter).

Near copies are found in two steps. Pairs whose 64-bit difference hashes (dHash: is the right neighbour brighter, in 8 x 9 grey pixels)
differ in at most 4 bits are candidates; a pair is kept when its thumbnails correlate. Where there are enough images, the thumbnails
are also compared after whitening, which removes what all images of the set share: otherwise all trousers in Fashion-MNIST
would be copies.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.datasets.labelled import Images

HASH_BITS = 4
"""Bits in which the hashes of near copies may differ."""
SIMILARITY = 0.9
"""Least correlation of the thumbnails of near copies."""
WHITENED_FROM = 256
"""Images that are needed for the whitening."""

_COMPONENTS = 128
_STEP = 2.0
_SIDE = 16
_ROWS = 128
_FITTED = 4000


class Pair(NamedTuple):
    """Two near copies."""

    first: int
    second: int
    """Positions of the images, first < second."""
    similarity: float
    """Correlation, 0.9 to 1."""


def exact(images: Images) -> list[list[int]]:
    """Group positions of two or more images that are equal in every pixel (by a 128-bit hash), in the order of the first."""
    groups: dict[bytes, list[int]] = {}
    for position in range(len(images)):
        digest = hashlib.blake2b(np.ascontiguousarray(images[position]).tobytes(), digest_size=16).digest()
        groups.setdefault(digest, []).append(position)
    return [group for group in groups.values() if len(group) > 1]


def near(images: Images) -> list[Pair]:
    """Find pairs of images, uint8 (h, w, 3) each, that are nearly the same, the most similar first.

    Leave out images without any detail beforehand: all of them look alike. All pairs of hashes are compared, about a billion
    in a few seconds.
    """
    if len(images) < 2:
        return []
    hashes = np.array([difference_hash(images[i]) for i in range(len(images))], np.uint64)
    thumbnails = np.stack([_thumbnail(images[i]) for i in range(len(images))])
    views = [_unit(thumbnails)]
    if len(images) >= WHITENED_FROM:
        views.append(_whitened(views[0]))
    found = [pair for first, second in _candidates(hashes) for pair in _alike(first, second, views)]
    return sorted(found, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def difference_hash(image: NDArray[np.uint8]) -> np.uint64:
    """Compute 64 bits of an image uint8 (h, w, 3): whether each of 8 x 8 grey pixels is darker than its right neighbour, by more than 2."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    # Not by less: the noise of a compressed flat background means nothing.
    bits: Any = np.packbits(small[:, 1:] > small[:, :-1] + _STEP)
    return np.uint64(bits.view(np.uint64)[0])


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(-1)


def _candidates(hashes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield positions (first, second) of similar hashes, first < second, some rows of all pairs at a time."""
    for start in range(0, len(hashes), _ROWS):
        rows = hashes[start : start + _ROWS, None]
        close = np.bitwise_count(rows ^ hashes[None, start:]) <= HASH_BITS
        first, second = np.nonzero(np.triu(close, 1))
        yield first + start, second + start


def _alike(first: NDArray[np.int64], second: NDArray[np.int64], views: Sequence[NDArray[np.float32]]) -> list[Pair]:
    similarity = np.ones(len(first))
    for view in views:
        similarity = np.minimum(similarity, np.einsum("nd,nd->n", view[first], view[second]))
    kept = np.flatnonzero(similarity >= SIMILARITY)
    return [Pair(int(first[i]), int(second[i]), float(similarity[i])) for i in kept]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to mean 0 and length 1: their products are correlations."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-6))


def _whitened(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the first principal components, each with variance 1 over the set; rows of length 1."""
    # Fewer components than images by far: a direction that only two copies span would be blown up.
    sample = vectors[np.random.default_rng(0).permutation(len(vectors))[:_FITTED]]
    mean = sample.mean(axis=0)
    _, scales, directions = np.linalg.svd(sample - mean, full_matrices=False)
    kept = min(_COMPONENTS, len(sample) // 8, int((scales > 1e-4 * scales[0]).sum()))
    white = (vectors - mean) @ directions[:kept].T / scales[:kept]
    return np.asarray(white / np.maximum(np.linalg.norm(white, axis=1, keepdims=True), 1e-6), np.float32)

"""Vectors, words and counts as gensim's KeyedVectors, the only class of vectors in this package."""

from collections.abc import Sequence

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp.embeddings.gensim_log import quiet


def keyed(
    words: Sequence[str], matrix: NDArray[np.float32], *, counts: NDArray[np.int64] | None = None
) -> KeyedVectors:
    """Make KeyedVectors of V words, in the given order (by custom the most frequent first).

    matrix: float32 (V, d). counts: (V,), how often each word occurs; becomes the attribute "count" (`get_vecattr`).
    """
    vectors = KeyedVectors(matrix.shape[1])
    with quiet():
        vectors.add_vectors(list(words), np.ascontiguousarray(matrix, np.float32))
    if counts is not None:
        vectors.allocate_vecattrs(["count"], [np.int64])
        vectors.expandos["count"][:] = counts
    return vectors

"""Word vectors on a page: groups of frequent words that lie near each other, and their two main directions."""

from collections.abc import Sequence

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from nlp.embeddings import lookup

_FREQUENT, _FUNCTION_WORDS = 2_000, 50
"""How many words are considered, and how many of the most frequent are left out: the, of, and, ..., which are near everything."""


def points(vectors: KeyedVectors, words: Sequence[str]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Place n words in the plane, float64 (n, 2), and return the share of the variance (0 to 1) that each axis explains.

    Principal components of the unit vectors of these words, since angles are what the vectors are compared by. Raises DataError for an
    unknown word.
    """
    rows = lookup.unit(np.stack([lookup.vector(vectors, word) for word in words]).astype(np.float64))
    found = np.zeros((len(rows), 2))
    shares = np.zeros(2)
    count = min(2, *rows.shape)
    if len(rows) > 1 and np.ptp(rows, axis=0).any():
        pca = PCA(n_components=count, svd_solver="full")
        found[:, :count] = pca.fit_transform(rows)
        shares[:count] = pca.explained_variance_ratio_
    return found, (float(shares[0]), float(shares[1]))


def groups(vectors: KeyedVectors, *, most: int = 12, size: int = 5) -> list[list[str]]:
    """Find at most `most` groups of `size` frequent words to show: the closest ones first, no word twice, no numbers.

    A group is a word and its nearest neighbours among the frequent words; the words are taken to be sorted by falling frequency.
    """
    start = _FUNCTION_WORDS if len(vectors) >= _FUNCTION_WORDS + most * size else 0
    considered = max(most * size, min(_FREQUENT, len(vectors) // 2))
    words = vectors.index_to_key[start : start + considered]
    # Numbers and years are the closest of all, and the least interesting.
    words = [word for word in words if not any(sign.isdigit() for sign in word)] or words
    rows = lookup.unit(np.stack([lookup.vector(vectors, word) for word in words]))
    size = min(size, len(rows))
    similarities = rows @ rows.T
    np.fill_diagonal(similarities, 2)
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :size]
    closeness = np.take_along_axis(similarities, nearest, axis=1).mean(axis=1)
    shown: set[int] = set()
    found: list[list[str]] = []
    for at in np.argsort(-closeness, kind="stable"):
        group = nearest[at].tolist()
        if len(found) < most and not shown & set(group):
            shown |= set(group)
            found.append([words[member] for member in group])
    return found

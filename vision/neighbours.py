"""k nearest neighbours on pixels: the baseline without training, which every network must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from vision.datasets.labelled import Examples

CHOICES = (1, 3, 5, 7, 9, 11, 15)
"""Numbers of neighbours from which the validation examples choose."""
CHUNK = 2000
"""Examples answered at once: each one becomes floating point in memory."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The answers, and the number of neighbours that they come from."""

    k: int
    """Neighbours that vote: the smallest number with the highest accuracy on the validation examples."""
    accuracies: dict[int, float]
    """Validation accuracy of each choice, 0 to 1."""
    probabilities: NDArray[np.float32]
    """(n, classes): shares of the votes of the k nearest training examples of each test example, by Euclidean distance."""


def fit_predict(
    train: Examples, validation: Examples, test: Examples, *, classes: int, choices: Sequence[int] = CHOICES
) -> Neighbours:
    """Answer `test` from the nearest examples of `train`, with the k that answers `validation` best.

    Every image is one row of its pixels, grey ones counted once. Of classes with equal votes the first one wins. Raises ValueError when no
    choice is at most the number of training examples.
    """
    possible = sorted(k for k in choices if 1 <= k <= len(train))
    if not possible:
        raise ValueError(
            f"k is one of {list(choices)}, but there are only {len(train)} training examples; expected k of 1 or more, up to that"
        )
    model = KNeighborsClassifier(n_neighbors=possible[-1], algorithm="brute").fit(_rows(train), train.labels)
    near = _nearest_labels(model, validation, train.labels)
    accuracies = {k: float((_shares(near[:, :k], classes).argmax(1) == validation.labels).mean()) for k in possible}
    best = max(possible, key=lambda k: (accuracies[k], -k))
    votes = _nearest_labels(model, test, train.labels)[:, :best]
    return Neighbours(k=best, accuracies=accuracies, probabilities=_shares(votes, classes))


def _rows(examples: Examples) -> NDArray[np.float32]:
    """(n, pixels), 0 to 1."""
    pixels = examples.pool[examples.index]
    return pixels.reshape(len(examples), -1).astype(np.float32) / np.float32(255)


def _nearest_labels(model: KNeighborsClassifier, examples: Examples, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, k): labels of each example's neighbours, the nearest first."""
    parts = [
        model.kneighbors(
            _rows(examples.take(np.arange(start, min(start + CHUNK, len(examples))))), return_distance=False
        )
        for start in range(0, len(examples), CHUNK)
    ]
    return labels[np.concatenate(parts)]


def _shares(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Labels (n, k) to the share of each class (n, classes)."""
    return np.stack([(labels == label).mean(axis=1) for label in range(classes)], axis=1).astype(np.float32)

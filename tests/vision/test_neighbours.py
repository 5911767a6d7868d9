"""vision.neighbours: distances and votes by a loop, the choice of k, shares, and memory in chunks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision import neighbours
from vision.datasets.labelled import Examples


def examples(pool: NDArray[np.uint8], index: NDArray[np.int64], labels: NDArray[np.int64]) -> Examples:
    return Examples(pool=pool, index=index, labels=labels[index], names=tuple(f"image[{i}]" for i in range(len(pool))))


@pytest.fixture
def parts() -> tuple[Examples, Examples, Examples]:
    """Three noisy classes of 5x4 grey images: 60 to train, 30 to choose, 30 to score."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120)
    pool = np.clip(rng.normal(labels[:, None, None, None] * 25 + 100, 60, (120, 5, 4, 1)), 0, 255).astype(np.uint8)
    order = rng.permutation(120)
    first, second, third = (examples(pool, order[span], labels) for span in np.split(np.arange(120), [60, 90]))
    return first, second, third


def votes(train: Examples, asked: Examples, k: int) -> NDArray[np.float64]:
    """By a loop over all pairs."""
    rows = [part.pool[part.index].reshape(len(part), -1).astype(float) for part in (train, asked)]
    near = np.argsort(((rows[1][:, None] - rows[0][None]) ** 2).sum(-1), axis=1, kind="stable")[:, :k]
    return np.eye(3)[train.labels[near]].mean(axis=1)


def test_the_validation_examples_choose_k_and_the_test_examples_get_the_votes(
    parts: tuple[Examples, Examples, Examples],
) -> None:
    train, validation, test = parts
    found = neighbours.fit_predict(train, validation, test, classes=3, choices=(1, 4, 15))
    expected = {k: (votes(train, validation, k).argmax(1) == validation.labels).mean() for k in (1, 4, 15)}
    assert found.accuracies == pytest.approx(expected)
    assert found.k == max(expected, key=lambda k: expected[k])
    assert len(set(expected.values())) > 1
    np.testing.assert_allclose(found.probabilities, votes(train, test, found.k), atol=1e-6)
    assert found.probabilities.dtype == np.float32


def test_of_equal_choices_the_smallest(parts: tuple[Examples, Examples, Examples]) -> None:
    train, _, test = parts
    assert neighbours.fit_predict(train, train.take(np.arange(1)), test, classes=3, choices=(5, 1, 1000)).k == 1


def test_chunks_change_nothing(parts: tuple[Examples, Examples, Examples], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = neighbours.fit_predict(*parts, classes=3)
    monkeypatch.setattr(neighbours, "CHUNK", 7)
    np.testing.assert_array_equal(neighbours.fit_predict(*parts, classes=3).probabilities, whole.probabilities)


def test_more_neighbours_than_examples_are_refused(parts: tuple[Examples, Examples, Examples]) -> None:
    train, validation, test = parts
    with pytest.raises(ValueError, match=r"k is one of \[61\], but there are only 60 training examples"):
        neighbours.fit_predict(train, validation, test, classes=3, choices=(61,))

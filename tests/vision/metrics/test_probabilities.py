"""vision.metrics.probabilities: what is refused, and rows that sum to 1."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.metrics.probabilities import checked


def test_rows_are_scaled_to_sum_one() -> None:
    probabilities, labels = checked(np.array([[0.5, 0.25], [0.125, 0.125]], np.float32), np.array([0, 1], np.uint8))
    np.testing.assert_allclose(probabilities, [[2 / 3, 1 / 3], [0.5, 0.5]])
    assert [str(probabilities.dtype), str(labels.dtype)] == ["float64", "int64"]


@pytest.mark.parametrize(
    ("probabilities", "labels", "words"),
    [
        (np.ones(2), np.zeros(2, int), r"found probabilities of shape \(2,\)"),
        (np.ones((2, 1)), np.zeros(2, int), r"found probabilities of shape \(2, 1\)"),
        (np.ones((2, 3)), np.zeros(3, int), r"labels of shape \(3,\); expected \(n, c\) and \(n,\)"),
        (np.ones((0, 3)), np.zeros(0, int), "n >= 1"),
        (np.ones((2, 3)), np.array([0, 3]), "labels hold int64 values 0 to 3; expected class numbers 0 to 2"),
        (np.ones((2, 3)), np.array([-1, 0]), "labels hold int64 values -1 to 0"),
        (np.ones((2, 3)), np.array([0.0, 1.0]), "labels hold float64 values"),
        (np.full((1, 3), np.nan), np.array([0]), "hold NaN, infinite or negative values"),
        (np.array([[1.5, -0.5]]), np.array([0]), "negative"),
        (np.zeros((1, 2)), np.array([0]), "an all-zero row"),
    ],
)
def test_wrong_input_is_named(probabilities: NDArray[np.float64], labels: NDArray[np.int64], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked(probabilities, labels)

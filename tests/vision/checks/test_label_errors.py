"""vision.checks.label_errors: the paper's definitions by hand, and planted errors that must be found."""

import cv2
import numpy as np
import pytest

from vision.checks import label_errors
from vision.checks.label_errors import suspects

# Thresholds by hand: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.5) / 2 = 0.6, class 2 0.8.
LABELS = np.array([0, 0, 0, 1, 1, 2])
PROBABILITIES = np.array(
    [
        [0.90, 0.05, 0.05],
        [0.80, 0.10, 0.10],
        [0.10, 0.85, 0.05],  # 0.85 >= 0.6: counts as class 1, margin 0.75
        [0.20, 0.70, 0.10],
        [0.50, 0.50, 0.00],  # no threshold is reached: not counted
        [0.10, 0.10, 0.80],
    ]
)


def test_by_hand() -> None:
    found = suspects(LABELS, PROBABILITIES)
    assert found.positions.tolist() == [2]
    assert found.suggested.tolist() == [1]
    np.testing.assert_allclose(found.margins, [0.75])
    assert found.joint.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_a_class_that_is_hard_has_a_low_threshold() -> None:
    # Where class 1 is only ever seen with 0.4, another label with 0.4 of it is suspect although 0.45 speaks for its own.
    labels = np.array([0, 0, 0, 1, 1])
    first = np.array([0.9, 0.9, 0.55, 0.6, 0.6])
    found = suspects(labels, np.stack([first, 1 - first], 1))
    assert found.positions.tolist() == [2]
    np.testing.assert_allclose(found.margins, [-0.1])


def test_the_order_is_the_margin_and_absent_classes_are_never_suggested() -> None:
    labels = np.array([0] * 6 + [1] * 6)
    probabilities = np.tile([0.8, 0.1, 0.1], (12, 1))
    probabilities[6:] = [0.1, 0.8, 0.1]
    probabilities[0] = [0.0, 0.9, 0.1]
    probabilities[7] = [1.0, 0.0, 0.0]
    probabilities[3] = [0.0, 0.05, 0.95]  # nobody carries label 2
    found = suspects(labels, probabilities)
    assert found.positions.tolist() == [7, 0]
    np.testing.assert_allclose(found.margins, [1.0, 0.9])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"probabilities of shape \(6, 3\) and labels of shape \(5,\)"):
        suspects(LABELS[:5], PROBABILITIES)
    with pytest.raises(ValueError, match="labels hold int64 values 1 to 3; expected class numbers 0 to 2"):
        suspects(LABELS + 1, PROBABILITIES)


def test_planted_errors_in_the_digits_are_found() -> None:
    """3 % of 1,797 labels changed at random: 53. Three quarters of those listed must be planted, and more than half be found."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.repeat((digits.images * 15.9).astype(np.uint8)[..., None], 3, axis=-1)
    rng = np.random.default_rng(0)
    planted = rng.choice(1797, 53, replace=False)
    labels = digits.target.copy()
    labels[planted] = (labels[planted] + rng.integers(1, 10, 53)) % 10
    features = label_errors.pixel_features(list(images))
    assert features.shape == (1797, 8 * 8 * 3)
    probabilities = label_errors.out_of_fold(features, labels, classes=11, seed=0)
    assert probabilities.shape == (1797, 11)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    found = suspects(labels, probabilities)
    right = np.isin(found.positions, planted)
    assert right.mean() > 0.75
    assert right.sum() > 53 / 2
    assert (found.suggested[right] == digits.target[found.positions[right]]).mean() > 0.9


def test_pixel_features_are_areas() -> None:
    image = np.arange(28 * 28 * 3, dtype=np.uint32).reshape(28, 28, 3).astype(np.uint8)
    (row,) = label_errors.pixel_features([image])
    by_hand = image.reshape(14, 2, 14, 2, 3).astype(float).mean(axis=(1, 3)) / 255
    assert abs(row.reshape(14, 14, 3) - by_hand).max() <= 0.51 / 255
    assert cv2.resize(image, (14, 14)).shape == (14, 14, 3)


def test_too_few_examples_of_a_class() -> None:
    with pytest.raises(
        ValueError, match="the smallest class has 2 examples; expected 3 or more of two or more classes"
    ):
        label_errors.out_of_fold(np.zeros((6, 2), np.float32), np.array([0, 0, 0, 0, 1, 1]), classes=2, seed=0)

"""vision.losses: the hinge loss against a loop, scikit-learn's objective, and Keras' loss of similar name, which differs."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision.losses import MulticlassHinge


def by_hand(label: int, logits: NDArray[np.float64]) -> float:
    """Crammer and Singer's loss of one example."""
    others = [logits[c] for c in range(len(logits)) if c != label]
    return float(max(0.0, 1.0 + max(others) - logits[label]))


def loss(labels: NDArray[Any], logits: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(MulticlassHinge(reduction=None)(labels.astype(np.float32), logits.astype(np.float32)))


def test_hard_labels() -> None:
    logits, labels = np.random.default_rng(0).normal(size=(50, 5)), np.arange(50) % 5
    expected = [by_hand(int(label), row) for label, row in zip(labels, logits, strict=True)]
    np.testing.assert_allclose(loss(np.eye(5)[labels], logits), expected, atol=1e-5)
    assert min(expected) == 0.0 < max(expected)


def test_soft_labels_give_the_expected_loss() -> None:
    rng = np.random.default_rng(1)
    logits, shares = rng.normal(size=(50, 4)), rng.dirichlet(np.ones(4), size=50)
    expected = [
        sum(p * by_hand(c, row) for c, p in enumerate(share)) for share, row in zip(shares, logits, strict=True)
    ]
    np.testing.assert_allclose(loss(shares, logits), expected, atol=1e-5)


def test_two_leaders_are_each_others_rivals() -> None:
    np.testing.assert_allclose(loss(np.eye(3), np.array([[2.0, 2.0, 0.0]] * 3)), [1.0, 1.0, 3.0])


def gradient(labels: NDArray[Any], logits: NDArray[Any]) -> NDArray[np.float32]:
    x = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(MulticlassHinge(reduction=None)(labels.astype(np.float32), x))
    return np.asarray(tape.gradient(total, x))


@pytest.mark.parametrize("row", [[0.0] * 5, [2.0, 2.0, 1.5], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0]])
def test_equal_logits_have_a_slope(row: list[float]) -> None:
    """A head that begins at zero learns: the true class is raised and one of its rivals, never itself, is lowered."""
    classes = len(row)
    found = gradient(np.eye(classes), np.array([row] * classes))
    np.testing.assert_array_equal(np.diag(found), -np.ones(classes))
    for label, slope in enumerate(found):
        (rival,) = np.flatnonzero(slope > 0)
        assert (slope[rival], slope.sum()) == (1.0, 0.0)
        assert row[rival] == max(row[:label] + row[label + 1 :])


def test_the_slope_is_that_of_small_steps() -> None:
    rng, step = np.random.default_rng(2), 1e-6
    logits, shares = rng.normal(size=4), rng.dirichlet(np.ones(4))

    def expected_loss(x: NDArray[np.float64]) -> float:
        return sum(float(share) * by_hand(label, x) for label, share in enumerate(shares))

    slopes = [(expected_loss(logits + step * e) - expected_loss(logits - step * e)) / (2 * step) for e in np.eye(4)]
    np.testing.assert_allclose(gradient(shares[None], logits[None])[0], slopes, atol=1e-5)


@pytest.mark.parametrize(
    ("logits", "ours", "keras_own"), [([-1.0, -3.0, -3.0], 0.0, 2.0), ([3.0, 2.5, -1.0], 0.5, 0.5)]
)
def test_keras_categorical_hinge_compares_with_zero_as_well(logits: list[float], ours: float, keras_own: float) -> None:
    labels = np.array([[1.0, 0.0, 0.0]], np.float32)
    row = np.array([logits], np.float32)
    assert float(loss(labels, row)[0]) == pytest.approx(ours)
    assert float(keras.losses.CategoricalHinge()(labels, row)) == pytest.approx(keras_own)


def test_a_linear_network_trained_with_it_is_a_support_vector_machine() -> None:
    """The same objective as scikit-learn's Crammer-Singer machine: half the squared weights plus C times the summed losses."""
    from sklearn.datasets import load_iris
    from sklearn.svm import LinearSVC

    x, y = load_iris(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    machine = LinearSVC(multi_class="crammer_singer", C=1.0, fit_intercept=False, max_iter=100_000).fit(x, y)

    def objective(weights: NDArray[np.float64]) -> float:
        return float(0.5 * (weights**2).sum() + loss(np.eye(3)[y], x @ weights).sum())

    best, rng = objective(machine.coef_.T), np.random.default_rng(0)
    nearby = [objective(machine.coef_.T + rng.normal(scale=scale, size=(4, 3))) for scale in (0.01, 0.05, 0.2) * 10]
    assert min(nearby) > best


def test_it_goes_through_fit() -> None:
    x = np.eye(3, dtype=np.float32)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.5), MulticlassHinge(), jit_compile=False)
    model.fit(np.tile(x, (10, 1)), np.tile(x, (10, 1)), batch_size=3, epochs=10, verbose=0)
    assert float(model.evaluate(x, x, verbose=0)) == pytest.approx(0.0, abs=1e-6)

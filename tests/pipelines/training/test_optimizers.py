"""Optimisers, decay, clipping and layered rates against their published algorithms in NumPy."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from pipelines.training import optimizers
from pipelines.training.options import TrainingOptions
from tests.pipelines import tiny

RATE, DECAY = 0.1, 0.3
GRADIENTS = [2.0, -1.0, 0.5, 3.0]


def _values(how: TrainingOptions, *, name: str = "kernel") -> list[float]:
    """One weight, 1 at first, after each step with the GRADIENTS."""
    optimizer = optimizers.build(how, rate=RATE)
    weight, values = keras.Variable(1.0, name=name), []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        values.append(float(weight))
    return values


def _sgd(*, momentum: float, nesterov: bool, decay: float) -> list[float]:
    """Sutskever et al. 2013, section 2, with decoupled decay (arXiv 1711.05101, algorithm 1)."""
    w, velocity, values = 1.0, 0.0, []
    for gradient in GRADIENTS:
        w -= RATE * decay * w
        velocity = momentum * velocity - RATE * gradient
        w += momentum * velocity - RATE * gradient if nesterov else velocity
        values.append(w)
    return values


def _adamw(*, decay: float) -> list[float]:
    """Algorithm 2 of arXiv 1711.05101, with Keras' 0.9, 0.999 and 1e-7."""
    w, m, v, values = 1.0, 0.0, 0.0, []
    for t, gradient in enumerate(GRADIENTS, start=1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        update = m / (1 - 0.9**t) / (math.sqrt(v / (1 - 0.999**t)) + 1e-7)
        w -= RATE * (update + decay * w)
        values.append(w)
    return values


@pytest.mark.parametrize("decay", [0.0, DECAY])
@pytest.mark.parametrize(("momentum", "nesterov"), [(0.9, True), (0.9, False), (0.0, True)])
def test_sgd(momentum: float, nesterov: bool, decay: float) -> None:
    how = replace(tiny.PLAIN, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    np.testing.assert_allclose(_values(how), _sgd(momentum=momentum, nesterov=nesterov, decay=decay), rtol=1e-5)


@pytest.mark.parametrize("decay", [0.0, DECAY])
def test_adamw(decay: float) -> None:
    how = replace(tiny.PLAIN, optimizer="adamw", weight_decay=decay)
    np.testing.assert_allclose(_values(how), _adamw(decay=decay), rtol=1e-5)


def _adagrad() -> list[float]:
    """Duchi et al. 2011, with Keras' first accumulator 0.1."""
    w, total, values = 1.0, 0.1, []
    for gradient in GRADIENTS:
        total += gradient**2
        w -= RATE * gradient / math.sqrt(total + 1e-7)
        values.append(w)
    return values


def _rmsprop() -> list[float]:
    """Tieleman and Hinton 2012, lecture 6.5, with Keras' 0.9."""
    w, mean, values = 1.0, 0.0, []
    for gradient in GRADIENTS:
        mean = 0.9 * mean + 0.1 * gradient**2
        w -= RATE * gradient / math.sqrt(mean + 1e-7)
        values.append(w)
    return values


@pytest.mark.parametrize(
    ("name", "expected"), [("adam", lambda: _adamw(decay=0.0)), ("adagrad", _adagrad), ("rmsprop", _rmsprop)]
)
def test_the_ones_that_were_published_without_decay(name: Any, expected: Callable[[], list[float]]) -> None:
    how = replace(tiny.PLAIN, optimizer=name, weight_decay=None)
    np.testing.assert_allclose(_values(how), expected(), rtol=1e-5)
    assert _values(replace(how, weight_decay=DECAY))[0] == pytest.approx(expected()[0] - RATE * DECAY, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "decay"),
    [("sgd", 0.02), ("adamw", 0.02), ("muon", 0.02), ("adam", 0), ("rmsprop", 0), ("adagrad", 0)],
)
def test_the_default_decay(name: Any, decay: float) -> None:
    how = replace(tiny.PLAIN, optimizer=name)
    assert _values(replace(how, weight_decay=None)) == _values(replace(how, weight_decay=decay))


def _orthogonalised(matrix: np.ndarray) -> np.ndarray:
    """Newton and Schulz' iteration, quintic, as in https://kellerjordan.github.io/posts/muon."""
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (3, 3, 2, 4)])
def test_muon_orthogonalises_matrices_and_convolutions(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=shape), rng.normal(size=(3, *shape))
    optimizer = optimizers.build(replace(tiny.PLAIN, optimizer="muon", weight_decay=DECAY), rate=RATE)
    weight = keras.Variable(start, dtype="float32", name="kernel")
    expected, momentum = start, np.zeros(shape)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [weight])
        momentum = 0.95 * momentum + gradient
        matrix = (gradient + 0.95 * momentum).reshape(-1, shape[-1])
        update = _orthogonalised(matrix) * 0.2 * math.sqrt(max(matrix.shape))
        expected = expected * (1 - RATE * DECAY) - RATE * update.reshape(shape)
    np.testing.assert_allclose(np.asarray(weight), expected, rtol=1e-4, atol=1e-5)
    # What the iteration is for: singular values near 1 (between 0.7 and 1.2 as its page says), whatever they were.
    assert np.all(np.abs(np.linalg.svd(_orthogonalised(matrix), compute_uv=False) - 1) < 0.35)


@pytest.mark.parametrize("shape", [(4,), (3, 3, 4, 1)])
def test_muon_leaves_vectors_and_depthwise_kernels_to_adam(shape: tuple[int, ...]) -> None:
    optimizer = optimizers.build(replace(tiny.PLAIN, optimizer="muon", weight_decay=0.0), rate=RATE)
    weight = keras.Variable(np.ones(shape), dtype="float32", name="kernel")
    optimizer.apply([2 * keras.ops.ones(shape)], [weight])
    np.testing.assert_allclose(np.asarray(weight), 1 - RATE, rtol=1e-5)


def test_muon_leaves_the_last_layer_to_adam() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2, name="logits")])
    optimizer = optimizers.build(replace(tiny.PLAIN, optimizer="muon"), rate=RATE)
    optimizer.build(model.trainable_variables)
    assert [velocity is not None for velocity in optimizer.adam_velocities] == [False, True, True, True]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
@pytest.mark.parametrize("name", ["bias", "gamma", "beta"])
def test_biases_and_normalisation_are_not_decayed(optimizer: Any, name: str) -> None:
    how = replace(tiny.PLAIN, optimizer=optimizer)
    decayed = replace(how, weight_decay=DECAY)
    assert _values(decayed, name=name) == _values(how, name=name)
    assert _values(decayed)[0] == pytest.approx(_values(how)[0] - RATE * DECAY, rel=1e-5)


@pytest.mark.parametrize(("bound", "factor"), [(1.0, 0.2), (5.0, 1.0), (10.0, 1.0), (None, 1.0)])
def test_clipping_bounds_the_norm_of_all_gradients_together(bound: float | None, factor: float) -> None:
    optimizer = optimizers.build(replace(tiny.PLAIN, clip_norm=bound), rate=0.5)
    weights = [keras.Variable(0.0), keras.Variable(0.0)]
    optimizer.apply([keras.ops.convert_to_tensor(value) for value in (3.0, -4.0)], weights)
    np.testing.assert_allclose([float(w) for w in weights], [-1.5 * factor, 2.0 * factor], rtol=1e-6)


def _layered(how: TrainingOptions) -> tuple[Any, list[keras.Variable]]:
    """Two weights at 0: the first one learns at a tenth of the rate."""
    old, head = optimizers.build(how, rate=RATE / 10), optimizers.build(how, rate=RATE)
    weights = [keras.Variable(0.0, name="kernel"), keras.Variable(0.0, name="kernel")]
    return optimizers.Layered({id(weights[0]): old}, head=head), weights


@pytest.mark.parametrize(("bound", "factor"), [(1.0, 0.2), (5.0, 1.0), (None, 1.0)])
def test_layers_differ_in_their_rates_and_are_clipped_together(bound: float | None, factor: float) -> None:
    optimizer, weights = _layered(replace(tiny.PLAIN, clip_norm=bound))
    optimizer.apply([keras.ops.convert_to_tensor(value) for value in (3.0, -4.0)], weights)
    np.testing.assert_allclose([float(w) for w in weights], [-0.03 * factor, 0.4 * factor], rtol=1e-6)
    assert float(optimizer.learning_rate) == pytest.approx(RATE)


def test_averages_are_found_in_every_part() -> None:
    optimizer, weights = _layered(replace(tiny.PLAIN, ema=0.5))
    for _ in range(2):
        optimizer.apply([keras.ops.convert_to_tensor(value) for value in (1.0, 1.0)], weights)
    # After two steps the weights are -0.02 and -0.2; their averages began with the first step's.
    for order in ([0, 1], [1, 0]):
        found = optimizers.averages(optimizer, [weights[n] for n in order])
        np.testing.assert_allclose([float(a) for a in found], [[-0.015, -0.15][n] for n in order], rtol=1e-6)

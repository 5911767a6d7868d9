"""The range test against its restatement in NumPy on one weight, and what it leaves behind."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from pipelines.record.runs import RunError
from pipelines.training import rate_finder
from tests.pipelines import tiny


def _restated() -> tuple[list[float], list[float], list[float]]:
    """Rates, losses and smoothed losses of gradient descent on (w - 1)^2 from w = 0."""
    w, mean = 0.0, 0.0
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    while len(rates) < 100 and (not smoothed or smoothed[-1] <= 4 * min(smoothed)):
        rates.append(1e-7 * 1e8 ** (len(rates) / 99))
        losses.append((w - 1) ** 2)
        mean = 0.9 * mean + 0.1 * losses[-1]
        smoothed.append(mean / (1 - 0.9 ** len(losses)))
        w -= rates[-1] * 2 * (w - 1)
    return rates, losses, smoothed


def test_the_range_test_is_the_published_one() -> None:
    model, ones = tiny.one_weight(), np.ones((1, 1))
    found = rate_finder.find(model, tiny.stream(ones, ones, batch=1)(range(1)), tiny.PLAIN, loss="mean_squared_error")
    rates, losses, smoothed = _restated()
    assert len(rates) < 100  # It diverges: above a rate of 1 each step leads further away.
    np.testing.assert_allclose(found.rates, rates, rtol=1e-6)
    np.testing.assert_allclose(found.losses, losses, rtol=0.02, atol=1e-9)  # float32 on the way down
    np.testing.assert_allclose(found.smoothed, smoothed, rtol=0.02, atol=1e-9)

    lowest = rates[int(np.argmin(smoothed))]
    assert found.minimum == pytest.approx(lowest)
    assert found.suggested == float(f"{lowest / 10:.2g}")
    slopes = np.diff(smoothed) / np.diff(np.log(rates))
    assert found.steepest == pytest.approx(rates[int(np.argmin(slopes))], rel=0.25)  # Within a step.


def test_everything_is_put_back() -> None:
    model = tiny.noisy_network()
    before = [np.array(variable) for variable in model.variables]
    x, y = np.random.default_rng(0).normal(size=(8, 3)), np.eye(2)[[0, 1] * 4]
    how = replace(tiny.PLAIN, optimizer="adamw", ema=0.9)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    rate_finder.find(model, tiny.stream(x, y, batch=4)(range(1)), how, loss=loss)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(np.array(variable), value, err_msg=variable.path)


def test_a_loss_that_is_no_number_is_refused() -> None:
    stream = tiny.stream(np.ones((1, 1)), np.full((1, 1), math.nan), batch=1)(range(1))
    with pytest.raises(
        RunError, match="the loss is not a number even at the lowest learning rate, 1e-07; look for broken"
    ):
        rate_finder.find(tiny.one_weight(), stream, tiny.PLAIN, loss=tiny.output_plus_label)

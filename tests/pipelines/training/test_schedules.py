"""Schedules against NumPy: warm-up, half a cosine, steps and an exponential, step by step."""

from typing import Any

import numpy as np
import pytest

from pipelines.training import schedules
from pipelines.training.options import TrainingOptions

RATE, FACTOR = 0.1, 0.5


def _expected(shape: str, *, steps: int, epochs: int, warmup: int, decay_epochs: float) -> np.ndarray:
    """Linear from 0, then arXiv 1608.03983, equation 5, or powers of FACTOR; one value a step."""
    step = np.arange(steps * epochs)
    after = step - warmup
    shares = {
        "cosine": 0.5 * (1 + np.cos(np.pi * after / (steps * epochs - warmup))),
        "constant": np.ones(len(step)),
        "step": FACTOR ** (after // (decay_epochs * steps)),
        "exponential": FACTOR ** (after / (decay_epochs * steps)),
    }
    return np.where(step < warmup, RATE * step / max(warmup, 1), RATE * shares[shape])


@pytest.mark.parametrize("shape", ["cosine", "constant", "step", "exponential"])
@pytest.mark.parametrize(
    ("epochs", "warmup_epochs", "warmup_steps"), [(5, 0.0, 0), (5, 1.0, 7), (5, 0.5, 4), (5, 4.0, 28), (1, 1.0, 4)]
)
def test_learning_rate(shape: Any, epochs: int, warmup_epochs: float, warmup_steps: int) -> None:
    how = TrainingOptions(
        epochs=epochs,
        learning_rate=RATE,
        schedule=shape,
        warmup_epochs=warmup_epochs,
        decay_factor=FACTOR,
        decay_epochs=2.0,
    )
    rate = schedules.learning_rate(how, steps=7, epochs=epochs)
    found = [float(rate(step)) if callable(rate) else rate for step in range(7 * epochs)]
    expected = _expected(shape, steps=7, epochs=epochs, warmup=warmup_steps, decay_epochs=2)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_a_share_scales_the_whole_curve() -> None:
    how = TrainingOptions(epochs=3, learning_rate=RATE)
    whole, part = (schedules.learning_rate(how, steps=4, epochs=3, share=share) for share in (1.0, 0.25))
    np.testing.assert_allclose([float(part(n)) for n in range(12)], [float(whole(n)) / 4 for n in range(12)], rtol=1e-6)


def test_a_schedule_can_be_built_again_from_its_own_description() -> None:
    rate = schedules.learning_rate(TrainingOptions(schedule="step"), steps=4, epochs=30)
    again = schedules.Schedule.from_config(rate.get_config())
    assert [float(again(n)) for n in range(120)] == [float(rate(n)) for n in range(120)]

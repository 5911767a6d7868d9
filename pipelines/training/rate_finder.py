"""A learning rate for this network and data: the range test of Smith (2015, arXiv 1506.01186), with fastai's rule for reading it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipelines.record import runs
from pipelines.training import fitting, optimizers, phases, precision
from pipelines.training.options import TrainingOptions

LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
"""The rate rises by the same factor at each of so many steps."""
MEMORY = 0.9
"""Of the smoothed loss: a mean whose older values fade, corrected for its start."""
DIVERGED = 4.0
"""The test ends where the smoothed loss is so many times its lowest value."""
RULE = "a tenth of the rate with the lowest smoothed loss"


@dataclass(frozen=True, kw_only=True)
class RateTest:
    """What a range test saw."""

    rates: NDArray[np.float64]
    """(n,), rising."""
    losses: Sequence[float]
    """(n,), of each batch."""
    smoothed: Sequence[float]
    """(m,), m <= n: of the first batches, up to the first loss that is not finite."""

    @property
    def minimum(self) -> float:
        """The rate with the lowest smoothed loss."""
        return float(self.rates[int(np.argmin(self.smoothed))])

    @property
    def suggested(self) -> float:
        """The rate to train with; see RULE."""
        return float(f"{self.minimum / 10:.2g}")

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss fell fastest, at or below `minimum`."""
        slopes = np.gradient(np.asarray(self.smoothed), np.log(self.rates[: len(self.smoothed)]))
        return float(self.rates[int(np.argmin(slopes[: int(np.argmin(self.smoothed)) + 1]))])


def find(model: keras.Model, batches: Any, training: TrainingOptions, *, loss: Any) -> RateTest:
    """Train with a rising rate until the loss diverges, then put every weight back; `training` gives all but the rate.

    batches: of one epoch or more, as tf.data; repeated as needed. With head epochs, the rate is the head's.
    Raises RunError when the loss is not a number at once.
    """
    first = phases.plan(model, training)[0]
    before = [variable.numpy() for variable in model.variables]
    watch = _Watch()
    if training.l2:
        fitting.penalise(model, l2=training.l2)
    with precision.of_training(training.precision), phases.frozen(model, first.frozen):
        model.compile(optimizers.build(training, rate=Rising()), loss=loss, jit_compile=False)
        model.fit(batches.repeat(), steps_per_epoch=STEPS, callbacks=[watch], shuffle=False, verbose=0)
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    if len(watch.smoothed) < 2:
        raise runs.RunError(
            f"the loss is not a number even at the lowest learning rate, {LOWEST:g}; look for broken images or labels"
        )
    rates = LOWEST * (HIGHEST / LOWEST) ** (np.arange(len(watch.losses)) / (STEPS - 1))
    return RateTest(rates=rates, losses=watch.losses, smoothed=watch.smoothed)


class Rising(keras.optimizers.schedules.LearningRateSchedule):
    """From LOWEST to HIGHEST in equal ratios over STEPS."""

    def __call__(self, step: Any) -> Any:
        """The rate of a step, counted from 0: float32."""
        return LOWEST * ops.power(HIGHEST / LOWEST, ops.cast(step, "float32") / (STEPS - 1))

    def get_config(self) -> dict[str, Any]:
        """Nothing can be chosen."""
        return {}


class _Watch(keras.callbacks.Callback):
    """Notes the loss of each batch, smooths it, and ends the test at divergence."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self._mean = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.reset_metrics()  # Else Keras gives the mean of all batches so far.

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.losses.append(float((logs or {})["loss"]))
        if not math.isfinite(self.losses[-1]):
            self.model.stop_training = True
            return
        self._mean = MEMORY * self._mean + (1 - MEMORY) * self.losses[-1]
        self.smoothed.append(self._mean / (1 - MEMORY ** len(self.losses)))
        if self.smoothed[-1] > DIVERGED * min(self.smoothed):
            self.model.stop_training = True

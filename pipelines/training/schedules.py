"""The learning rate as a pure function of the step, so that a resumed run goes on where it was."""

import math
from typing import Any

import keras
from keras import ops

from pipelines.training.options import TrainingOptions


def learning_rate(training: TrainingOptions, *, steps: int, epochs: int, share: float = 1.0) -> Any:
    """Linear warm-up from 0 to `share` of training.learning_rate, then the schedule; a float where nothing ever changes.

    steps: of one epoch. epochs: of this part of the training. A part of no more epochs than the warm-up (one epoch,
    PIPELINES_TINY) warms up over its first half.
    """
    peak = share * training.learning_rate
    warmup = math.ceil((training.warmup_epochs if training.warmup_epochs < epochs else epochs / 2) * steps)
    if training.schedule == "constant" and warmup == 0:
        return peak
    falling = training.schedule in ("step", "exponential")
    length = max(round(training.decay_epochs * steps) if falling else epochs * steps - warmup, 1)
    return Schedule(training.schedule, peak=peak, warmup=warmup, length=length, factor=training.decay_factor)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly from 0 to `peak` over `warmup` steps, then falls.

    With t the steps since the warm-up, divided by `length`: cosine peak x (1 + cos(pi t)) / 2 until t = 1 (arXiv 1608.03983,
    equation 5), step peak x factor^floor(t), exponential peak x factor^t, constant peak.
    """

    def __init__(self, shape: str, *, peak: float, warmup: int, length: int, factor: float) -> None:
        super().__init__()
        self._shape, self._peak, self._warmup, self._length, self._factor = shape, peak, warmup, length, factor

    def __call__(self, step: Any) -> Any:
        """The rate of a step, counted from 0: float32."""
        step = ops.cast(step, "float32")
        fallen = self._peak * self._share(ops.maximum(step - self._warmup, 0.0) / self._length)
        return ops.where(step < self._warmup, self._peak * step / max(self._warmup, 1), fallen)

    def _share(self, t: Any) -> Any:
        if self._shape == "cosine":
            return 0.5 * (1 + ops.cos(math.pi * ops.minimum(t, 1.0)))
        if self._shape == "constant":
            return ops.ones_like(t)
        return ops.power(self._factor, ops.floor(t) if self._shape == "step" else t)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("shape", "peak", "warmup", "length", "factor")
        return {name: getattr(self, f"_{name}") for name in names}

"""A learning rate for this network and data: the range test of Smith (2015, arXiv 1506.01186), with fastai's rule for reading it."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from pipelines.record import files, runs
from pipelines.report import rate_picture
from pipelines.training import fitting, optimizers, phases, precision
from pipelines.training.options import TrainingOptions

LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
"""The rate rises by the same factor at each of so many steps."""
MEMORY = 0.9
"""Of the smoothed loss: a mean whose older values fade, corrected for its start."""
DIVERGED = 4.0
"""The test ends where the smoothed loss is so many times its lowest value."""
RULE = "a tenth of the rate with the lowest smoothed loss"


def find(model: keras.Model, batches: Any, training: TrainingOptions, *, loss: Any, folder: Path) -> dict[str, float]:
    """Train with a rising rate until the loss diverges, then put every weight back; `how` gives all but the rate.

    batches: of one epoch or more, as tf.data; repeated as needed. With head epochs, the rate is the head's.
    folder: receives learning_rate.json, .csv and .png. Returns `suggested`, `minimum` (the rate with the lowest smoothed loss) and
    `steepest` (where it fell fastest before that). Raises RunError when the loss is no number at once.
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
    found = read(rates[: len(watch.smoothed)], watch.smoothed)
    _write(folder, rates, watch, found)
    print(
        f"suggested: --training.learning-rate {found['suggested']:g} ({RULE}; see {folder / 'learning_rate.png'})",
        flush=True,
    )
    return found


def read(rates: Any, smoothed: Any) -> dict[str, float]:
    """What `find` returns, from the rates (n,), rising, and the smoothed loss at each."""
    slopes, lowest_at = np.gradient(np.asarray(smoothed), np.log(rates)), int(np.argmin(smoothed))
    lowest = float(rates[lowest_at])
    return {
        "suggested": float(f"{lowest / 10:.2g}"),
        "minimum": lowest,
        "steepest": float(rates[int(np.argmin(slopes[: lowest_at + 1]))]),
    }


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


def _write(folder: Path, rates: Any, watch: _Watch, found: dict[str, float]) -> None:
    files.write_json(folder / "learning_rate.json", {**found, "rule": RULE})
    smoothed = [*watch.smoothed, *[math.nan] * (len(watch.losses) - len(watch.smoothed))]
    rows = [
        {"learning_rate": float(rate), "loss": value, "smoothed": mean}
        for rate, value, mean in zip(rates, watch.losses, smoothed, strict=True)
    ]
    files.write_csv(folder / "learning_rate.csv", rows)
    files.write_bytes(folder / "learning_rate.png", rate_picture.picture(rates[: len(watch.smoothed)], watch, found))

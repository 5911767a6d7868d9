"""What is kept during training: history, the state to resume from, the best weights; and when training ends early."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from pipelines.record import files, history, runs
from pipelines.record.history import Row
from pipelines.training import checkpoints, optimizers, phases
from pipelines.training.options import TrainingOptions


class TrainingDivergedError(runs.RunError):
    """The loss is no longer a number; the message names the step and what was kept."""


class EpochRecorder(keras.callbacks.Callback):
    """Writes history and state after each epoch, keeps the best weights, and ends training in time."""

    def __init__(
        self, model: keras.Model, training: TrainingOptions, folder: Path, *, monitor: str, last_start: int
    ) -> None:
        """monitor: the column that chooses the best epoch. last_start: epochs before the last phase, which patience does not cut short."""
        super().__init__()
        self.set_model(model)
        self._training, self._folder, self._monitor, self._last_start = training, folder, monitor, last_start
        self._state_path = folder / "checkpoints" / "last.npz"
        self.best_path = folder / "checkpoints" / "best.weights.h5"
        self.best_path.parent.mkdir(exist_ok=True)
        self.progress = checkpoints.load_progress(self._state_path)
        self._own_weights: list[Any] = []
        self._step = 0

    def restore(self, part: phases.Phase) -> None:
        """Go on from the last state, also where one process goes from phase to phase: `fit` ends by writing averages over the weights."""
        if self.progress.epochs:
            checkpoints.load(self._state_path, self.model, optimizer=self.progress.epochs > part.start)

    def out_of_patience(self) -> bool:
        """Whether so many epochs have passed without a better one as `patience` allows."""
        return (
            self._training.patience is not None
            and self.progress.waited(since=self._last_start) >= self._training.patience
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the epoch's clock."""
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """End training where the loss is not a number."""
        self._step = batch + 1
        self._check_finite("loss", logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Validate the averaged weights. Copied, since Keras' SwapEMAWeights swaps by adding, which rounds."""
        if self._training.ema is not None:
            variables = self.model.trainable_variables
            self._own_weights = [variable.numpy() for variable in variables]
            for variable, average in zip(variables, optimizers.averages(self.model.optimizer, variables), strict=True):
                variable.assign(average)

    def on_test_end(self, logs: Any = None) -> None:
        """Put the model's own weights back."""
        for variable, value in zip(self.model.trainable_variables, self._own_weights, strict=False):
            variable.assign(value)
        self._own_weights = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the row, the state and, where they are the best, the weights."""
        # The last step of an epoch may break the weights unseen: nothing of that is kept.
        self._check_finite("val_loss", logs)
        row = {"epoch": float(epoch + 1), **{name: float(value) for name, value in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self._started, 3)
        self.progress.rows.append(row)
        self._keep_best(row)
        checkpoints.save(self._state_path, self.model, self.progress)
        files.write_csv(self._folder / "history.csv", self.progress.rows)
        if self.out_of_patience():
            self.model.stop_training = True

    def _keep_best(self, row: Row) -> None:
        if history.best_row(self.progress.rows, monitor=self._monitor) != self.progress.epochs - 1:
            return
        value = row[self._monitor]
        if value != self.progress.best:
            self.progress.improved_epoch = self.progress.epochs
        self.progress.best, self.progress.best_epoch = value, self.progress.epochs
        with self._averaged():
            checkpoints.save_weights(self.best_path, self.model)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        self.on_test_begin()
        try:
            yield
        finally:
            self.on_test_end()

    def _check_finite(self, name: str, logs: dict[str, float] | None) -> None:
        if math.isfinite((logs or {}).get(name, 0.0)):
            return
        kept = (
            f"the best weights so far, of epoch {self.progress.best_epoch}, are in {self.best_path}"
            if self.progress.best_epoch
            else "no epoch was finished before"
        )
        raise TrainingDivergedError(
            f"the loss became NaN or infinite in epoch {self.progress.epochs + 1}, step {self._step}; {kept}. Start again with "
            f"another --out and a lower --training.learning-rate (now {self._training.learning_rate:g}), set --training.clip-norm, "
            "or look for broken labels"
        )

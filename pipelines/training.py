"""fit(): optimiser, schedule, averaging, early stopping, the best epoch, and going on after a kill."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from pipelines import checkpoints, history, options, runs
from pipelines.checkpoints import Progress, Row
from pipelines.options import TrainingOptions
from pipelines.progress import ProgressBar


class TrainingDivergedError(runs.RunError):
    """The loss is no longer a number; the message names the step and what was kept."""


def fit(
    model: keras.Model,
    train: Callable[[range], Any],
    validation: Any,
    how: TrainingOptions,
    *,
    steps: int,
    loss: Any,
    metrics: Sequence[Any],
    folder: Path,
) -> list[Row]:
    """Train until the last epoch or until patience ends, then put the best epoch's weights into the model.

    train: all batches of a range of epochs, as one tf.data stream; `steps` of them make an epoch. validation: tf.data.
    folder: the run folder; continues from its checkpoint where there is one. Returns the rows of history.csv.
    how.monitor: a column that this loss and these metrics give (`options.check_monitor`).
    Raises TrainingDivergedError; RunError for a checkpoint that is damaged or of another network.
    """
    epochs = options.epoch_limit(how.epochs)
    if how.deterministic:
        _make_deterministic()
    model.compile(optimizer(how, steps=steps, epochs=epochs), loss=loss, metrics=list(metrics), jit_compile=False)
    keeper = _Keeper(model, how, folder)
    if keeper.progress.epochs < epochs and not keeper.out_of_patience():
        with ProgressBar(epochs=epochs, steps=steps, start=keeper.progress.epochs) as bar:
            model.fit(
                train(range(keeper.progress.epochs, epochs)),
                validation_data=validation,
                initial_epoch=keeper.progress.epochs,
                epochs=epochs,
                steps_per_epoch=steps,
                callbacks=[keeper, bar],
                shuffle=False,
                verbose=0,
            )
    checkpoints.load_weights(keeper.best_path, model)
    return keeper.progress.rows


def optimizer(how: TrainingOptions, *, steps: int, epochs: int) -> keras.optimizers.Optimizer:
    """The optimiser with its schedule. Biases and normalisation are not decayed (arXiv 1812.01187, section 3.1)."""
    common: dict[str, Any] = {
        "learning_rate": learning_rate(how, steps=steps, epochs=epochs),
        "weight_decay": how.weight_decay or None,
        "global_clipnorm": how.clip_norm,
        "use_ema": how.ema is not None,
        "ema_momentum": how.ema or 0.99,
    }
    if how.optimizer == "sgd":
        found = keras.optimizers.SGD(momentum=how.momentum, nesterov=how.nesterov, **common)
    else:
        found = keras.optimizers.AdamW(**{**common, "weight_decay": how.weight_decay})
    if how.weight_decay:
        found.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return found


def learning_rate(how: TrainingOptions, *, steps: int, epochs: int) -> Any:
    """Linear warm-up from 0, then half a cosine to 0, or constant. A pure function of the step.

    A run of no more epochs than the warm-up (one epoch, PIPELINES_TINY) warms up over its first half.
    """
    warmup = math.ceil((how.warmup_epochs if how.warmup_epochs < epochs else epochs / 2) * steps)
    if how.schedule == "constant" and warmup == 0:
        return how.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else how.learning_rate,
        decay_steps=max(epochs * steps - warmup, 1),
        # A cosine that falls to its own start is constant.
        alpha=1.0 if how.schedule == "constant" else 0.0,
        warmup_target=how.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def _make_deterministic() -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


class _Keeper(keras.callbacks.Callback):
    """Writes history and state after each epoch, keeps the best weights, and ends training in time."""

    def __init__(self, model: keras.Model, how: TrainingOptions, folder: Path) -> None:
        super().__init__()
        self.set_model(model)
        self._how, self._folder = how, folder
        self._state_path = folder / "checkpoints" / "last.npz"
        self.best_path = folder / "checkpoints" / "best.weights.h5"
        self.best_path.parent.mkdir(exist_ok=True)
        self.progress = checkpoints.load(self._state_path, model) if self._state_path.exists() else Progress()
        self._own_weights: list[Any] = []
        self._step = 0

    def out_of_patience(self) -> bool:
        return self._how.patience is not None and self.progress.waited() >= self._how.patience

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._step = batch + 1
        self._check_finite("loss", logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Validate the averaged weights. Copied, since Keras' SwapEMAWeights swaps by adding, which rounds."""
        if self._how.ema is not None:
            self._own_weights = [variable.numpy() for variable in self.model.trainable_variables]
            for variable, average in zip(self.model.trainable_variables, _averages(self.model), strict=True):
                variable.assign(average)

    def on_test_end(self, logs: Any = None) -> None:
        for variable, value in zip(self.model.trainable_variables, self._own_weights, strict=False):
            variable.assign(value)
        self._own_weights = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        # The last step of an epoch may break the weights unseen: nothing of that is kept.
        self._check_finite("val_loss", logs)
        row = {"epoch": float(epoch + 1), **{name: float(value) for name, value in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self._started, 3)
        self.progress.rows.append(row)
        self._keep_best(row)
        checkpoints.save(self._state_path, self.model, self.progress)
        runs.write_csv(self._folder / "history.csv", self.progress.rows)
        if self.out_of_patience():
            self.model.stop_training = True

    def _keep_best(self, row: Row) -> None:
        if history.best_row(self.progress.rows, monitor=self._how.monitor) != self.progress.epochs - 1:
            return
        value = row[self._how.monitor]
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
            f"another --out and a lower --training.learning-rate (now {self._how.learning_rate:g}), set --training.clip-norm, "
            "or look for broken labels"
        )


def _averages(model: keras.Model) -> list[Any]:
    """Keras keeps them in this attribute only; `checkpoints` finds them among the optimiser's variables."""
    averages: list[Any] = model.optimizer._model_variables_moving_average
    return averages

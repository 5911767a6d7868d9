"""fit(): phases, averaging, early stopping, the best epoch, and going on after a kill."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from pipelines import checkpoints, history, optimizers, options, phases, precision, runs
from pipelines.checkpoints import Row
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
    class_weights: Sequence[float] | None = None,
) -> list[Row]:
    """Train until the last epoch or until patience ends, then put the best epoch's weights into the model.

    train: all batches of a range of epochs, as one tf.data stream; `steps` of them make an epoch. validation: tf.data.
    folder: the run folder; continues from its checkpoint where there is one. Returns the rows of history.csv.
    how.monitor: a column that this loss and these metrics give (`options.check_monitor`).
    class_weights: the weight of each class's examples in the training loss (labels are then (b, classes), shares of each class).
    Raises TrainingDivergedError; RunError for a checkpoint that is damaged or of another network, and for head epochs without
    a layer named "backbone".
    """
    epochs = options.epoch_limit(how.epochs)
    if how.deterministic:
        _make_deterministic()
    if how.l2:
        penalise(model, l2=how.l2)
    parts = phases.plan(model, how)
    keeper = _Keeper(model, how, folder, last_start=parts[-1].start)
    pending = [part for part in parts if part.stop > keeper.progress.epochs]
    if pending and not keeper.out_of_patience():
        with (
            precision.of_training(how.precision),
            ProgressBar(epochs=epochs, steps=steps, start=keeper.progress.epochs) as bar,
        ):
            for part in pending:
                with phases.frozen(model, part.frozen):
                    optimizer = part.optimizer(model, how, steps=steps)
                    model.compile(optimizer, loss=loss, metrics=list(metrics), jit_compile=False)
                    keeper.restore(part)
                    batches = train(range(keeper.progress.epochs, part.stop))
                    model.fit(
                        batches if class_weights is None else weighted(batches, class_weights),
                        validation_data=validation,
                        initial_epoch=keeper.progress.epochs,
                        epochs=part.stop,
                        steps_per_epoch=steps,
                        callbacks=[keeper, bar],
                        shuffle=False,
                        verbose=0,
                    )
    checkpoints.load_weights(keeper.best_path, model)
    return keeper.progress.rows


def penalise(model: keras.Model, *, l2: float) -> None:
    """Add l2 x the sum of the squared kernels (of the layers that learn) to the model's loss."""
    for variable in model.variables:
        if variable.name.endswith("kernel"):
            variable.regularizer = keras.regularizers.L2(l2)


def balanced(counts: Sequence[int]) -> list[float]:
    """Class weights by which every class counts the same, 1 on average over the examples: n / (classes x count)."""
    return [sum(counts) / (len(counts) * count) for count in counts]


def weighted(batches: Any, class_weights: Sequence[float]) -> Any:
    """Batches with a weight for each example, by which each class's share of a mixed label counts as that class does.

    The labels' shares are weighted and brought back to a sum of 1, and the sum they had weights the example: its loss is then the
    sum over the classes of weight x share x loss. (Keras' own `class_weight` takes the largest class of a mixed label.)
    """
    weights = keras.ops.convert_to_tensor(class_weights, "float32")

    def weigh(inputs: Any, labels: Any) -> tuple[Any, Any, Any]:
        shares = labels * weights
        total = keras.ops.sum(shares, axis=-1)
        return inputs, shares / total[:, None], total

    return batches.map(weigh)


def _make_deterministic() -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


class _Keeper(keras.callbacks.Callback):
    """Writes history and state after each epoch, keeps the best weights, and ends training in time."""

    def __init__(self, model: keras.Model, how: TrainingOptions, folder: Path, *, last_start: int) -> None:
        """last_start: epochs before the last phase, which patience does not cut short."""
        super().__init__()
        self.set_model(model)
        self._how, self._folder, self._last_start = how, folder, last_start
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
        return self._how.patience is not None and self.progress.waited(since=self._last_start) >= self._how.patience

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._step = batch + 1
        self._check_finite("loss", logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Validate the averaged weights. Copied, since Keras' SwapEMAWeights swaps by adding, which rounds."""
        if self._how.ema is not None:
            variables = self.model.trainable_variables
            self._own_weights = [variable.numpy() for variable in variables]
            for variable, average in zip(variables, optimizers.averages(self.model.optimizer, variables), strict=True):
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

"""fit(): phases, averaging, early stopping, the best epoch, and going on after a kill."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from pipelines.classify import class_weights as classify_class_weights
from pipelines.record.history import Row
from pipelines.training import checkpoints, options, phases, precision
from pipelines.training.keeper import EpochRecorder
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar


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
    keeper = EpochRecorder(model, how, folder, last_start=parts[-1].start)
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
                        batches if class_weights is None else classify_class_weights.weighted(batches, class_weights),
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


def _make_deterministic() -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()

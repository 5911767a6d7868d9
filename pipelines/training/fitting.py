"""fit(): phases, averaging, early stopping, the best epoch, and going on after a kill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from pipelines.record.history import Row
from pipelines.training import checkpoints, distribution, options, phases, precision
from pipelines.training.keeper import EpochRecorder
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar


@dataclass(frozen=True, kw_only=True)
class Data:
    """The examples of a training."""

    train: Callable[[range], Any]
    """All batches of a range of epochs, as one tf.data stream. Their order and draws are functions of (seed, epoch, index), so that a
    worker's share is a slice of the order."""
    validation: Any
    """tf.data of the examples that choose the epoch."""
    steps: int
    """Batches of an epoch."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is minimised, and what is measured after each epoch."""

    loss: Any
    """As Keras' `compile` takes it: one loss, or one per output."""
    metrics: Sequence[Any]
    """Columns of history.csv beside the loss."""
    monitor: str
    """The column that chooses the best epoch (`options.check_monitor`), unless the options name one."""


def fit(model: keras.Model, data: Data, objective: Objective, training: TrainingOptions, folder: Path) -> list[Row]:
    """Train until the last epoch or until patience ends, then put the best epoch's weights into the model.

    folder: the run folder; training continues from its checkpoint where there is one. Returns the rows of history.csv.
    Raises TrainingDivergedError; RunError for a checkpoint that is damaged or of another network, and for head epochs without
    a layer named "backbone".
    """
    if training.deterministic:
        _make_deterministic()
    if training.l2:
        penalise(model, l2=training.l2)
    parts = phases.plan(model, training)
    monitor = training.monitor or objective.monitor
    recorder = EpochRecorder(model, training, folder, monitor=monitor, last_start=parts[-1].start)
    pending = [part for part in parts if part.stop > recorder.progress.epochs]
    if pending and not recorder.out_of_patience():
        epochs = options.epoch_limit(training.epochs)
        with (
            precision.of_training(training.precision),
            ProgressBar(epochs=epochs, steps=data.steps, start=recorder.progress.epochs) as bar,
        ):
            for part in pending:
                with phases.frozen(model, part.frozen):
                    with distribution.scope():
                        optimizer = part.optimizer(model, training, steps=data.steps)
                        model.compile(
                            optimizer, loss=objective.loss, metrics=list(objective.metrics), jit_compile=False
                        )
                    recorder.restore(part)
                    model.fit(
                        data.train(range(recorder.progress.epochs, part.stop)),
                        validation_data=data.validation,
                        initial_epoch=recorder.progress.epochs,
                        epochs=part.stop,
                        steps_per_epoch=data.steps,
                        callbacks=[recorder, bar],
                        shuffle=False,
                        verbose=0,
                    )
    checkpoints.load_weights(recorder.best_path, model)
    return recorder.progress.rows


def penalise(model: keras.Model, *, l2: float) -> None:
    """Add l2 x the sum of the squared kernels (of the layers that learn) to the model's loss."""
    for variable in model.variables:
        if variable.name.endswith("kernel"):
            variable.regularizer = keras.regularizers.L2(l2)


def _make_deterministic() -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()

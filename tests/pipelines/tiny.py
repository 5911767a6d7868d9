"""Tiny networks and streams whose training NumPy can repeat, shared by the tests of training and of checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipelines.training import fitting
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar

PLAIN = TrainingOptions(
    precision="float32",  # exact numbers are compared
    epochs=3,
    optimizer="sgd",
    learning_rate=0.5,
    momentum=0.0,
    weight_decay=0.0,
    schedule="constant",
    warmup_epochs=0.0,
    monitor="val_loss",
)
"""w -= 0.5 gradient."""


def one_weight() -> keras.Model:
    """The network y = w x with w = 0."""
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])


def output_plus_label(label: Any, output: Any) -> Any:
    """A loss whose gradient with respect to w is x: with x = 1 and the rate 0.5 each step lowers w by exactly 0.5."""
    return keras.ops.mean(output + label)


def stream(x: Any, y: Any, *, batch: int) -> Callable[[range], tf.data.Dataset]:
    """What `fit` takes as `train`: the same examples, in order, in every epoch."""
    data = tf.data.Dataset.from_tensor_slices((np.asarray(x, np.float32), np.asarray(y, np.float32)))
    return lambda span: data.batch(batch).repeat(len(span))


def scripted(values: Sequence[float]) -> tf.data.Dataset:
    """Validation data whose loss (`output_plus_label`) and mean label are the next value at each epoch."""
    pending = iter(values)

    def label() -> Iterator[tuple[Any, Any]]:
        yield np.zeros((1, 1), np.float32), np.full((1, 1), next(pending), np.float32)

    signature = (tf.TensorSpec((1, 1), tf.float32), tf.TensorSpec((1, 1), tf.float32))
    return tf.data.Dataset.from_generator(label, output_signature=signature).apply(
        tf.data.experimental.assert_cardinality(1)
    )


def fit_scripted(folder: Path, values: Sequence[float], **changes: Any) -> tuple[keras.Model, list[dict[str, float]]]:
    """Two steps an epoch with the weight at -1, -2, -3 … after them, and the validation figures as given."""
    how = TrainingOptions(**{**PLAIN.__dict__, "epochs": len(values), **changes})
    model = one_weight()
    label = keras.metrics.MeanMetricWrapper(lambda label, output: label, name="accuracy")
    train = stream(np.ones((2, 1)), np.zeros((2, 1)), batch=1)
    rows = fitting.fit(
        model,
        fitting.Data(train=train, validation=scripted(values), steps=2),
        fitting.Objective(loss=output_plus_label, metrics=[label], monitor="val_loss"),
        how,
        folder,
    )
    return model, rows


def recorded_weights(monkeypatch: Any) -> list[list[np.ndarray]]:
    """A list that receives the trainable weights after each step of every later `fit`."""
    steps: list[list[np.ndarray]] = []

    def record(self: ProgressBar, batch: int, logs: Any = None) -> None:
        steps.append([variable.numpy().copy() for variable in self.model.trainable_variables])

    monkeypatch.setattr(ProgressBar, "on_train_batch_end", record)
    return steps


def noisy_network(*, seed: int = 0) -> keras.Model:
    """Dense, batch normalisation and dropout: every kind of state that a checkpoint has to bring back."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.8),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2),
        ]
    )

"""Batches for training and scoring. The order and every random draw are pure functions of (seed, epoch, index).

A run that is killed and resumed at epoch e therefore sees what the uninterrupted run saw (`fit` on arrays repeats one order in every
epoch, and `tf.data`'s shuffle starts anew with each process).
"""

import functools
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vision import augment
from vision.datasets.labelled import Examples


def training(
    examples: Examples, epochs: range, *, classes: int, batch_size: int, seed: int, flip: bool, shift: float
) -> tf.data.Dataset:
    """All batches of the epochs, one epoch after the other; each epoch holds every example once.

    Yields (images uint8 (b, height, width, 3), one-hot labels float32 (b, classes)); the last batch of an epoch may be smaller.
    """
    load = functools.partial(_load, examples, flip=flip, shift=shift)
    orders = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(
        lambda epoch: tf.data.Dataset.from_tensor_slices(_drawn(epoch, len(examples), seed)).batch(batch_size)
    )
    return _loaded(orders, load, examples, classes=classes)


def scoring(examples: Examples, *, classes: int, batch_size: int) -> tf.data.Dataset:
    """Every example once, in order, unchanged; shapes as `training`."""
    load = functools.partial(_load, examples, flip=False, shift=0.0)
    draws = tf.zeros([len(examples), augment.DRAWS])
    orders = tf.data.Dataset.from_tensor_slices((tf.range(len(examples)), draws)).batch(batch_size)
    return _loaded(orders, load, examples, classes=classes)


def steps(examples: Examples, *, batch_size: int) -> int:
    """Batches in one epoch."""
    return -(-len(examples) // batch_size)


def _drawn(epoch: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Order of the examples in this epoch, int32 (count,), and each one's draws, float32 (count, DRAWS), in that order."""
    order_seed = tf.stack([tf.constant(2 * seed, tf.int64), epoch])
    draw_seed = tf.stack([tf.constant(2 * seed + 1, tf.int64), epoch])
    order = tf.random.experimental.stateless_shuffle(tf.range(count), order_seed)
    draws = tf.random.stateless_uniform([count, augment.DRAWS], draw_seed)
    return order, tf.gather(draws, order)


def _load(
    examples: Examples, positions: NDArray[np.int32], draws: NDArray[np.float32], *, flip: bool, shift: float
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = np.empty((len(positions), *examples.pool.shape[1:3], 3), np.uint8)
    rows = examples.index[positions]
    for slot, (row, numbers) in enumerate(zip(rows.tolist(), draws.tolist(), strict=True)):
        images[slot] = augment.augmented(examples.pool[row], numbers, flip=flip, shift=shift)
    return images, examples.labels[positions]


def _loaded(orders: tf.data.Dataset, load: Any, examples: Examples, *, classes: int) -> tf.data.Dataset:
    def batch(positions: Any, draws: Any) -> tuple[Any, Any]:
        images, labels = tf.numpy_function(load, [positions, draws], [tf.uint8, tf.int64], stateful=False)
        return tf.ensure_shape(images, [None, *examples.shape]), tf.one_hot(tf.ensure_shape(labels, [None]), classes)

    return orders.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

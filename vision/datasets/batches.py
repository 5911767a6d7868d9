"""Batches for training and scoring. The order and every random draw are pure functions of (seed, epoch, index).

A run that is killed and resumed at epoch e therefore sees what the uninterrupted run saw (`fit` on arrays repeats one order in every
epoch, and `tf.data`'s shuffle starts anew with each process).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from vision.augment import batch, draws
from vision.augment.options import Augmentation
from vision.datasets.labelled import Examples

AHEAD = 2
"""Batches prepared in advance, by one thread: on a CPU, where the network itself uses every core, more threads are slower."""
IN_GRAPH_BYTES = 2**28
"""Up to this size the images of a split are also held as a tensor, which saves a call of Python per batch."""


def training(
    examples: Examples, epochs: range, *, classes: int, batch_size: int, seed: int, augmentation: Augmentation
) -> tf.data.Dataset:
    """Stream all batches of the epochs, one epoch after the other; each epoch holds every example once.

    Yields (images uint8 (b, height, width, 3), one-hot labels float32 (b, classes)); the last batch of an epoch may be smaller.
    """
    orders = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(
        lambda epoch: tf.data.Dataset.from_tensor_slices(_drawn(epoch, len(examples), seed, augmentation)).batch(
            batch_size
        )
    )
    load = _loader(examples, classes=classes)

    def changed(positions: Any, drawn: Any) -> tuple[Any, Any]:
        images, labels = batch.augmented(*load(positions), drawn, augmentation)
        return _coloured(images), labels

    return orders.map(changed).prefetch(AHEAD)


def scoring(examples: Examples, *, classes: int, batch_size: int) -> tf.data.Dataset:
    """Stream every example once, in order, unchanged; shapes as `training`."""
    load = _loader(examples, classes=classes)

    def unchanged(positions: Any) -> tuple[Any, Any]:
        images, labels = load(positions)
        return _coloured(images), labels

    orders = tf.data.Dataset.range(len(examples)).batch(batch_size)
    return orders.map(unchanged).prefetch(AHEAD)


def steps(examples: Examples, *, batch_size: int) -> int:
    """Count the batches of one epoch."""
    return -(-len(examples) // batch_size)


def _drawn(epoch: Any, count: int, seed: int, augmentation: Augmentation) -> tuple[Any, Any]:
    """Draw the order of the examples in this epoch, int32 (count,), and their random numbers, float32 (count, columns), in that order."""
    order_seed = tf.stack([tf.constant(2 * seed, tf.int64), epoch])
    order = tf.random.experimental.stateless_shuffle(tf.range(count), order_seed)
    return order, tf.gather(draws.draw(count, epoch=epoch, seed=seed, augmentation=augmentation), order)


def _loader(examples: Examples, *, classes: int) -> Callable[[Any], tuple[Any, Any]]:
    """Make a function of positions (b,) to images uint8 (b, height, width, 1 or 3) and one-hot labels float32 (b, classes)."""
    size, shape = len(examples) * examples.pool[0].nbytes, examples.pool.shape[1:]
    # The pipeline runs there, also where the network runs on a GPU.
    with tf.device("CPU"):
        labels = tf.constant(examples.labels)
        held = tf.constant(examples.pool[examples.index]) if size <= IN_GRAPH_BYTES else None

    def load(positions: Any) -> tuple[Any, Any]:
        if held is None:
            images = tf.numpy_function(
                lambda at: np.asarray(examples.pool[examples.index[at]]), [positions], tf.uint8, stateful=False
            )
        else:
            images = tf.gather(held, positions)
        return tf.ensure_shape(images, [None, *shape]), tf.one_hot(tf.gather(labels, positions), classes)

    return load


def _coloured(images: Any) -> Any:
    """Repeat grey, so that there are three channels."""
    return tf.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images

"""Random changes to training images, cheap enough that a CPU does not wait for them.

Everything works on whole batches, in the graph: a Python function in the input pipeline would hold up a small network. The draws
come from the caller, so that they can be a pure function of (seed, epoch, index).
"""

from typing import Any

import tensorflow as tf

from vision.augment import geometry
from vision.augmentation import Augmentation


def draws(count: int, *, epoch: Any, seed: int, how: Augmentation) -> Any:
    """What is random about each of `count` images in this epoch, float32 (count, columns): only what `how` needs.

    epoch: int64 scalar, 0 or more. seed: 0 to 2**32 - 1.
    """
    drawn = []
    if how.flip:
        drawn.append(_alternating(count, epoch=epoch, seed=seed))
    uniform = sum(_columns(how).values()) - len(drawn)
    drawn.append(tf.random.stateless_uniform([count, uniform], _seed(seed, epoch)))
    return tf.concat(drawn, axis=1)


def augmented(images: Any, labels: Any, drawn: Any, how: Augmentation) -> tuple[Any, Any]:
    """The images and their labels, changed as `how` says and `drawn` decides.

    images: uint8 (batch, height, width, channels), height and width known. labels: float32 (batch, classes). drawn: the rows of
    `draws` that belong to these images. Returns both with the same shape and dtype.
    """
    columns = _columns(how)
    parts = dict(zip(columns, tf.split(drawn, list(columns.values()), axis=1), strict=True)) if columns else {}
    mirrored = parts["flip"][:, 0] < 0.5 if how.flip else None
    return geometry.moved(images, mirrored=mirrored, shifts=parts.get("shift"), shift=how.shift), labels


def _columns(how: Augmentation) -> dict[str, int]:
    """Draws that each switched-on kind takes for one image, in their order."""
    columns = {"flip": (how.flip, 1), "shift": (how.shift > 0, 2)}
    return {name: count for name, (on, count) in columns.items() if on}


def _alternating(count: int, *, epoch: Any, seed: int) -> Any:
    """0 for a random half of the images and 0.5 for the others, in the next epoch the other way round: float32 (count, 1)."""
    places = tf.random.experimental.stateless_shuffle(tf.range(count), _seed(seed, tf.constant(-1, tf.int64)))
    return tf.cast((places + tf.cast(epoch, tf.int32)) % 2, tf.float32)[:, None] / 2


def _seed(seed: int, epoch: Any) -> Any:
    """Of the draws; the order of the examples has the even seeds (vision.datasets.batches)."""
    return tf.stack([tf.constant(2 * seed + 1, tf.int64), epoch])

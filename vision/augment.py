"""Random changes to training images, cheap enough that a CPU does not wait for them.

Two gathers on uint8 move and mirror a whole batch, in the graph: a Python function in the input pipeline would hold up a small
network. The draws come from the caller, so that they can be a pure function of (seed, epoch, index).
"""

from typing import Any

import tensorflow as tf

DRAWS = 3
"""Random numbers, each 0 to 1, that `augmented` uses for one image."""


def augmented(images: Any, draws: Any, *, flip: bool, shift: float) -> Any:
    """Mirror half of the images, then move each by up to `shift` of its side; the border pixel fills the gap.

    images: uint8 (batch, height, width, channels), height and width known. draws: float32 (batch, DRAWS), uniform in [0, 1).
    shift: 0 to 0.5, share of the side. Returns images of the same shape and dtype.
    """
    height, width = images.shape[1:3]
    down, right = round(shift * height), round(shift * width)
    rows = _moved(draws[:, 1], height, reach=down)
    columns = _moved(draws[:, 2], width, reach=right)
    if flip:
        columns = tf.where(draws[:, :1] < 0.5, width - 1 - columns, columns)
    if down:
        images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1) if flip or right else images


def _moved(draws: Any, side: int, *, reach: int) -> Any:
    """Which pixel each place shows after a move by a whole number from -reach to reach, each equally likely: int32 (batch, side)."""
    offsets = tf.minimum(tf.cast(draws * (2 * reach + 1), tf.int32), 2 * reach) - reach
    return tf.clip_by_value(tf.range(side) - offsets[:, None], 0, side - 1)

"""Flip and shift: two gathers on uint8 for a whole batch, in the graph."""

from typing import Any

import tensorflow as tf


def moved(images: Any, *, mirrored: Any = None, shifts: Any = None, shift: float = 0.0) -> Any:
    """Mirror some images, then move each by whole pixels, up to `shift` of its side; the border pixel fills the gap.

    images: uint8 (batch, height, width, channels), height and width known. mirrored: bool (batch,), or None. shifts: float32
    (batch, 2), uniform in [0, 1), for rows and columns, or None. shift: 0 to 0.5. Returns images of the same shape and dtype.
    """
    height, width = images.shape[1:3]
    down, right = (0, 0) if shifts is None else (round(shift * height), round(shift * width))
    if down:
        images = tf.gather(images, _moved(shifts[:, 0], height, reach=down), axis=1, batch_dims=1)
    if mirrored is None and not right:
        return images
    columns = _moved(shifts[:, 1], width, reach=right) if right else tf.range(width)[None]
    if mirrored is not None:
        columns = tf.where(mirrored[:, None], width - 1 - columns, columns)
    return tf.gather(images, columns, axis=2, batch_dims=1)


def _moved(draws: Any, side: int, *, reach: int) -> Any:
    """Which pixel each place shows after a move by a whole number from -reach to reach, each equally likely: int32 (batch, side)."""
    offsets = tf.minimum(tf.cast(draws * (2 * reach + 1), tf.int32), 2 * reach) - reach
    return tf.clip_by_value(tf.range(side) - offsets[:, None], 0, side - 1)

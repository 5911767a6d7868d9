"""Random erasing (arXiv 1708.04896): a rectangle of an image becomes noise."""

import math
from typing import Any

import tensorflow as tf

from vision.augment import packed_bytes

AREA = (0.02, 0.33)
"""Smallest and largest share of the image."""
ASPECT = 1 / 0.3
"""Height to width, as shares of the sides, is between this and its inverse."""


def erased(images: Any, draws: Any, *, probability: float) -> Any:
    """Fill a box with independent random levels in some images.

    images: uint8 (batch, height, width, channels), all but batch known. draws: float32 (batch, 5), uniform in [0, 1): whether, area,
    aspect ratio, row, column. probability: 0 to 1. Returns images of the same shape and dtype.
    """
    height, width = images.shape[1:3]
    top, bottom, left, right = boxes(draws[:, 1:], height=height, width=width)
    bottom = tf.where(draws[:, 0] < probability, bottom, top)
    return packed_bytes.pasted(images, _noise(images, draws), (top, bottom, left, right))


def boxes(draws: Any, *, height: int, width: int) -> tuple[Any, Any, Any, Any]:
    """Place a box inside each image: top, bottom, left and right in pixels, the ends exclusive, int32 (batch,) each.

    draws: float32 (batch, 4): area, aspect ratio, row, column. The paper draws again until the box fits; here the ratio is drawn
    from those that fit, evenly in its logarithm; every place is equally likely. A box has at least one pixel.
    """
    area = AREA[0] + (AREA[1] - AREA[0]) * draws[:, 0]
    limit = tf.minimum(math.log(ASPECT), -tf.math.log(area))
    ratio = tf.exp((2 * draws[:, 1] - 1) * limit)
    tall, wide = _pixels(tf.sqrt(area * ratio), height), _pixels(tf.sqrt(area / ratio), width)
    top, left = _start(draws[:, 2], height - tall), _start(draws[:, 3], width - wide)
    return top, top + tall, left, left + wide


def _pixels(share: Any, side: int) -> Any:
    return tf.clip_by_value(tf.cast(share * side + 0.5, tf.int32), 1, side)


def _start(draws: Any, room: Any) -> Any:
    """Draw a whole number from 0 to room, each equally likely."""
    return tf.minimum(tf.cast(draws * tf.cast(room + 1, tf.float32), tf.int32), room)


def _noise(images: Any, draws: Any) -> Any:
    """Draw random numbers in the form of `packed_bytes.packed`; the draws of the first image are their seed."""
    like, _ = packed_bytes.packed(images)
    seed = tf.bitcast(draws[0, 1:3], tf.int32)
    if like.dtype in (tf.int32, tf.int64):
        return tf.random.stateless_uniform(tf.shape(like), seed, minval=None, maxval=None, dtype=like.dtype)
    return tf.cast(tf.random.stateless_uniform(tf.shape(like), seed, maxval=2**16, dtype=tf.int32), like.dtype)

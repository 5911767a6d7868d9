"""MixUp (arXiv 1710.09412) and CutMix (arXiv 1905.04899): two images of a batch in one, and their labels in the same shares.

The other image is the next one of the batch. The order of each epoch is random, so that is any other image with the same probability.
"""

from typing import Any

import tensorflow as tf

from vision.augment import packed_bytes


def mixed(images: Any, labels: Any, *, mixup: Any = None, cutmix: Any = None, choice: Any = None) -> tuple[Any, Any]:
    """Apply one of the two to the whole batch; where both are on, the first row of `choice` decides.

    images: uint8 (batch, height, width, channels), all but batch known. labels: float32 (batch, classes). mixup: float32 (batch, 1),
    cutmix: float32 (batch, 3), as below, or None. choice: float32 (batch, 1), mixup below 0.5, when both are given.
    """
    if mixup is None and cutmix is None:
        return images, labels
    if cutmix is None:
        return blended(images, labels, mixup[:, 0])
    if mixup is None:
        return pasted(images, labels, cutmix)
    return tf.cond(
        choice[0, 0] < 0.5, lambda: blended(images, labels, mixup[:, 0]), lambda: pasted(images, labels, cutmix)
    )


def blended(images: Any, labels: Any, own: Any) -> tuple[Any, Any]:
    """Blend by MixUp. own: each image's own share of the blend, float32 (batch,), 0 to 1, which is rounded to 256ths."""
    parts = tf.cast(tf.round(256 * own), tf.int32)
    share = tf.cast(parts, tf.float32)[:, None] / 256
    return packed_bytes.blended(images, _next(images), parts), labels * share + _next(labels) * (1 - share)


def pasted(images: Any, labels: Any, draws: Any) -> tuple[Any, Any]:
    """Paste by CutMix. draws: float32 (batch, 3): own share of the area, 0 to 1, then the row and column of the box's centre, in [0, 1).

    The box, which has the image's proportions, ends at the border; the labels have the shares of the pixels that remain.
    """
    height, width = images.shape[1:3]
    side = tf.sqrt(1 - draws[:, 0])
    top, bottom = _edges(draws[:, 1], side, height)
    left, right = _edges(draws[:, 2], side, width)
    area = tf.cast((bottom - top) * (right - left), tf.float32)[:, None] / (height * width)
    mixed = packed_bytes.pasted(images, _next(images), (top, bottom, left, right))
    return mixed, labels * (1 - area) + _next(labels) * area


def _edges(centre: Any, share: Any, side: int) -> tuple[Any, Any]:
    """Compute start and end of a box on one axis, int32 (batch,) each."""
    middle, half = centre * side, share * (side / 2)
    start, end = tf.round(middle - half), tf.round(middle + half)
    return (
        tf.cast(tf.clip_by_value(start, 0, side), tf.int32),
        tf.cast(tf.clip_by_value(end, 0, side), tf.int32),
    )


def _next(values: Any) -> Any:
    return tf.roll(values, 1, axis=0)

"""Changes that move pixels: flip, shift, crop, rotation and the geometric operations of a policy.

Whole-pixel moves are gathers on uint8, which cost least. A crop alone is one resampling along the axes; with a rotation or a policy
everything is one affine map and one resampling, whatever is switched on. Pixels are bilinear; beyond the border its pixel repeats.
"""

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from vision.augment.options import Augmentation
from vision.augment.policy import Operations

ASPECT = 4 / 3
"""A crop's width to height is between this and its inverse."""


def moved(
    images: Any, draws: Mapping[str, Any], augmentation: Augmentation, operations: Operations | None = None
) -> Any:
    """Rotate about the centre, cut out, mirror, then shift each image.

    images: uint8 (batch, height, width, channels), height and width known. draws: those of flip, shift, crop and rotate, as
    `vision.augment.draws.named` gives them. Returns images of the same shape and dtype.
    """
    mirrored = draws["flip"][:, 0] < 0.5 if "flip" in draws else None
    if operations is not None or "rotate" in draws:
        return _resampled(images, _map(images, draws, augmentation, operations, mirrored))
    if "crop" in draws:
        images, mirrored = _cropped(images, draws["crop"], reach=augmentation.crop, mirrored=mirrored), None
    return _gathered(images, mirrored=mirrored, shifts=draws.get("shift"), reach=augmentation.shift)


def _gathered(images: Any, *, mirrored: Any, shifts: Any, reach: float) -> Any:
    """Mirror some images, then move each by whole pixels. mirrored: bool (batch,) or None. shifts: (batch, 2) or None."""
    height, width = images.shape[1:3]
    down, right = (0, 0) if shifts is None else (round(reach * height), round(reach * width))
    if down:
        images = tf.gather(images, _places(shifts[:, 0], height, reach=down), axis=1, batch_dims=1)
    if mirrored is None and not right:
        return images
    columns = _places(shifts[:, 1], width, reach=right) if right else tf.range(width)[None]
    if mirrored is not None:
        columns = tf.where(mirrored[:, None], width - 1 - columns, columns)
    return tf.gather(images, columns, axis=2, batch_dims=1)


def _places(draws: Any, side: int, *, reach: int) -> Any:
    """Find the pixel at each place after a move by a whole number from -reach to reach, each equally likely: int32 (batch, side)."""
    offsets = tf.minimum(tf.cast(draws * (2 * reach + 1), tf.int32), 2 * reach) - reach
    return tf.clip_by_value(tf.range(side) - offsets[:, None], 0, side - 1)


def crop_box(draws: Any, *, reach: float) -> tuple[Any, Any]:
    """Compute the share of each side that is kept, and the centre's place, -1 to 1, between its limits: float32 (batch, 2), rows first.

    draws: (batch, 4): area, aspect ratio, row, column. The ratio is drawn evenly in its logarithm, from the part of 3/4 to 4/3 with
    which the box fits into the image, so that the area is always what was drawn.
    """
    area = 1 - reach * draws[:, 0]
    limit = tf.minimum(math.log(ASPECT), -tf.math.log(area))
    ratio = tf.exp((2 * draws[:, 1] - 1) * limit)
    return tf.sqrt(tf.stack([area / ratio, area * ratio], axis=1)), 2 * draws[:, 2:] - 1


def _cropped(images: Any, draws: Any, *, reach: float, mirrored: Any) -> Any:
    """Crop along the axes, which costs half of `_resampled`. A mirrored box has its columns from right to left."""
    kept, centre = crop_box(draws, reach=reach)
    middle = (1 + (1 - kept) * centre) / 2
    start, end = middle - kept / 2, middle + kept / 2
    if mirrored is not None:
        across = tf.stack([tf.zeros_like(mirrored), mirrored], axis=1)
        start, end = tf.where(across, end, start), tf.where(across, start, end)
    # The ends, as computed, may lie a rounding error outside.
    boxes = tf.clip_by_value(tf.concat([start, end], axis=1), 0.0, 1.0)
    size, shape = images.shape[1:3], images.shape[1:]
    pixels = tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)
    return tf.ensure_shape(_levels(pixels), [None, *shape])


def _map(
    images: Any, draws: Mapping[str, Any], augmentation: Augmentation, operations: Operations | None, mirrored: Any
) -> Any:
    """Make the affine maps from places in the result to places in the image, float32 (batch, 2, 3); x first, in pixels."""
    height, width = images.shape[1:3]
    sides = tf.constant([width, height], tf.float32)
    none = tf.zeros([tf.shape(images)[0]])
    angle, shear_x, shear_y, offset = none, none, none, tf.zeros([tf.shape(images)[0], 2])
    scale, middle = tf.ones_like(offset), tf.zeros_like(offset)
    if "rotate" in draws:
        angle = (2 * draws["rotate"][:, 0] - 1) * augmentation.rotate
    if "shift" in draws:
        offset = (2 * draws["shift"][:, ::-1] - 1) * augmentation.shift * sides
    if operations is not None:
        angle += operations.total("rotate")
        shear_x, shear_y = operations.total("shear_x"), operations.total("shear_y")
        offset += tf.stack([operations.total("translate_x"), operations.total("translate_y")], axis=1) * sides
    if "crop" in draws:
        kept, centre = crop_box(draws["crop"], reach=augmentation.crop)
        scale, middle = kept[:, ::-1], ((1 - kept) * centre)[:, ::-1] * (sides - 1) / 2
    if mirrored is not None:
        scale *= tf.stack([tf.where(mirrored, -1.0, 1.0), tf.ones_like(none)], axis=1)
    turn = _turn(angle, shear_x, shear_y)
    linear, half = turn * scale[:, None], (sides - 1) / 2
    moved = half + tf.linalg.matvec(turn, middle) - tf.linalg.matvec(linear, half + offset)
    return tf.concat([linear, moved[..., None]], axis=2)


def _turn(angle: Any, shear_x: Any, shear_y: Any) -> Any:
    """Rotate a sheared image by degrees, anticlockwise to the eye: float32 (batch, 2, 2)."""
    one, turned = tf.ones_like(angle), angle * (math.pi / 180)
    cosine, sine = tf.cos(turned), tf.sin(turned)
    rotation = tf.stack([tf.stack([cosine, -sine], axis=1), tf.stack([sine, cosine], axis=1)], axis=1)
    shear = tf.stack([tf.stack([one, shear_x], axis=1), tf.stack([shear_y, one], axis=1)], axis=1)
    return tf.matmul(rotation, shear)


def _resampled(images: Any, maps: Any) -> Any:
    pixels = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),  # on uint8 the operation drops fractions instead of rounding
        transforms=tf.pad(tf.reshape(maps, [-1, 6]), [[0, 0], [0, 2]]),
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.ensure_shape(_levels(pixels), [None, *images.shape[1:]])


def _levels(pixels: Any) -> Any:
    """Round pixels, 0 to 255, to uint8."""
    return tf.cast(pixels + 0.5, tf.uint8)

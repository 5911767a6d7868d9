"""Brightness, contrast, saturation and the colour operations of a policy: all affine ones of an image are one matrix.

Contrast and automatic contrast need the image's mean and extremes; a sample of its pixels is enough for these.
"""

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from vision.augment import packed_bytes
from vision.augment.policy import ROUNDS, Operations

LUMINANCE = (0.299, 0.587, 0.114)
"""Share of red, green and blue in grey (ITU-R BT.601)."""
SAMPLED = 32
"""About so many rows and columns of an image are used for its statistics."""
_PIXELS = 16
"""Pixels that one row of the matrix product takes: a matrix of 3 x 3 alone would leave the processor's wide units idle."""


@dataclass(frozen=True, kw_only=True)
class Affine:
    """Each colour c becomes c matrix + offset, in levels of 0 to 255."""

    matrix: Any
    """float32 (batch, channels, channels)."""
    offset: Any
    """float32 (batch, 1, channels)."""
    sample: Any
    """float32 (batch, n, channels), pixels of the images before the change."""

    def then(self, matrix: Any, offset: Any) -> "Affine":
        """Append another change."""
        return Affine(matrix=self.matrix @ matrix, offset=self.offset @ matrix + offset, sample=self.sample)

    def seen(self) -> Any:
        """Return the sample after the change, float32 (batch, n, channels), 0 to 255."""
        return tf.clip_by_value(self.sample @ self.matrix + self.offset, 0.0, 255.0)


def jittered(images: Any, draws: Any, *, reach: float, operations: Operations | None = None) -> Any:
    """Change brightness, contrast and saturation, in this order, each by a factor of 1 - reach to 1 + reach, then by a policy.

    images: uint8 (batch, height, width, channels), height, width and channels known. draws: float32 (batch, 3), uniform in [0, 1),
    or None. Levels are clipped to 0 and 255 once, at the end. Returns images of the same shape and dtype.
    """
    change = _nothing(images)
    if draws is not None:
        factors = 1 + (2 * draws - 1) * reach
        change = brightness(change, factors[:, 0])
        change = contrast(change, factors[:, 1])
        change = saturation(change, factors[:, 2])
    if operations is None:
        return _applied(images, change)
    for turn in range(ROUNDS):
        change = brightness(change, 1 + operations.magnitude("brightness", turn))
        change = contrast(change, 1 + operations.magnitude("contrast", turn))
        change = saturation(change, 1 + operations.magnitude("saturation", turn))
        change = auto_contrast(change, operations.chosen("auto_contrast", turn))
    return _tabled(_applied(images, change), operations)


def brightness(change: Affine, factor: Any) -> Affine:
    """Multiply every level by `factor`, float32 (batch,)."""
    return change.then(_diagonal(change, factor), 0.0)


def contrast(change: Affine, factor: Any) -> Affine:
    """Multiply the distance to the image's mean grey by `factor`, float32 (batch,)."""
    mean = tf.reduce_mean(change.seen() @ _grey(change), axis=1, keepdims=True)
    return change.then(_diagonal(change, factor), (1 - factor)[:, None, None] * mean)


def saturation(change: Affine, factor: Any) -> Affine:
    """Multiply the distance of every pixel to its own grey by `factor`, float32 (batch,)."""
    return change.then(_diagonal(change, factor) + (1 - factor)[:, None, None] * _grey(change), 0.0)


def auto_contrast(change: Affine, chosen: Any) -> Affine:
    """Stretch each channel to 0..255 where `chosen`, bool (batch,); a flat channel stays."""
    seen = change.seen()
    low, high = tf.reduce_min(seen, axis=1, keepdims=True), tf.reduce_max(seen, axis=1, keepdims=True)
    wanted = chosen[:, None, None] & (high > low)
    scale = tf.where(wanted, 255 / tf.maximum(high - low, 1e-3), 1.0)
    return change.then(tf.linalg.diag(scale[:, 0]), tf.where(wanted, -low * scale, 0.0))


def _nothing(images: Any) -> Affine:
    height, width, channels = images.shape[1:]
    sample = images[:, :: max(1, height // SAMPLED), :: max(1, width // SAMPLED)]
    batch = tf.shape(images)[0]
    return Affine(
        matrix=tf.eye(channels, batch_shape=[batch]),
        offset=tf.zeros([batch, 1, channels]),
        sample=tf.cast(tf.reshape(sample, [batch, -1, channels]), tf.float32),
    )


def _diagonal(change: Affine, factor: Any) -> Any:
    return factor[:, None, None] * tf.eye(change.matrix.shape[-1])


def _grey(change: Affine) -> Any:
    """Make a matrix that turns every colour grey, float32 (channels, channels); one channel is grey already."""
    return tf.constant([[share] * 3 for share in LUMINANCE]) if change.matrix.shape[-1] == 3 else tf.eye(1)


def _applied(images: Any, change: Affine) -> Any:
    """Apply a change as one matrix product over groups of pixels, with the matrix repeated along the diagonal."""
    height, width, channels = images.shape[1:]
    group = math.gcd(height * width, _PIXELS)
    block = tf.eye(group)[None, :, None, :, None] * change.matrix[:, None, :, None, :]
    block = tf.reshape(block, [-1, group * channels, group * channels])
    pixels = tf.cast(tf.reshape(images, [-1, height * width // group, group * channels]), tf.float32)
    changed = pixels @ block + tf.tile(change.offset + 0.5, [1, 1, group])
    return tf.reshape(tf.cast(tf.clip_by_value(changed, 0.0, 255.0), tf.uint8), [-1, height, width, channels])


def _tabled(images: Any, operations: Operations) -> Any:
    """Posterize, which keeps 4 to 8 bits, then solarize, which inverts levels from 128 on, on packed bytes."""
    octets, size = packed_bytes.packed(images)
    bits = tf.reduce_max(tf.abs([operations.magnitude("posterize", turn) for turn in range(ROUNDS)]), axis=0)
    kept = tf.bitwise.left_shift(255, tf.cast(bits + 0.5, tf.int32)) & 255
    octets &= packed_bytes.repeated(tf.cast(kept, tf.uint8), size)[:, None, None]

    turned = tf.reduce_any([operations.chosen("solarize", turn) for turn in range(ROUNDS)], axis=0)
    where = packed_bytes.repeated(tf.cast(turned, tf.uint8), size)[:, None, None]
    bright = tf.bitwise.right_shift(octets, tf.constant(7, octets.dtype)) & where
    return packed_bytes.unpacked(octets ^ (bright * tf.constant(255, octets.dtype)), images.shape)

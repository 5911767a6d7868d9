"""Images packed into integers of up to eight bytes, on which arithmetic costs an eighth: boxes are pasted, images blended."""

from typing import Any

import tensorflow as tf

_WORDS = {8: tf.int64, 4: tf.int32, 2: tf.int16, 1: tf.uint8}


def packed(images: Any) -> tuple[Any, int]:
    """Pack images into integers (batch, height, words), and return the bytes of one: the most that divide a row of pixels.

    images: uint8 (batch, height, width, channels), all but batch known.
    """
    height, width, channels = images.shape[1:]
    size = next(size for size in _WORDS if width * channels % size == 0)
    return _joined(tf.reshape(images, [-1, height, width * channels // size, size]), size), size


def unpacked(packed: Any, shape: Any) -> Any:
    """Unpack images: uint8 of this shape, whose first entry does not matter."""
    return tf.reshape(tf.bitcast(packed, tf.uint8), [-1, *shape[1:]])


def repeated(values: Any, size: int) -> Any:
    """Repeat values uint8 (batch,) in every byte of integers (batch,)."""
    return _joined(tf.repeat(values[:, None], size, axis=1), size)


def pasted(images: Any, others: Any, boxes: tuple[Any, Any, Any, Any]) -> Any:
    """Paste `others` into the boxes of `images`.

    images: uint8 (batch, height, width, channels), all but batch known. others: the same, or integers as `packed` makes them. boxes:
    top, bottom, left, right, int32 (batch,) each, in pixels, the ends exclusive. Returns images of the same shape.
    """
    height, width, channels = images.shape[1:]
    top, bottom, left, right = boxes
    words, size = packed(images)
    other = packed(others)[0] if others.dtype == tf.uint8 and others.shape.rank == 4 else others
    rows = repeated(tf.reshape(_inside(height, top, bottom), [-1]), size)
    columns = tf.repeat(_inside(width, left, right), channels, axis=1)
    across = _joined(tf.reshape(columns, [-1, width * channels // size, size]), size)
    mask = tf.bitwise.bitwise_and(tf.reshape(rows, [-1, height, 1]), across[:, None])
    changed = tf.bitwise.bitwise_and(tf.bitwise.bitwise_xor(words, other), mask)
    return unpacked(tf.bitwise.bitwise_xor(words, changed), images.shape)


def blended(images: Any, others: Any, share: Any) -> Any:
    """Blend `images` with this share and `others` with the rest, each level rounded.

    images, others: uint8 (batch, height, width, channels), all but batch known. share: int32 (batch,), in 256ths, 0 to 256. Even and
    odd bytes are separated, so that products of 16 bits fit: half the cost of float32. An integer of one byte is widened for it.
    """
    (first, size), (second, _) = packed(images), packed(others)
    first, second = (tf.cast(words, tf.int32) if size == 1 else words for words in (first, second))
    kind = first.dtype
    low, half = (
        tf.constant(int.from_bytes(lane * (kind.size // 2), "little"), kind) for lane in (b"\xff\0", b"\x80\0")
    )
    own = tf.cast(share, kind)[:, None, None]
    rest = 256 - own
    even = (first & low) * own + (second & low) * rest + half
    odd = (_shifted(first) & low) * own + (_shifted(second) & low) * rest + half
    mixed = (_shifted(even) & low) | (odd & ~low)
    return unpacked(tf.cast(mixed, tf.uint8) if size == 1 else mixed, images.shape)


def _shifted(words: Any) -> Any:
    """Move each byte to the place of the one before; the first is lost and the last has the bits of the sign."""
    return tf.bitwise.right_shift(words, tf.constant(8, words.dtype))


def _inside(side: int, start: Any, end: Any) -> Any:
    """Mark places from start to before end by 255, others by 0: uint8 (batch, side)."""
    places = tf.range(side)[None]
    return tf.cast((places >= start[:, None]) & (places < end[:, None]), tf.uint8) * 255


def _joined(octets: Any, size: int) -> Any:
    """Join bytes, uint8 (..., size), into integers (...)."""
    return octets[..., 0] if size == 1 else tf.bitcast(octets, _WORDS[size])

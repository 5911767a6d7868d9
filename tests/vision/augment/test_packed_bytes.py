"""vision.augment.packed_bytes against slices, for every size of word."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision.augment import packed_bytes

# Rows of 24, 12, 6, 9 and 5 bytes: words of 8, 4, 2, 1 and 1.
SHAPES = {(5, 8, 3): 8, (7, 4, 3): 4, (3, 2, 3): 2, (4, 3, 3): 1, (3, 5, 1): 1}


def images(shape: tuple[int, int, int], *, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (6, *shape)).astype(np.uint8)


@pytest.mark.parametrize(("shape", "size"), SHAPES.items())
def test_packing_is_undone_and_repeated_fills_every_byte(shape: tuple[int, int, int], size: int) -> None:
    packed, found = packed_bytes.packed(tf.constant(images(shape)))
    assert found == size
    assert packed.shape == (6, shape[0], shape[1] * shape[2] // size)
    np.testing.assert_array_equal(packed_bytes.unpacked(packed, (None, *shape)), images(shape))
    masks = packed_bytes.repeated(tf.constant([0, 255, 240, 1, 0, 0], tf.uint8), size)
    kept = packed_bytes.unpacked(tf.bitwise.bitwise_and(packed, masks[:, None, None]), (None, *shape))
    np.testing.assert_array_equal(kept[1], images(shape)[1])
    np.testing.assert_array_equal(kept[2], images(shape)[2] // 16 * 16)
    assert not np.any(kept[0])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pasted_box_is_a_slice(shape: tuple[int, int, int]) -> None:
    height, width, _ = shape
    boxes = np.array(
        [
            [0, height, 0, width],
            [0, 1, 0, 1],
            [1, 3, 1, 2],
            [2, 2, 0, width],
            [0, 2, width - 1, width],
            [height - 1, height, 0, 2],
        ],
        np.int32,
    )
    given, others = images(shape), images(shape, seed=1)
    expected = given.copy()
    for picture, other, (top, bottom, left, right) in zip(expected, others, boxes, strict=True):
        picture[top:bottom, left:right] = other[top:bottom, left:right]
    edges = tuple(tf.constant(boxes[:, i]) for i in range(4))
    assert len(edges) == 4
    np.testing.assert_array_equal(packed_bytes.pasted(tf.constant(given), tf.constant(others), edges), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_blend_is_that_of_whole_numbers(shape: tuple[int, int, int]) -> None:
    given, others, shares = images(shape), images(shape, seed=1), np.array([0, 1, 100, 128, 255, 256])
    given[:, 0, 0], others[:, 0, 0] = 255, 255
    found = packed_bytes.blended(tf.constant(given), tf.constant(others), tf.constant(shares, tf.int32))
    weights = shares[:, None, None, None]
    expected = (given.astype(int) * weights + others.astype(int) * (256 - weights) + 128) // 256
    np.testing.assert_array_equal(found, expected)

"""vision.augment.geometry against numpy.pad slices and counted draws."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision.augment import geometry

LAST_BELOW_ONE = np.float32(0.99999994)


def image(height: int = 6, width: int = 8, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels)).astype(np.uint8)


def padded(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The shift as a window into the picture, which is surrounded by copies of its border."""
    height, width = picture.shape[:2]
    around = np.pad(picture, ((height, height), (width, width), (0, 0)), mode="edge")
    return around[height - rows : 2 * height - rows, width - columns : 2 * width - columns]


def moved(picture: NDArray[np.uint8], draws: NDArray[np.float32], *, flip: bool, shift: float) -> NDArray[np.uint8]:
    """One picture as a batch of one, eager and inside tf.data, which must agree. draws: flip (below 0.5), row, column."""

    def move(pictures: Any, drawn: Any) -> Any:
        mirrored = drawn[:, 0] < 0.5 if flip else None
        return geometry.moved(pictures, mirrored=mirrored, shifts=drawn[:, 1:], shift=shift)

    found = move(picture[None], tf.constant(draws[None]))
    again = next(iter(tf.data.Dataset.from_tensors((picture[None], draws[None])).map(move)))
    np.testing.assert_array_equal(found, again)
    return np.asarray(found)[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("rows", [-3, -2, 0, 1, 3])
@pytest.mark.parametrize("columns", [-4, -3, 0, 1, 4])
def test_a_shift_equals_padding(rows: int, columns: int, channels: int) -> None:
    picture = image(channels=channels)
    # Half of 6 and of 8 pixels are 3 and 4: seven and nine equal parts of 0..1.
    draws = np.array([0.9, (rows + 3.5) / 7, (columns + 4.5) / 9], np.float32)
    found = moved(picture, draws, flip=True, shift=0.5)
    np.testing.assert_array_equal(found, padded(picture, rows, columns))
    assert found.dtype == np.uint8


def test_each_picture_of_a_batch_has_its_own_move() -> None:
    pictures = np.stack([image(), image()[::-1]])
    draws = np.array([[0.9, 0.0, 0.5], [0.1, 0.5, 0.999]], np.float32)
    found = np.asarray(geometry.moved(pictures, mirrored=draws[:, 0] < 0.5, shifts=draws[:, 1:], shift=0.5))
    np.testing.assert_array_equal(found[0], padded(pictures[0], -3, 0))
    np.testing.assert_array_equal(found[1], padded(pictures[1][:, ::-1], 0, 4))


def test_a_shift_by_hand() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    down_and_left = [[1, 2, 2], [1, 2, 2], [4, 5, 5]]
    draws = np.array([0.9, 0.999, 0.0], np.float32)
    assert moved(picture, draws, flip=False, shift=0.34)[..., 0].tolist() == down_and_left


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("draw", [0.0, 0.49, 0.5, LAST_BELOW_ONE])
def test_half_of_the_images_are_mirrored(draw: float, channels: int) -> None:
    picture = image(channels=channels)
    draws = np.array([draw, 0, 0], np.float32)
    expected = picture[:, ::-1] if draw < 0.5 else picture
    np.testing.assert_array_equal(moved(picture, draws, flip=True, shift=0.0), expected)
    np.testing.assert_array_equal(moved(picture, draws, flip=False, shift=0.0), picture)


@pytest.mark.parametrize("shift", [0.125, 0.3, 0.5])
def test_draws_at_the_borders_move_as_far_as_allowed(shift: float) -> None:
    picture = image(20, 30)
    rows, columns = round(shift * 20), round(shift * 30)
    lowest = np.array([0.9, 0.0, 0.0], np.float32)
    highest = np.array([0.9, LAST_BELOW_ONE, LAST_BELOW_ONE], np.float32)
    middle = np.array([0.9, 0.5, 0.5], np.float32)
    for draws, sign in ((lowest, -1), (middle, 0), (highest, 1)):
        found = moved(picture, draws, flip=True, shift=shift)
        np.testing.assert_array_equal(found, padded(picture, sign * rows, sign * columns))


def test_flip_comes_before_the_shift() -> None:
    picture = image(8, 8)
    draws = np.array([0.0, 0.5, LAST_BELOW_ONE], np.float32)
    found = moved(picture, draws, flip=True, shift=0.25)
    np.testing.assert_array_equal(found, padded(picture[:, ::-1], 0, 2))


def test_offsets_are_uniform() -> None:
    # A picture whose pixel (5, 5) names its own place: its value after the move tells the offset.
    side, reach, trials = 11, 5, 22_000
    rows, columns = np.divmod(np.arange(side * side), side)
    picture = np.stack([rows, columns, rows], -1).reshape(side, side, 3).astype(np.uint8)
    draws = np.random.default_rng(1).random((trials, 2)).astype(np.float32)
    found = np.asarray(geometry.moved(np.stack([picture] * trials), shifts=draws, shift=0.45))[:, 5, 5, :2]
    offsets = 5 - found.astype(int)
    expected = trials / (2 * reach + 1)
    for axis in (0, 1):
        values, counts = np.unique(offsets[:, axis], return_counts=True)
        assert values.tolist() == list(range(-reach, reach + 1))
        # Chi-squared with 10 degrees of freedom: 29.6 is passed by chance once in a thousand seeds.
        assert ((counts - expected) ** 2 / expected).sum() < 29.6
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 0.03


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 3), (5, 1, 1)])
def test_thin_images(shape: tuple[int, int, int]) -> None:
    picture = image(*shape)
    for draw in (0.0, LAST_BELOW_ONE):
        draws = np.array([draw] * 3, np.float32)
        assert moved(picture, draws, flip=True, shift=0.5).shape == shape

"""vision.augment against numpy.pad slices and counted draws."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision import augment

LAST_BELOW_ONE = np.float32(0.99999994)


def image(height: int = 6, width: int = 8, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels)).astype(np.uint8)


def padded(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The shift as a window into the picture, which is surrounded by copies of its border."""
    height, width = picture.shape[:2]
    around = np.pad(picture, ((height, height), (width, width), (0, 0)), mode="edge")
    return around[height - rows : 2 * height - rows, width - columns : 2 * width - columns]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("rows", [-6, -5, -1, 0, 2, 6])
@pytest.mark.parametrize("columns", [-8, -3, 0, 1, 7])
def test_shifted_equals_padding(rows: int, columns: int, channels: int) -> None:
    picture = image(channels=channels)
    before = picture.copy()
    found = augment.shifted(picture, rows=rows, columns=columns)
    np.testing.assert_array_equal(found, padded(picture, rows, columns))
    np.testing.assert_array_equal(picture, before)
    assert found.dtype == np.uint8


def test_shifted_by_hand() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    down_and_left = [[1, 2, 2], [1, 2, 2], [4, 5, 5]]
    assert augment.shifted(picture, rows=1, columns=-1)[..., 0].tolist() == down_and_left


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("draw", [0.0, 0.49, 0.5, LAST_BELOW_ONE])
def test_half_of_the_images_are_mirrored(draw: float, channels: int) -> None:
    picture = image(channels=channels)
    draws = np.array([draw, 0, 0], np.float32)
    expected = picture[:, ::-1] if draw < 0.5 else picture
    np.testing.assert_array_equal(augment.augmented(picture, draws, flip=True, shift=0.0), expected)
    np.testing.assert_array_equal(augment.augmented(picture, draws, flip=False, shift=0.0), picture)


@pytest.mark.parametrize("shift", [0.125, 0.3, 0.5])
def test_draws_at_the_borders_move_as_far_as_allowed(shift: float) -> None:
    picture = image(20, 30)
    rows, columns = round(shift * 20), round(shift * 30)
    lowest = np.array([0.9, 0.0, 0.0], np.float32)
    highest = np.array([0.9, LAST_BELOW_ONE, LAST_BELOW_ONE], np.float32)
    middle = np.array([0.9, 0.5, 0.5], np.float32)
    for draws, sign in ((lowest, -1), (middle, 0), (highest, 1)):
        found = augment.augmented(picture, draws, flip=True, shift=shift)
        np.testing.assert_array_equal(found, padded(picture, sign * rows, sign * columns))


def test_flip_comes_before_the_shift() -> None:
    picture = image(8, 8)
    draws = np.array([0.0, 0.5, LAST_BELOW_ONE], np.float32)
    found = augment.augmented(picture, draws, flip=True, shift=0.25)
    np.testing.assert_array_equal(found, padded(picture[:, ::-1], 0, 2))


def test_offsets_are_uniform() -> None:
    # A picture whose pixel (5, 5) names its own place: its value after the move tells the offset.
    side, reach, trials = 11, 5, 22_000
    rows, columns = np.divmod(np.arange(side * side), side)
    picture = np.stack([rows, columns, rows], -1).reshape(side, side, 3).astype(np.uint8)
    draws = np.random.default_rng(1).random((trials, augment.DRAWS)).astype(np.float32)
    found = np.array([augment.augmented(picture, d, flip=False, shift=0.45)[5, 5, :2] for d in draws])
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
        assert augment.augmented(picture, draws, flip=True, shift=0.5).shape == shape

"""vision.augment.geometry against numpy.pad slices, interpolation by NumPy and counted draws."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision.augment import geometry, policy
from vision.augment.options import Augmentation

LAST_BELOW_ONE = np.float32(0.99999994)


def image(height: int = 6, width: int = 8, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels)).astype(np.uint8)


def padded(picture: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The shift as a window into the picture, which is surrounded by copies of its border."""
    height, width = picture.shape[:2]
    around = np.pad(picture, ((height, height), (width, width), (0, 0)), mode="edge")
    return around[height - rows : 2 * height - rows, width - columns : 2 * width - columns]


def both_ways(pictures: NDArray[np.uint8], draws: dict[str, Any], how: Augmentation) -> NDArray[np.uint8]:
    """Eager and inside tf.data, which must agree."""
    given = {name: np.asarray(values, np.float32) for name, values in draws.items()}
    found = geometry.moved(pictures, {name: tf.constant(values) for name, values in given.items()}, how)
    stream = tf.data.Dataset.from_tensor_slices((pictures, given)).batch(len(pictures))
    moved = stream.map(lambda images, drawn: geometry.moved(images, drawn, how))
    assert moved.element_spec.shape[1:] == pictures.shape[1:]
    np.testing.assert_array_equal(found, next(iter(moved)))
    return np.asarray(found)


def moved(picture: NDArray[np.uint8], draws: NDArray[np.float32], *, flip: bool, shift: float) -> NDArray[np.uint8]:
    """One picture as a batch of one. draws: flip (below 0.5), row, column."""
    wanted = {"flip": draws[None, :1]} if flip else {}
    return both_ways(picture[None], {**wanted, "shift": draws[None, 1:]}, Augmentation(flip=flip, shift=shift))[0]


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
    found = both_ways(pictures, {"flip": draws[:, :1], "shift": draws[:, 1:]}, Augmentation(flip=True, shift=0.5))
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
    found = both_ways(np.stack([picture] * trials), {"shift": draws}, Augmentation(shift=0.45))[:, 5, 5, :2]
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


@pytest.mark.parametrize("shape", [(5, 5, 3), (8, 8, 1), (7, 7, 3)])
@pytest.mark.parametrize("quarters", [-2, -1, 0, 1])
def test_a_rotation_by_quarters_is_exact(quarters: int, shape: tuple[int, int, int]) -> None:
    picture = image(*shape)
    draw = {"rotate": [[0.5 + quarters / 4]]}
    found = both_ways(picture[None], draw, Augmentation(shift=0, rotate=180))[0]
    np.testing.assert_array_equal(found, np.rot90(picture, quarters))


def bilinear(picture: NDArray[np.uint8], rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
    """Values at places (h, w) between the pixels; beyond the border its pixel repeats."""
    height, width = picture.shape[:2]
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)

    def at(row: NDArray[Any], column: NDArray[Any]) -> NDArray[np.float64]:
        return picture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)].astype(float)

    down, right = (rows - top)[..., None], (columns - left)[..., None]
    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    return np.asarray(upper * (1 - down) + lower * down)


def test_a_rotation_of_a_picture_that_is_not_square() -> None:
    picture, turned = image(9, 14), np.deg2rad(20)
    found = both_ways(picture[None], {"rotate": [[5 / 6]]}, Augmentation(shift=0, rotate=30))[0]
    y, x = np.mgrid[:9, :14] - np.array([4, 6.5])[:, None, None]
    # Anticlockwise as seen, with rows that count downwards.
    rows, columns = 4 + np.sin(turned) * x + np.cos(turned) * y, 6.5 + np.cos(turned) * x - np.sin(turned) * y
    np.testing.assert_allclose(found, bilinear(picture, rows, columns), atol=0.51)


def test_a_crop_box_by_hand() -> None:
    # Half of the area; twice the smaller ratio's square is 4:3, so a width of sqrt(2/3) and a height of sqrt(3/8).
    draws = tf.constant([[0.5, LAST_BELOW_ONE, 0.0, LAST_BELOW_ONE], [0.0, 0.1, 0.3, 0.7]], tf.float32)
    kept, centre = geometry.crop_box(draws, reach=1.0)
    np.testing.assert_allclose(kept, np.array([[0.375, 2 / 3], [1.0, 1.0]]) ** 0.5, rtol=1e-6)
    np.testing.assert_allclose(centre, [[-1.0, 1.0], [-0.4, 0.4]], atol=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_crop_shows_its_box(mirrored: bool) -> None:
    picture = image(9, 14)
    drawn = np.array([[0.5, LAST_BELOW_ONE, 0.0, LAST_BELOW_ONE]])
    found = both_ways(
        picture[None],
        {"crop": drawn, "flip": [[0.25 if mirrored else 0.75]]},
        Augmentation(shift=0, crop=0.999, flip=True),
    )[0]
    area = 1 - 0.999 / 2
    # The box in the upper right corner, from the centre of its first to that of its last pixel.
    rows, columns = np.sqrt(area * 3 / 4) * np.arange(9), 13 - np.sqrt(area * 4 / 3) * np.arange(14)[::-1]
    expected = bilinear(picture, *np.meshgrid(rows, columns, indexing="ij"))
    np.testing.assert_allclose(found, expected[:, ::-1] if mirrored else expected, atol=0.51)


def test_crops_have_the_area_and_the_ratios_that_were_asked_for() -> None:
    draws = np.random.default_rng(2).random((20_000, 4)).astype(np.float32)
    kept, centre = (np.asarray(found) for found in geometry.crop_box(tf.constant(draws), reach=0.92))
    assert kept.max() <= 1 + 1e-6
    assert np.abs(centre).max() <= 1
    area, ratio = kept.prod(axis=1), kept[:, 1] / kept[:, 0]
    # Even over 0.08..1: quarters of it hold quarters of the boxes.
    np.testing.assert_allclose(np.quantile(area, [0, 0.25, 0.5, 0.75, 1]), [0.08, 0.31, 0.54, 0.77, 1], atol=0.01)
    np.testing.assert_allclose([ratio.min(), ratio.max()], [0.75, 4 / 3], atol=0.001)


@pytest.mark.parametrize("mirrored", [False, True])
def test_one_affine_map_does_what_the_separate_moves_do(mirrored: bool) -> None:
    pictures = np.stack([image(12, 16), image(12, 16)[::-1]])
    draws = {
        "flip": [[0.25 if mirrored else 0.75]] * 2,
        "crop": [[0.5, 0.2, 0.1, 0.8], [0.9, 0.7, 0.6, 0.4]],
        "rotate": [[0.5], [0.5]],
    }
    how = Augmentation(flip=True, crop=0.8, rotate=40, shift=0)
    apart = both_ways(pictures, {name: draws[name] for name in ("flip", "crop")}, how)
    np.testing.assert_allclose(both_ways(pictures, draws, how).astype(int), apart, atol=1)


def test_a_shift_is_the_same_inside_the_affine_map() -> None:
    picture = image(12, 16)
    shift = {"shift": [[11 / 12, 0.25]]}
    found = both_ways(picture[None], {**shift, "rotate": [[0.5]]}, Augmentation(shift=0.5, rotate=10))[0]
    np.testing.assert_array_equal(found, padded(picture, 5, -4))


def policy_moves(picture: NDArray[np.uint8], *drawn: tuple[str, float]) -> NDArray[np.uint8]:
    kinds = [[(policy.OPERATIONS.index(name) + 0.5) / len(policy.OPERATIONS), (value + 1) / 2] for name, value in drawn]
    operations = policy.chosen(tf.constant([kinds[0] + kinds[1]], tf.float32))
    return np.asarray(geometry.moved(picture[None], {}, Augmentation(shift=0), operations))[0]


def test_the_moves_of_a_policy() -> None:
    picture = image(11, 21)
    y, x = np.mgrid[:11, :21]
    cases = {
        ("identity", 1.0): (y, x),
        ("translate_x", 5 / 6.3): (y, x - 5),
        ("translate_y", -1 / 3.3): (y + 1, x),
        ("shear_x", 0.5): (y, x + 0.15 * (y - 5)),
        ("shear_y", -1.0): (y - 0.3 * (x - 10), x),
    }
    for drawn, (rows, columns) in cases.items():
        found = policy_moves(picture, drawn, ("posterize", 0.7))
        np.testing.assert_allclose(found, bilinear(picture, rows, columns), atol=0.51, err_msg=str(drawn))
    both = policy_moves(picture, ("translate_x", 5 / 6.3), ("translate_x", -2 / 6.3))
    np.testing.assert_array_equal(both, padded(picture, 0, 3))

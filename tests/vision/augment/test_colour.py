"""vision.augment.colour against NumPy on floats and against Pillow's enhancers."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from vision.augment import colour, policy


def images(shape: tuple[int, int, int] = (12, 10, 3)) -> NDArray[np.uint8]:
    """Middle levels, so that a mild change cuts nothing."""
    return np.random.default_rng(0).integers(80, 170, (4, *shape)).astype(np.uint8)


def jittered(pictures: NDArray[np.uint8], factors: list[list[float]]) -> NDArray[np.uint8]:
    """By these factors of brightness, contrast and saturation, 0 to 2; eager and inside tf.data."""
    draws = (np.array(factors, np.float32)) / 2
    found = colour.jittered(tf.constant(pictures), tf.constant(draws), reach=1.0)
    stream = tf.data.Dataset.from_tensor_slices((pictures, draws)).batch(len(pictures))
    again = next(iter(stream.map(lambda x, d: colour.jittered(x, d, reach=1.0))))
    np.testing.assert_allclose(np.asarray(found).astype(int), again, atol=1)
    assert found.dtype == tf.uint8
    return np.asarray(found)


def by_policy(pictures: NDArray[np.uint8], *drawn: tuple[str, float]) -> NDArray[np.uint8]:
    """Every image by the same two operations with these magnitudes, -1 to 1."""
    row = [
        value
        for name, magnitude in drawn
        for value in ((policy.OPERATIONS.index(name) + 0.5) / len(policy.OPERATIONS), (magnitude + 1) / 2)
    ]
    operations = policy.chosen(tf.constant([row] * len(pictures), tf.float32))
    return np.asarray(colour.jittered(tf.constant(pictures), None, reach=0.0, operations=operations))


def test_each_change_is_pillows() -> None:
    enhancers = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for position, enhancer in enumerate(enhancers):
        for factor in (0.0, 0.6, 1.0, 1.4, 2.0):
            factors = [[1.0 if i != position else factor for i in range(3)]] * 4
            for picture, found in zip(images(), jittered(images(), factors), strict=True):
                expected = np.asarray(enhancer(Image.fromarray(picture)).enhance(factor)).astype(int)
                # Pillow rounds the mean and each grey to a level and drops fractions.
                np.testing.assert_allclose(found.astype(int), expected, atol=3 if factor > 1 else 2)


def test_all_three_by_hand() -> None:
    pictures, factors = images(), [[1.2, 0.7, 1.3], [0.8, 1.2, 0.5], [1.1, 1.1, 0.0], [1.0, 1.0, 1.0]]
    expected = []
    weights = np.array([0.299, 0.587, 0.114])
    for picture, (bright, sharp, strong) in zip(pictures.astype(float), factors, strict=True):
        level = picture * bright
        level = (level @ weights).mean() * (1 - sharp) + level * sharp
        level = (level @ weights)[..., None] * (1 - strong) + level * strong
        expected.append(np.clip(level, 0, 255))
    found = jittered(pictures, factors)
    np.testing.assert_allclose(found, expected, atol=0.51)
    np.testing.assert_array_equal(found[3], pictures[3])


@pytest.mark.parametrize("shape", [(5, 7, 1), (1, 1, 3), (3, 5, 3), (8, 8, 1)])
def test_odd_shapes_and_grey(shape: tuple[int, int, int]) -> None:
    pictures = images(shape)
    found = jittered(pictures, [[0.5, 1.0, 0.2]] * 4)
    assert found.shape == pictures.shape
    if shape[-1] == 1:
        np.testing.assert_allclose(found, pictures * 0.5, atol=0.51)


def test_levels_are_cut_and_the_sample_of_a_large_image_is_enough() -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 200)[:, None, None], (200, 160, 3)).astype(np.uint8)
    found = jittered(smooth[None], [[2.0, 1.0, 1.0]])[0]
    np.testing.assert_array_equal(found, np.minimum(2 * smooth.astype(int), 255))
    flat = jittered(smooth[None], [[1.0, 0.0, 1.0]])[0]
    assert len(np.unique(flat)) == 1
    assert abs(int(flat[0, 0, 0]) - 127) <= 3


def test_a_policys_affine_operations_are_those_of_the_jitter() -> None:
    for position, name in enumerate(("brightness", "contrast", "saturation")):
        factors = [1.0, 1.0, 1.0]
        factors[position] = 1 + 0.5 * policy.REACH[name]
        found = by_policy(images(), (name, 0.5), ("identity", 0.3))
        np.testing.assert_allclose(found.astype(int), jittered(images(), [factors] * 4), atol=1)


def test_auto_contrast_is_pillows() -> None:
    found = by_policy(images(), ("auto_contrast", 0.3), ("identity", 0.3))
    for picture, changed in zip(images(), found, strict=True):
        expected = np.asarray(ImageOps.autocontrast(Image.fromarray(picture))).astype(int)
        np.testing.assert_allclose(changed.astype(int), expected, atol=1)
        assert (changed.min(), changed.max()) == (0, 255)
    flat = np.full((1, 4, 4, 3), 77, np.uint8)
    np.testing.assert_array_equal(by_policy(flat, ("auto_contrast", 0.3), ("auto_contrast", 0.3)), flat)


@pytest.mark.parametrize("shape", [(4, 8, 3), (4, 4, 3), (3, 3, 3), (2, 2, 1)])
def test_posterize_and_solarize_are_pillows(shape: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (3, *shape)).astype(np.uint8)
    np.testing.assert_array_equal(by_policy(pictures, ("posterize", -0.75), ("posterize", 0.5)), pictures // 8 * 8)
    np.testing.assert_array_equal(by_policy(pictures, ("posterize", 0.1), ("identity", 1)), pictures)
    for drawn in (("solarize", 0.9), ("identity", 0)), (("identity", 1), ("solarize", -0.9)):
        found = by_policy(pictures, *drawn)
        np.testing.assert_array_equal(found, np.where(pictures >= 128, 255 - pictures, pictures))
        if shape[-1] == 3:
            np.testing.assert_array_equal(found[0], ImageOps.solarize(Image.fromarray(pictures[0]), 128))


def test_images_of_a_batch_have_operations_of_their_own() -> None:
    names = ("solarize", "posterize", "brightness")
    kinds = [(policy.OPERATIONS.index(name) + 0.5) / len(policy.OPERATIONS) for name in names]
    operations = policy.chosen(tf.constant([[kind, 1.0, 0.01, 0.5] for kind in kinds], tf.float32))
    pictures = images()[:3]
    found = np.asarray(colour.jittered(tf.constant(pictures), None, reach=0.0, operations=operations))
    np.testing.assert_array_equal(found[0], np.where(pictures[0] >= 128, 255 - pictures[0], pictures[0]))
    np.testing.assert_array_equal(found[1], pictures[1] // 16 * 16)
    np.testing.assert_allclose(found[2], np.minimum(pictures[2] * 1.6, 255), atol=0.51)

"""vision.augment.mix: pixels and labels by NumPy; labels have the shares of the area."""

import numpy as np
import pytest
import tensorflow as tf

from vision.augment import mix

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 10, 8, 3)).astype(np.uint8)
LABELS = np.eye(6, dtype=np.float32)


def test_mixup_blends_with_the_image_before() -> None:
    own = np.array([0, 0.25, 0.5, 1, 0.9, 0.123], np.float32)
    images, labels = mix.blended(tf.constant(IMAGES), tf.constant(LABELS), tf.constant(own))
    share = np.round(own * 256) / 256
    weights = share[:, None, None, None]
    expected = weights * IMAGES + (1 - weights) * np.roll(IMAGES, 1, axis=0)
    np.testing.assert_allclose(images, expected, atol=0.501)
    assert images.dtype == tf.uint8
    np.testing.assert_allclose(labels, share[:, None] * LABELS + (1 - share[:, None]) * np.roll(LABELS, 1, axis=0))
    np.testing.assert_array_equal(images[3], IMAGES[3])


def test_cutmix_labels_have_the_shares_of_the_pixels() -> None:
    # Image i is all i, so that its share can be counted.
    images = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None, None], (6, 10, 8, 3)).copy()
    draws = np.stack([[0, 0.25, 0.5, 1, 0.9, 0.3], RNG.random(6), RNG.random(6)], axis=1).astype(np.float32)
    draws[0, 1:] = 0.5
    mixed, labels = mix.pasted(tf.constant(images), tf.constant(LABELS), tf.constant(draws))
    counted = np.stack([(np.asarray(mixed)[..., 0] == i).mean(axis=(1, 2)) for i in range(6)], axis=1)
    np.testing.assert_allclose(labels, counted, atol=1e-6)
    # A share of 0 in the middle takes the whole picture, 1 nothing.
    assert np.asarray(labels)[0].tolist() == [0, 0, 0, 0, 0, 1]
    assert np.asarray(labels)[3].tolist() == [0, 0, 0, 1, 0, 0]


def test_a_cutmix_box_by_hand() -> None:
    # Own share 3/4: a box of half of each side, 5 x 4 pixels, about row 5.5 and column 6.4: cut at the right border.
    draws = np.tile(np.array([[0.75, 0.55, 0.8]], np.float32), (6, 1))
    mixed, labels = mix.pasted(tf.constant(IMAGES), tf.constant(LABELS), tf.constant(draws))
    expected = IMAGES.copy()
    expected[:, 3:8, 4:8] = np.roll(IMAGES, 1, axis=0)[:, 3:8, 4:8]
    np.testing.assert_array_equal(mixed, expected)
    np.testing.assert_allclose(np.asarray(labels).max(axis=1), 1 - 20 / 80, rtol=1e-6)


def test_the_areas_of_cutmix_follow_what_was_drawn() -> None:
    count = 4000
    draws = np.random.default_rng(1).random((count, 3)).astype(np.float32)
    labels = np.tile([[1.0, 0.0], [0.0, 1.0]], (count // 2, 1)).astype(np.float32)
    _, mixed = mix.pasted(tf.zeros([count, 32, 32, 1], tf.uint8), tf.constant(labels), tf.constant(draws))
    own = (np.asarray(mixed) * labels).sum(axis=1)
    # Only boxes that the border cuts are smaller than drawn; a side is rounded by up to one pixel of 32.
    assert (own >= draws[:, 0] - 0.07).all()
    inside = (np.abs(draws[:, 1:] - 0.5) + np.sqrt(1 - draws[:, :1]) / 2 < 0.48).all(axis=1)
    assert inside.sum() > 100
    np.testing.assert_allclose(own[inside], draws[inside, 0], atol=0.07)


@pytest.mark.parametrize("choice", [0.2, 0.7])
def test_with_both_each_batch_has_one(choice: float) -> None:
    mixup, cutmix = np.full((6, 1), 0.6, np.float32), RNG.random((6, 3)).astype(np.float32)
    # The first row decides.
    choices = np.array([[choice]] + [[1 - choice]] * 5, np.float32)
    images, labels = tf.constant(IMAGES), tf.constant(LABELS)
    first, second = mix.blended(images, labels, mixup[:, 0]), mix.pasted(images, labels, tf.constant(cutmix))
    expected = first if choice < 0.5 else second
    found = mix.mixed(images, labels, mixup=tf.constant(mixup), cutmix=tf.constant(cutmix), choice=tf.constant(choices))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_neither_leaves_everything_and_a_single_image_stays_itself() -> None:
    images, labels = mix.mixed(tf.constant(IMAGES), tf.constant(LABELS))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    for draws in ({"mixup": tf.constant([[0.3]])}, {"cutmix": tf.constant([[0.3, 0.5, 0.5]])}):
        images, labels = mix.mixed(tf.constant(IMAGES[:1]), tf.constant(LABELS[:1]), **draws)
        np.testing.assert_array_equal(images, IMAGES[:1])
        np.testing.assert_allclose(labels, LABELS[:1], rtol=1e-6)

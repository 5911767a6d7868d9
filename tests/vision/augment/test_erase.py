"""vision.augment.erase: boxes by hand, areas as in arXiv 1708.04896, and noise that is even."""

import numpy as np
import tensorflow as tf

from vision.augment import erase


def draws(count: int, *, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).random((count, 5)).astype(np.float32))


def test_a_box_by_hand() -> None:
    # The middle of 2..33 % and a square: a side of sqrt(0.175) = 0.418; 40 and 100 pixels give 17 and 42.
    given = tf.constant([[0.5, 0.5, 0.0, 0.999999], [0.0, 0.5, 0.5, 0.5]], tf.float32)
    found = np.stack([np.asarray(edge) for edge in erase.boxes(given, height=40, width=100)], axis=1)
    # 2 %: a side of 0.141, so 6 and 14 pixels; 35 and 87 places, the middle one is 17 and 43.
    assert found.tolist() == [[0, 17, 58, 100], [17, 23, 43, 57]]


def test_areas_and_ratios_are_those_of_the_paper() -> None:
    side = 1000
    top, bottom, left, right = (np.asarray(e) for e in erase.boxes(draws(20_000)[:, 1:], height=side, width=side))
    assert top.min() >= 0
    assert left.min() >= 0
    assert bottom.max() <= side
    assert right.max() <= side
    area = (bottom - top) * (right - left) / side**2
    expected = 0.02 + 0.31 * np.array([0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(np.quantile(area, [0, 0.25, 0.5, 0.75, 1]), expected, atol=0.005)
    ratio = (bottom - top) / (right - left)
    np.testing.assert_allclose([ratio.min(), np.median(ratio), ratio.max()], [0.3, 1, 1 / 0.3], rtol=0.03)
    # Every place is equally likely: the middle of the box lies in the middle on average.
    np.testing.assert_allclose([(top + bottom).mean() / 2, (left + right).mean() / 2], side / 2, rtol=0.01)


def test_the_share_of_erased_images_and_what_stays() -> None:
    images = tf.zeros([4000, 8, 8, 3], tf.uint8)
    found = np.array(erase.erased(images, draws(4000), probability=0.25))
    boxes = zip(*(np.asarray(e) for e in erase.boxes(draws(4000)[:, 1:], height=8, width=8)), strict=True)
    chosen = np.asarray(draws(4000))[:, 0] < 0.25
    assert abs(chosen.mean() - 0.25) < 0.03
    for picture, wanted, (top, bottom, left, right) in zip(found, chosen, boxes, strict=True):
        if wanted:
            assert picture[top:bottom, left:right].any()
            picture[top:bottom, left:right] = 0
        assert not picture.any()


def test_noise_is_even_and_differs_between_images_and_batches() -> None:
    levels = []
    for seed in (0, 1):
        for width in (16, 15):
            # A box always covers the middle third only by chance, so the noise itself is asked for.
            noise = erase._noise(tf.zeros([8, 16, width, 1], tf.uint8), draws(8, seed=seed))
            octets = np.asarray(tf.bitcast(noise, tf.uint8)).reshape(8, -1)
            levels.append(octets.ravel())
            assert len({row.tobytes() for row in octets}) == 8
            assert abs(octets.mean() - 127.5) < 5
            assert abs(octets.std() - 255 / np.sqrt(12)) < 3
    assert not np.array_equal(levels[0], levels[2])


def test_the_same_draws_give_the_same_bits_also_in_tf_data() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 9, 7, 3)).astype(np.uint8)
    eager = erase.erased(tf.constant(images), draws(6), probability=1.0)
    stream = tf.data.Dataset.from_tensor_slices((images, draws(6))).batch(6)
    again = next(iter(stream.map(lambda x, d: erase.erased(x, d, probability=1.0))))
    np.testing.assert_array_equal(eager, again)
    assert eager.dtype == tf.uint8

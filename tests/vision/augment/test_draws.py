"""vision.augment.draws: pure functions of (seed, epoch, index), with the distributions that are asked for."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision.augment import draws
from vision.augment.options import Augmentation

EVERYTHING: dict[str, Any] = {
    "flip": True,
    "shift": 0.1,
    "crop": 0.5,
    "rotate": 10.0,
    "colour": 0.3,
    "erase": 0.5,
    "mixup": 0.4,
    "cutmix": 1.0,
    "policy": "randaugment",
}


def draw(how: Augmentation, *, count: int = 200, epoch: int = 0, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    drawn = draws.draw(count, epoch=tf.constant(epoch, tf.int64), seed=seed, augmentation=how)
    assert drawn.shape == (count, sum(draws.columns(how).values()))
    return {name: np.asarray(values) for name, values in draws.named(drawn, how).items()}


def test_only_what_is_switched_on_is_drawn() -> None:
    assert draws.columns(Augmentation(shift=0)) == {}
    assert draw(Augmentation(shift=0)) == {}
    assert draws.columns(Augmentation()) == {"shift": 2}
    for name, value in EVERYTHING.items():
        assert list(draw(Augmentation(**{"shift": 0, name: value}))) == [name]
    everything = draw(Augmentation(**EVERYTHING))
    assert set(everything) == {*EVERYTHING, "choice"}
    for values in everything.values():
        assert values.min() >= 0
        assert values.max() <= 1


def test_each_image_is_mirrored_in_every_other_epoch() -> None:
    how = Augmentation(flip=True)
    mirrored = np.stack([draw(how, epoch=epoch)["flip"][:, 0] < 0.5 for epoch in range(6)])
    np.testing.assert_array_equal(mirrored[0], ~mirrored[1])
    for epoch in range(4):
        np.testing.assert_array_equal(mirrored[epoch], mirrored[epoch + 2])
    # Half of the images in each, and not those with even numbers.
    assert mirrored.sum(axis=1).tolist() == [100] * 6
    assert 30 < mirrored[0, ::2].sum() < 70
    assert not np.array_equal(mirrored[0], draw(how, seed=1)["flip"][:, 0] < 0.5)


def test_draws_depend_on_seed_and_epoch_and_on_nothing_else() -> None:
    how = Augmentation(**EVERYTHING)
    first, again = draw(how, epoch=3, seed=7), draw(how, epoch=3, seed=7)
    others = draw(how, epoch=4, seed=7), draw(how, epoch=3, seed=8)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
        if name != "flip":
            for other in others:
                assert (first[name] != other[name]).mean() > 0.9
    stream = tf.data.Dataset.range(3, 4).map(lambda epoch: draws.draw(200, epoch=epoch, seed=7, augmentation=how))
    np.testing.assert_array_equal(next(iter(stream)), np.concatenate(list(first.values()), axis=1))


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 8.0])
def test_shares_are_from_the_beta_distribution(alpha: float) -> None:
    found = draw(Augmentation(mixup=alpha, cutmix=alpha), count=20_000)
    expected = np.random.default_rng(0).beta(alpha, alpha, 20_000)
    for share in (found["mixup"][:, 0], found["cutmix"][:, 0]):
        assert np.isfinite(share).all()
        np.testing.assert_allclose(share.mean(), 0.5, atol=0.015)
        # Var = 1 / (4 (2 alpha + 1)).
        np.testing.assert_allclose(share.var(), 1 / (4 * (2 * alpha + 1)), rtol=0.04)
        below = [
            np.mean([values < level for level in (0.1, 0.3, 0.5, 0.7, 0.9)], axis=1) for values in (share, expected)
        ]
        np.testing.assert_allclose(below[0], below[1], atol=0.02)
    assert abs(np.corrcoef(found["mixup"][:, 0], found["cutmix"][:, 0])[0, 1]) < 0.03


def test_columns_are_independent() -> None:
    found = draw(Augmentation(**EVERYTHING), count=20_000)
    joined = np.concatenate(list(found.values()), axis=1).astype(float)
    assert np.abs(np.corrcoef(joined.T) - np.eye(joined.shape[1])).max() < 0.035

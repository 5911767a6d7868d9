"""vision.networks.inception: size by hand, and four branches that do not touch each other's channels."""

import keras
import numpy as np
import pytest

from tests.vision.networks.counting import dense, normed_conv
from vision import classifiers
from vision.networks import inception

WIDTHS = inception.Widths(one=2, three_reduced=3, three=4, five_reduced=5, five=6, pooled=7)


def _block(channels: int, one: int, three_in: int, three: int, five_in: int, five: int, pooled: int) -> int:
    first = normed_conv(1, channels, one) + normed_conv(1, channels, pooled)
    threes = normed_conv(1, channels, three_in) + normed_conv(3, three_in, three)
    return first + threes + normed_conv(1, channels, five_in) + normed_conv(5, five_in, five)


@pytest.mark.parametrize("side", [8, 28, 96])
def test_size_is_that_of_any_image(side: int) -> None:
    model = classifiers.build("inception", (side, side, 3), classes=10, seed=0)
    lower = _block(64, 32, 32, 48, 8, 16, 16) + _block(112, 48, 48, 64, 12, 24, 24)
    upper = _block(160, 64, 48, 96, 16, 32, 32) + _block(224, 96, 64, 128, 16, 32, 32)
    assert model.count_params() == normed_conv(3, 3, 32) + normed_conv(3, 32, 64) + lower + upper + dense(288, 10)


@pytest.mark.parametrize(
    ("branch", "channels"), [("1x1", (0, 2)), ("3x3", (2, 6)), ("5x5", (6, 12)), ("pool_proj", (12, 19))]
)
def test_each_branch_fills_its_own_channels(branch: str, channels: tuple[int, int]) -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, inception.block(inputs, WIDTHS, name="b"))
    pixels = np.random.default_rng(0).normal(size=(1, 6, 6, 3)).astype(np.float32)
    model.get_layer(f"b_{branch}_norm").beta.assign(np.full(channels[1] - channels[0], 100.0))
    raised = model(pixels).numpy().min((0, 1, 2)) > 50
    np.testing.assert_array_equal(raised, [channels[0] <= at < channels[1] for at in range(19)])


def test_pooling_branch_sees_the_largest_neighbour() -> None:
    inputs = keras.Input((5, 5, 1))
    model = keras.Model(inputs, inception.block(inputs, WIDTHS, name="b"))
    near = keras.Model(inputs, model.get_layer("b_pool").output)
    spot = np.zeros((1, 5, 5, 1), np.float32)
    spot[0, 2, 2] = 9
    np.testing.assert_array_equal(near(spot)[0, :, :, 0], np.pad(np.full((3, 3), 9.0), 1))

"""vision.networks.layers: the formulas in NumPy, the halving of large images."""

import keras
import numpy as np
import pytest

from vision.networks import layers


def test_conv_norm_relu_is_what_it_says() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, layers.conv_norm_relu(inputs, filters=5, size=1, name="c"))
    norm = model.get_layer("c_norm")
    gamma, beta, mean, variance = (np.linspace(low, 2, 5) for low in (1, -1, 0, 0.5))
    norm.set_weights([gamma, beta, mean, variance])
    mixed = x @ model.get_layer("c").get_weights()[0][0, 0]
    expected = np.maximum((mixed - mean) / np.sqrt(variance + norm.epsilon) * gamma + beta, 0)
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


def test_kernels_have_hes_deviation() -> None:
    inputs = keras.Input((4, 4, 64))
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, layers.conv(inputs, filters=256, size=3, name="c"))
    assert model.get_layer("c").get_weights()[0].std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.02)


@pytest.mark.parametrize(("side", "halves"), [(1, 1), (2, 1), (7, 4), (28, 14)])
def test_pooling_rounds_up_and_never_below_one(side: int, halves: int) -> None:
    for size in (2, 3):
        assert layers.pool(keras.Input((side, side, 3)), size=size, name="p").shape[1:3] == (halves, halves)


@pytest.mark.parametrize(
    ("sides", "stride", "entered"), [((48, 8), 1, (48, 8)), ((49, 8), 2, (25, 4)), ((97, 97), 2, (49, 49))]
)
def test_stride_at_the_entry(sides: tuple[int, int], stride: int, entered: tuple[int, int]) -> None:
    x = keras.Input((*sides, 3))
    assert layers.entry_stride(x) == stride
    assert layers.conv(x, filters=4, size=3, stride=layers.entry_stride(x), name="c").shape[1:3] == entered


def test_pools_at_the_entry_until_48_pixels() -> None:
    inputs = keras.Input((400, 97, 4))
    model = keras.Model(inputs, layers.entry_pools(inputs, name="stem"))
    assert model.output_shape[1:3] == (25, 7)
    assert [layer.name for layer in model.layers[1:]] == [f"stem_pool{n}" for n in range(1, 5)]
    small = keras.Input((48, 48, 4))
    assert layers.entry_pools(small, name="stem") is small

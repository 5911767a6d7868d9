"""vision.networks.nin: size by hand; a dense layer on averages is a 1x1 convolution averaged."""

import keras
import numpy as np
import pytest

from tests.vision.networks.counting import dense, normed_conv
from vision import classifiers

CONVOLUTIONS = [
    *[(5, 3, 64), (1, 64, 48), (1, 48, 32)],
    *[(5, 32, 64), (1, 64, 64), (1, 64, 64)],
    *[(3, 64, 128), (1, 128, 128), (1, 128, 128)],
]


@pytest.mark.parametrize("side", [8, 28, 96])
def test_size_is_that_of_any_image(side: int) -> None:
    model = classifiers.build("nin", (side, side, 3), classes=10, seed=0)
    assert model.count_params() == sum(normed_conv(*conv) for conv in CONVOLUTIONS) + dense(128, 10)


def test_logits_are_an_averaged_one_by_one_convolution() -> None:
    model = classifiers.build("nin", (8, 12, 3), classes=4, seed=0)
    last = keras.Model(model.input, model.get_layer("average").input)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 12, 3)).astype(np.float32)
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(model(pixels), (last(pixels) @ kernel + bias).numpy().mean((1, 2)), atol=1e-5)

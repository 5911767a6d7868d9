"""vision.networks.vgg: size by hand, nothing but 3x3 convolutions in pairs."""

import itertools

import keras
import pytest

from tests.vision.networks.counting import dense, normed_conv
from vision import classifiers


@pytest.mark.parametrize(("side", "last"), [(8, 1), (28, 4), (96, 6), (200, 4)])
def test_size(side: int, last: int) -> None:
    model = classifiers.build("vgg", (side, side, 3), classes=10, seed=0)
    assert model.get_layer("pool3").output.shape[1:] == (last, last, 128)
    widths = [3, 32, 32, 64, 64, 128, 128]
    convolutions = sum(normed_conv(3, a, b) for a, b in itertools.pairwise(widths))
    assert model.count_params() == convolutions + dense(last * last * 128, 256) + dense(256, 10)


def test_pairs_between_poolings() -> None:
    model = classifiers.build("vgg", (28, 28, 3), classes=10, seed=0)
    kinds = [
        type(layer) for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D)
    ]
    assert kinds == [keras.layers.Conv2D, keras.layers.Conv2D, keras.layers.MaxPooling2D] * 3

"""vision.networks.alexnet: size by hand, maps halved three times."""

import pytest

from tests.vision.networks.counting import biased_conv, dense
from vision import classifiers


@pytest.mark.parametrize(("side", "last"), [(8, 1), (28, 4), (48, 6), (96, 6)])
def test_size(side: int, last: int) -> None:
    model = classifiers.build("alexnet", (side, side, 3), classes=10, seed=0)
    assert model.get_layer("pool5").output.shape[1:] == (last, last, 64)
    convolutions = [(5, 3, 32), (5, 32, 64), (3, 64, 96), (3, 96, 96), (3, 96, 64)]
    dense_layers = dense(last * last * 64, 512) + dense(512, 512) + dense(512, 10)
    assert model.count_params() == sum(biased_conv(*conv) for conv in convolutions) + dense_layers


def test_pooling_overlaps() -> None:
    model = classifiers.build("alexnet", (28, 28, 3), classes=10, seed=0)
    pools = [layer for layer in model.layers if layer.name.startswith("pool")]
    assert [layer.name for layer in pools] == ["pool1", "pool2", "pool5"]
    assert all((layer.pool_size, layer.strides) == ((3, 3), (2, 2)) for layer in pools)

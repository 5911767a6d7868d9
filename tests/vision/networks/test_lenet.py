"""vision.networks.lenet: sizes by hand."""

import pytest

from tests.vision.networks.counting import biased_conv, dense
from vision import classifiers


@pytest.mark.parametrize("side", [1, 8, 28, 96])
def test_size(side: int) -> None:
    model = classifiers.build("lenet", (side, side, 3), classes=10, seed=0)
    pooled_twice = -(-side // 4)
    dense_layers = dense(16 * pooled_twice**2, 120) + dense(120, 84) + dense(84, 10)
    assert model.count_params() == biased_conv(5, 3, 6) + biased_conv(5, 6, 16) + dense_layers

"""vision.networks.resnet: sizes by hand for several depths, refused depths, large images, the sum of each block."""

import keras
import numpy as np
import pytest

from tests.vision.networks.counting import dense
from vision import classifiers

# Depth 14 by hand for 10 classes: stem 864; stages 1 to 3 with two 3x3 convolutions a block and one 1x1 where the shape changes:
# 4*9*32*32, 9*32*64 + 3*9*64*64 + 32*64, 9*64*128 + 3*9*128*128 + 64*128; batch norms 4 a channel:
# (4*32, 32 + 3*64, 64 + 3*128, 128); logits.
SIZE = 864 + 36_864 + (18_432 + 110_592 + 2_048) + (73_728 + 442_368 + 8_192) + 4 * (128 + 224 + 448 + 128) + 1_290
# Each further block of a stage: two convolutions of its width, two batch norms.
BLOCKS = sum(2 * 9 * width * width + 2 * 4 * width for width in (32, 64, 128))


def _build(side: int, depth: int | None = None) -> keras.Model:
    return classifiers.build("resnet", (side, side, 3), classes=10, seed=0, depth=depth)


@pytest.mark.parametrize(("depth", "size"), [(8, SIZE - BLOCKS), (14, SIZE), (20, SIZE + BLOCKS), (None, SIZE)])
def test_size_and_depth(depth: int | None, size: int) -> None:
    model = _build(28, depth)
    assert model.count_params() == size
    weighted = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    assert len([name for name in weighted if "shortcut" not in name]) == (depth or 14)
    assert model.layers[-1].get_weights()[0].size + 10 == dense(128, 10)


@pytest.mark.parametrize(("depth", "nearest"), [(15, "14 and 20"), (19, "14 and 20"), (50, None), (2, "8"), (-3, "8")])
def test_wrong_depths_get_the_nearest(depth: int, nearest: str | None) -> None:
    if nearest is None:
        assert _build(8, depth).name == "resnet"
        return
    with pytest.raises(ValueError, match=rf"resnet has no depth {depth}; expected 6n \+ 2 .*nearest: {nearest}$"):
        _build(8, depth)


def test_large_images_are_halved_to_48_pixels_or_fewer() -> None:
    sides = {side: _build(side).get_layer("stage1_block1_add").output.shape[1] for side in (48, 49, 96, 224)}
    assert sides == {48: 48, 49: 25, 96: 48, 224: 28}


def test_a_block_adds_to_its_input() -> None:
    model = _build(8)
    block = keras.Model(model.input, [model.get_layer(f"stage1_block{n}_add").output for n in (1, 2)])
    model.get_layer("stage1_block2_conv2").kernel.assign(np.zeros((3, 3, 32, 32)))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.float32)
    before, after = block(pixels)
    np.testing.assert_array_equal(before, after)

"""Residual network (He et al., arXiv 1512.03385, section 4.2: the CIFAR form; pre-activation of arXiv 1603.05027)."""

from typing import Any

import keras

from vision.networks import layers

DEPTH = 14
"""Depth when none is given."""
STAGES = (32, 64, 128)
"""Filters of each stage, twice those of the paper, whose networks are deeper."""


def resnet(x: Any, *, depth: int | None = None) -> Any:
    """Three stages of (depth - 2) / 6 blocks with 32, 64 and 128 filters: features (batch, 128).

    depth: layers with weights on the longest path, 6n + 2 (8, 14, 20, 26, …); 14 when absent. Images above 48 pixels are first halved
    until they are not. Raises ValueError for another depth.
    """
    x = layers.conv(x, filters=STAGES[0], size=3, stride=layers.entry_stride(x), name="stem")
    x = layers.entry_pools(x, name="stem")
    for stage, filters in enumerate(STAGES, start=1):
        for block in range(1, _blocks_per_stage(DEPTH if depth is None else depth) + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            x = _residual_block(x, filters=filters, stride=stride, name=f"stage{stage}_block{block}")
    x = layers.normalised(x, name="final")
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.layers.Dropout(0.2, name="dropout")(x)


def _blocks_per_stage(depth: int) -> int:
    count, rest = divmod(depth - 2, 6)
    if rest or count < 1:
        below = max(8, 6 * count + 2)
        nearest = f"{below}" if depth < 8 else f"{below} and {below + 6}"
        raise ValueError(f"resnet has no depth {depth}; expected 6n + 2 (8, 14, 20, …), nearest: {nearest}")
    return count


def _residual_block(x: Any, *, filters: int, stride: int, name: str) -> Any:
    activated = layers.normalised(x, name=f"{name}_1")
    changes_shape = stride > 1 or x.shape[-1] != filters
    shortcut = x
    if changes_shape:
        shortcut = layers.conv(activated, filters=filters, size=1, stride=stride, name=f"{name}_shortcut")
    y = layers.conv(activated, filters=filters, size=3, stride=stride, name=f"{name}_conv1")
    y = layers.normalised(y, name=f"{name}_2")
    y = layers.conv(y, filters=filters, size=3, name=f"{name}_conv2")
    return keras.layers.Add(name=f"{name}_add")([shortcut, y])

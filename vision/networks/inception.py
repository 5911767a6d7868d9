"""GoogLeNet's blocks (Szegedy et al., Going deeper with convolutions, arXiv 1409.4842), for small images.

A block looks at its input in four ways at once (1x1, 3x3, 5x5, pooling), each made cheap by a 1x1 convolution, and stacks the
answers. Here two pairs of blocks with about a third of the width follow a small stem; batch norm follows each convolution
(as in the authors' next paper, arXiv 1502.03167), and the two auxiliary classifiers, which it made needless, are left out.
"""

from typing import Any, NamedTuple

import keras

from vision.networks import layers


class Widths(NamedTuple):
    """Filters of one block, as the columns of the paper's table 1."""

    one: int
    """1x1."""
    three_reduced: int
    """1x1 before the 3x3."""
    three: int
    """3x3."""
    five_reduced: int
    """1x1 before the 5x5."""
    five: int
    """5x5."""
    pooled: int
    """1x1 after 3x3 max pooling."""


STAGES = (
    {"3a": Widths(32, 32, 48, 8, 16, 16), "3b": Widths(48, 48, 64, 12, 24, 24)},
    {"4a": Widths(64, 48, 96, 16, 32, 32), "4b": Widths(96, 64, 128, 16, 32, 32)},
)
"""Blocks between poolings, named as in the paper."""


def inception(x: Any) -> Any:
    """Features (batch, 288), each the mean of one map."""
    x = layers.conv_norm_relu(x, filters=32, size=3, stride=layers.entry_stride(x), name="conv1")
    x = layers.entry_pools(x, name="conv1")
    x = layers.pool(x, size=3, name="pool1")
    x = layers.conv_norm_relu(x, filters=64, size=3, name="conv2")
    for number, stage in enumerate(STAGES, start=2):
        x = layers.pool(x, size=3, name=f"pool{number}") if number > 2 else x
        for name, widths in stage.items():
            x = block(x, widths, name=f"inception{name}")
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.layers.Dropout(0.2, name="dropout")(x)


def block(x: Any, widths: Widths, *, name: str) -> Any:
    """Stack the four branches: (batch, height, width, one + three + five + pooled)."""

    def conv(x: Any, filters: int, size: int, branch: str) -> Any:
        return layers.conv_norm_relu(x, filters=filters, size=size, name=f"{name}_{branch}")

    one = conv(x, widths.one, 1, "1x1")
    three = conv(conv(x, widths.three_reduced, 1, "3x3_reduce"), widths.three, 3, "3x3")
    five = conv(conv(x, widths.five_reduced, 1, "5x5_reduce"), widths.five, 5, "5x5")
    near = keras.layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    return keras.layers.Concatenate(name=f"{name}_stack")([one, three, five, conv(near, widths.pooled, 1, "pool_proj")])

"""Network in Network (Lin, Chen and Yan, arXiv 1312.4400): after each convolution a small perceptron at every pixel.

About a third of the paper's width for CIFAR-10, and batch norm after each convolution. The paper's last 1x1 convolution gives one
map per class, which is averaged; here the average comes first and the dense `logits` layer after it, which is the same sum.
"""

from typing import Any

import keras

from vision.networks import layers

STAGES = ((5, (64, 48, 32)), (5, (64, 64, 64)), (3, (128, 128, 128)))
"""Kernel size of the convolution, and its filters followed by those of the two 1x1 convolutions."""


def nin(x: Any) -> Any:
    """Features (batch, 128), each the mean of one map."""
    stride = layers.entry_stride(x)
    for stage, (size, (filters, *mixed)) in enumerate(STAGES, start=1):
        x = layers.conv_norm_relu(x, filters=filters, size=size, stride=stride, name=f"conv{stage}")
        x = layers.entry_pools(x, name="conv1") if stride == 2 else x
        for number, units in enumerate(mixed, start=1):
            x = layers.conv_norm_relu(x, filters=units, size=1, name=f"conv{stage}_mlp{number}")
        stride = 1
        if stage < len(STAGES):
            x = layers.pool(x, size=3, name=f"pool{stage}")
            x = keras.layers.Dropout(0.2, name=f"dropout{stage}")(x)
    return keras.layers.GlobalAveragePooling2D(name="average")(x)

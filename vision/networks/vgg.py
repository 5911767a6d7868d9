"""VGG (Simonyan and Zisserman, arXiv 1409.1556), for small images: nothing but 3x3 convolutions, in pairs, between poolings.

Half of the paper's width and three of its five stages, then one dense layer of 256 instead of two of 4,096. Batch norm after each
convolution (the paper trained without it, its deeper forms from the weights of the shallower ones).
"""

from typing import Any

import keras

from vision.networks import layers

STAGES = (32, 64, 128)
"""Filters of the two convolutions of each stage."""


def vgg(x: Any) -> Any:
    """Features (batch, 256)."""
    stride = layers.entry_stride(x)
    for stage, filters in enumerate(STAGES, start=1):
        for number in (1, 2):
            x = layers.conv_norm_relu(x, filters=filters, size=3, stride=stride, name=f"conv{stage}_{number}")
            x = layers.entry_pools(x, name="conv1_1") if stride == 2 else x
            stride = 1
        x = layers.pool(x, name=f"pool{stage}")
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dropout(0.5, name="dropout1")(x)
    x = keras.layers.Dense(256, activation="relu", kernel_initializer="he_normal", name="fc1")(x)
    return keras.layers.Dropout(0.5, name="dropout2")(x)

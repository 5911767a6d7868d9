"""AlexNet (Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, 2012), for small images.

Kept: five convolutions and two wide dense layers, overlapping 3x3 pooling after the first, second and last convolution, ReLU,
dropout of one half before each dense layer. Changed: about a fifth of the width, a first kernel of 5 pixels instead of 11 with
stride 4, He's initialisation. Left out: local response normalisation, which later work found of little use (arXiv 1409.1556,
section 4.1), and the split over two GPUs. No batch norm: it trains without.
"""

from typing import Any

import keras

from vision.networks import layers

CONVOLUTIONS = ((32, 5, True), (64, 5, True), (96, 3, False), (96, 3, False), (64, 3, True))
"""Filters, kernel size and whether pooling follows."""


def alexnet(x: Any) -> Any:
    """Features (batch, 512)."""
    for number, (filters, size, pooled) in enumerate(CONVOLUTIONS, start=1):
        stride = layers.entry_stride(x) if number == 1 else 1
        x = _conv_relu(x, filters=filters, size=size, stride=stride, name=f"conv{number}")
        x = layers.entry_pools(x, name="conv1") if number == 1 else x
        x = layers.pool(x, size=3, name=f"pool{number}") if pooled else x
    x = keras.layers.Flatten(name="flatten")(x)
    for number in (1, 2):
        x = keras.layers.Dropout(0.5, name=f"dropout{number}")(x)
        x = keras.layers.Dense(512, activation="relu", kernel_initializer="he_normal", name=f"fc{number}")(x)
    return x


def _conv_relu(x: Any, *, filters: int, size: int, stride: int, name: str) -> Any:
    layer = keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", activation="relu", kernel_initializer="he_normal", name=name
    )
    return layer(x)

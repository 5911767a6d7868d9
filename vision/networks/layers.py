"""Layers of the small convolutional networks: convolution with batch norm and ReLU, and the entry for large images.

Batch norm (Ioffe and Szegedy, arXiv 1502.03167) is also in networks that are older, where their modules name it: with it all of
them train from scratch with one rate in minutes. Its momentum of 0.9 suits runs of a few thousand steps.
"""

from typing import Any

import keras

LARGEST = 48
"""Pixels: larger images are halved until they are not, so that the cost stays that of a small image."""


def conv(x: Any, *, filters: int, size: int, stride: int = 1, name: str) -> Any:
    """A convolution without bias, zero-padded, with He's initialisation (arXiv 1502.01852)."""
    layer = keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )
    return layer(x)


def normalised(x: Any, *, name: str) -> Any:
    """Batch norm and ReLU."""
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def conv_norm_relu(x: Any, *, filters: int, size: int, stride: int = 1, name: str) -> Any:
    """Convolution, batch norm, ReLU."""
    return normalised(conv(x, filters=filters, size=size, stride=stride, name=name), name=name)


def pool(x: Any, *, size: int = 2, name: str) -> Any:
    """Max pooling that halves each side, rounded up, so that it never falls below 1."""
    return keras.layers.MaxPooling2D(size, strides=2, padding="same", name=name)(x)


def entry_stride(x: Any) -> int:
    """Stride of a first convolution: 2 for images above `LARGEST`, else 1."""
    return 2 if max(x.shape[1], x.shape[2]) > LARGEST else 1


def entry_pools(x: Any, *, size: int = 3, name: str) -> Any:
    """Max pooling over size x size, `<name>_pool1` and on, until no side is above `LARGEST`."""
    count = 0
    while max(x.shape[1], x.shape[2]) > LARGEST:
        count += 1
        x = pool(x, size=size, name=f"{name}_pool{count}")
    return x

"""The network of the CIFAR-10 speed records: whitened patches, identity-initialised convolutions, fast biases (arXiv 2404.00498).

Its first layer is not trained but computed from the training images: `adapt` must be called before training.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from vision.networks import layers

WIDTHS = (64, 128, 128)
"""Filters of the three stages; the record's 64, 256, 256 cost two and a half times as much."""
PATCHED_IMAGES = 5000
"""Training images from which the whitening is computed, as in the paper; fewer where they have more pixels than CIFAR-10's."""
_CHUNK = 500_000
"""Patches in memory at a time: 48 MB of 12 float64 each."""
BIAS_SCALE = 8.0
"""A bias stored at 1/8 of its size moves 64 times as fast under SGD (arXiv 2404.00498, section 3.4)."""


def airbench(x: Any) -> Any:
    """Three stages of two 3x3 convolutions on whitened 2x2 patches: features (batch, 128), already divided by 9."""
    x = PatchWhitening(name="whiten")(x)
    x = keras.layers.Activation("gelu", name="whiten_gelu")(x)
    x = layers.entry_pools(x, size=2, name="whiten")
    for stage, filters in enumerate(WIDTHS, start=1):
        x = _convolved(x, filters=filters, name=f"stage{stage}_conv1")
        x = layers.pool(x, name=f"stage{stage}_pool")
        x = _normalised(x, name=f"stage{stage}_1")
        x = _convolved(x, filters=filters, name=f"stage{stage}_conv2")
        x = _normalised(x, name=f"stage{stage}_2")
    x = keras.layers.GlobalMaxPooling2D(name="maximum")(x)
    # Small logits at first keep the steps at a high learning rate stable.
    return keras.layers.Rescaling(1 / 9, name="ninth")(x)


def _convolved(x: Any, *, filters: int, name: str) -> Any:
    layer = keras.layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer=partly_identity, name=name
    )
    return layer(x)


def _normalised(x: Any, *, name: str) -> Any:
    x = keras.layers.BatchNormalization(momentum=0.6, center=False, scale=False, name=f"{name}_norm")(x)
    x = FastBias(name=f"{name}_bias")(x)
    return keras.layers.Activation("gelu", name=f"{name}_gelu")(x)


def partly_identity(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Kernels (height, width, in, out): the first filters pass their input on ("dirac", section 3.3), the rest is uniform."""
    height, width, depth, filters = shape
    limit = (height * width * depth) ** -0.5
    kernel = np.asarray(keras.random.uniform(shape, -limit, limit, seed=keras.random.SeedGenerator())).copy()
    same = min(depth, filters)
    kernel[..., :same] = 0
    kernel[height // 2, width // 2, range(same), range(same)] = 1
    return keras.ops.convert_to_tensor(kernel, dtype=dtype)


class FastBias(keras.layers.Layer):
    """Adds a bias per channel that learns BIAS_SCALE squared times as fast under SGD: (..., channels) to the same shape."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the bias, zeros (channels,)."""
        self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        """Add the bias."""
        return x + BIAS_SCALE * self.bias


class PatchWhitening(keras.layers.Layer):
    """A frozen 2x2 convolution after which the channels are uncorrelated (section 3.2): the patches' principal axes and their negatives.

    Input (batch, h, w, channels); output (batch, h - 1, w - 1, 2k), k = min(4 x channels, 12). Identity-like noise until `adapt`.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create kernel and bias, neither trained."""
        channels = int(shape[-1] or 0)
        count = 2 * min(4 * channels, 12)
        self.kernel = self.add_weight(
            shape=(2, 2, channels, count), initializer="he_normal", trainable=False, name="kernel"
        )
        self.bias = self.add_weight(shape=(count,), initializer="zeros", trainable=False, name="bias")

    def call(self, x: Any) -> Any:
        """Convolve without padding."""
        return keras.ops.nn.conv(x, self.kernel, padding="valid") + self.bias

    def adapt(self, x: NDArray[np.float32]) -> None:
        """Compute kernel and bias from inputs of this layer: float32 (n, h, w, channels)."""
        kernel, bias = whitening(x, axes=self.kernel.shape[-1] // 2)
        self.kernel.assign(kernel)
        self.bias.assign(bias)


def patched(count: int, *, height: int, width: int) -> NDArray[np.int64]:
    """Choose the images of `count` that the whitening is computed from: positions (n,), 5,000 or as many as their size allows.

    The pixels are at most those of 5,000 images of 32 x 32. Up to that size the first images are taken; of larger ones an even
    selection.
    """
    allowed = max(1, PATCHED_IMAGES * 32 * 32 // (height * width))
    first = min(PATCHED_IMAGES, count)
    return np.arange(first) if first <= allowed else np.linspace(0, count - 1, allowed).round().astype(np.int64)


def whitening(x: NDArray[np.float32], *, axes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (2, 2, channels, 2 x axes) and bias (2 x axes,) that bring the 2x2 patches of x to mean 0 and, nearly, variance 1."""
    mean, covariance = _moments(x)
    values, vectors = np.linalg.eigh(covariance)
    # Grey images in three channels vary along four axes only: those are repeated, since batch norm would blow up a silent channel.
    varying = int((values > 1e-6 * values[-1]).sum())
    scaled = (vectors / np.sqrt(np.maximum(values, 0) + 5e-4))[:, ::-1][:, np.arange(axes) % varying]
    kernel = np.concatenate([scaled, -scaled], axis=1)
    bias = -mean @ kernel
    return kernel.reshape(2, 2, x.shape[-1], 2 * axes).astype(np.float32), bias.astype(np.float32)


def _moments(x: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute mean and covariance of all 2x2 patches, in two passes: all at once, those of 5,000 images would take gigabytes."""
    count = len(x) * (x.shape[1] - 1) * (x.shape[2] - 1)
    mean = np.sum([patches.sum(axis=0) for patches in _patches(x)], axis=0) / count
    products = [centred.T @ centred for centred in (patches - mean for patches in _patches(x))]
    return mean, np.sum(products, axis=0) / (count - 1)


def _patches(x: NDArray[np.float32]) -> Iterator[NDArray[np.float64]]:
    """Yield the 2x2 patches of some images at a time: float64 (n, 4 x channels), n about _CHUNK."""
    step = max(1, _CHUNK // ((x.shape[1] - 1) * (x.shape[2] - 1)))
    for start in range(0, len(x), step):
        images = x[start : start + step].astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(images, (2, 2), axis=(1, 2))
        yield windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 4 * x.shape[-1])

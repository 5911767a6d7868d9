"""Image classifiers: networks from pixels (0 to 255) to logits, sized for small images and small machines."""

import difflib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]


def build(name: str, shape: Shape, *, classes: int, seed: int) -> keras.Model:
    """Build an untrained network.

    Input: (batch, height, width, 3), 0 to 255. Output: logits float32 (batch, classes). `seed` fixes the new weights.
    Raises ValueError for an unknown name (the nearest ones are offered, nothing is guessed).
    """
    if name not in BUILDERS:
        nearest = difflib.get_close_matches(name, BUILDERS, n=3, cutoff=0.4)
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        raise ValueError(f"unknown model {name!r}{hint}; known models: {', '.join(BUILDERS)}")
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape, name="images")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(inputs)
    x = BUILDERS[name](x)
    logits = keras.layers.Dense(classes, name="logits")(x)
    return keras.Model(inputs, logits, name=name)


def probabilities(model: keras.Model, batches: Any) -> NDArray[np.float32]:
    """Softmax of the logits for every example of a tf.data stream of (images, …) batches: float32 (n, classes)."""
    logits = model.predict(batches, verbose=0)
    return np.asarray(keras.ops.softmax(logits))


def lenet(x: Any) -> Any:
    """LeNet-5 (LeCun et al., 1998) with ReLU, max pooling and padding, so that it also takes 8x8 images: features (batch, 84)."""
    for number, filters in enumerate((6, 16), start=1):
        x = keras.layers.Conv2D(filters, 5, padding="same", activation="relu", name=f"conv{number}")(x)
        x = keras.layers.MaxPooling2D(padding="same", name=f"pool{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(120, activation="relu", name="fc1")(x)
    return keras.layers.Dense(84, activation="relu", name="fc2")(x)


def resnet(x: Any) -> Any:
    """A residual network (He et al., 2015, CIFAR form, pre-activation of arXiv 1603.05027): features (batch, 128).

    Three stages of two blocks with 32, 64 and 128 filters. Images above 48 pixels are first halved until they are not.
    """
    x = _stem(x, filters=32)
    for stage, filters in enumerate((32, 64, 128), start=1):
        for block in (1, 2):
            stride = 2 if stage > 1 and block == 1 else 1
            x = _residual_block(x, filters=filters, stride=stride, name=f"stage{stage}_block{block}")
    x = _normalised(x, name="final")
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.layers.Dropout(0.2, name="dropout")(x)


def _stem(x: Any, *, filters: int) -> Any:
    side = max(x.shape[1], x.shape[2])
    stride = 2 if side > 48 else 1
    x = _conv(x, filters=filters, size=3, stride=stride, name="stem")
    halvings = 0
    while side / 2 ** (halvings + (stride == 2)) > 48:
        halvings += 1
        x = keras.layers.MaxPooling2D(3, strides=2, padding="same", name=f"stem_pool{halvings}")(x)
    return x


def _residual_block(x: Any, *, filters: int, stride: int, name: str) -> Any:
    activated = _normalised(x, name=f"{name}_1")
    changes_shape = stride > 1 or x.shape[-1] != filters
    shortcut = _conv(activated, filters=filters, size=1, stride=stride, name=f"{name}_shortcut") if changes_shape else x
    y = _conv(activated, filters=filters, size=3, stride=stride, name=f"{name}_conv1")
    y = _normalised(y, name=f"{name}_2")
    y = _conv(y, filters=filters, size=3, stride=1, name=f"{name}_conv2")
    return keras.layers.Add(name=f"{name}_add")([shortcut, y])


def _normalised(x: Any, *, name: str) -> Any:
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _conv(x: Any, *, filters: int, size: int, stride: int, name: str) -> Any:
    layer = keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )
    return layer(x)


BUILDERS: dict[str, Callable[[Any], Any]] = {"resnet": resnet, "lenet": lenet}
"""Every network by its name: rescaled pixels in, features out."""

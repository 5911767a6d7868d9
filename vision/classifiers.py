"""Image classifiers: networks from pixels (0 to 255) to logits; small ones of our own and the backbones of keras.applications."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from vision import spelling
from vision.datasets.labelled import Examples
from vision.networks.airbench import PatchWhitening, airbench, patched
from vision.networks.alexnet import alexnet
from vision.networks.inception import inception
from vision.networks.lenet import lenet
from vision.networks.linear import linear
from vision.networks.mlp import mlp
from vision.networks.nin import nin
from vision.networks.resnet import resnet
from vision.networks.vgg import vgg
from vision.pretrained import backbones
from vision.pretrained.backbones import BACKBONES

Shape = tuple[int, int, int]

BUILDERS: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "mlp": mlp,
    "lenet": lenet,
    "alexnet": alexnet,
    "vgg": vgg,
    "nin": nin,
    "inception": inception,
    "resnet": resnet,
    "airbench": airbench,
}
"""Every small network by its name, from pixels in -1 to 1 to features; `resnet` also takes a depth."""
NAMES: tuple[str, ...] = (*BUILDERS, *BACKBONES)
"""All names that `build` takes."""


def build(name: str, shape: Shape, *, classes: int, seed: int, depth: int | None = None) -> keras.Model:
    """Build an untrained network, named `name`.

    Input: (batch, height, width, 3), 0 to 255. Output: logits float32 (batch, classes), of a layer named "logits". `seed` fixes the
    new weights. A backbone is one nested layer named `backbones.LAYER`, behind its own preprocessing; global average pooling and dropout
    follow. depth: layers of resnet, 6n + 2. Raises ValueError for an unknown name (the message names the nearest),
    for a depth that the network does not have, and for images below a backbone's smallest size.
    """
    if name not in NAMES:
        raise ValueError(f"unknown model {name!r}; {_known(name)}")
    if depth is not None and name != "resnet":
        raise ValueError(f"{name} has no depth to choose, found {depth}; only resnet does")
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape, name="images")
    features = _pooled_backbone(inputs, name) if name in BACKBONES else _small(inputs, name, depth)
    # A head that starts at 0 learns the data alone; of a random one much remains with 1,280 features and few images.
    start = "zeros" if name in BACKBONES else "glorot_uniform"
    logits = keras.layers.Dense(classes, kernel_initializer=start, name="logits")(features)
    return keras.Model(inputs, logits, name=name)


def default_size(name: str) -> int | None:
    """Return the side in pixels that the network was designed for; None for small networks, which take any."""
    return BACKBONES[name].size if name in BACKBONES else None


def adapt(model: keras.Model, examples: Examples) -> None:
    """Compute what is not trained but comes from the training images: airbench's whitening. Other networks do not change."""
    for layer in model.layers:
        if isinstance(layer, PatchWhitening):
            height, width, _ = examples.shape
            images = np.stack([examples[int(i)] for i in patched(len(examples), height=height, width=width)])
            layer.adapt(np.asarray(keras.Model(model.input, layer.input).predict(images, verbose=0)))


def probabilities(model: keras.Model, batches: Any) -> NDArray[np.float32]:
    """Compute the softmax of the logits for every example of a tf.data stream of (images, …) batches: float32 (n, classes)."""
    logits = model.predict(batches, verbose=0)
    return np.asarray(keras.ops.softmax(logits))


def _known(name: str) -> str:
    nearest = spelling.nearest(name, NAMES, least=0.5)
    hint = f"nearest: {', '.join(nearest)}; " if nearest else ""
    return f"{hint}known models: {', '.join(BUILDERS)}, and those of keras.applications, such as MobileNetV2"


def _small(inputs: Any, name: str, depth: int | None) -> Any:
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(inputs)
    return resnet(x, depth=depth) if name == "resnet" else BUILDERS[name](x)


def _pooled_backbone(inputs: Any, name: str) -> Any:
    x = backbones.features(inputs, name=name)
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.layers.Dropout(0.2, name="dropout")(x)

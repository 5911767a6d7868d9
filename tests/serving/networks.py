"""Two trained networks as bundles, with real held-out images: a small one on digits, a backbone on photographs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.litert import classifier


@dataclass(frozen=True)
class Trained:
    """A bundle and what it is converted and compared with."""

    bundle: Path
    calibration: np.ndarray
    held_out: classifier.HeldOut
    labels: list[str]


DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def digits(folder: Path, *, activation: str = "relu") -> Trained:
    """Scikit-learn's handwritten digits, 16 x 16, and a small convolutional network with batch normalisation."""
    import keras
    from sklearn.datasets import load_digits

    grey, truth = load_digits(return_X_y=True)
    pixels = np.repeat(np.round(grey.reshape(-1, 8, 8, 1) * 255 / 16), 3, axis=3).astype(np.uint8)
    pixels = pixels.repeat(2, axis=1).repeat(2, axis=2)
    keras.utils.set_random_seed(0)
    model = _small_network(activation)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    model.fit(pixels[300:], truth[300:], batch_size=64, epochs=4, verbose=0)
    return _exported(model, folder, DIGITS, training=pixels[300:], pixels=pixels[:300], truth=truth[:300])


def _small_network(activation: str) -> Any:
    import keras

    inputs = x = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    for filters in (16, 32, 32):
        x = keras.layers.Conv2D(filters, 3, strides=1 if filters == 16 else 2, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation(activation)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def photos(folder: Path, data: Path) -> Trained:
    """Ants and bees, 96 x 128, and a logistic regression on the features of a MobileNetV2 with ImageNet weights."""
    import keras
    from sklearn.linear_model import LogisticRegression

    pixels, truth = _photos(data / "ants_bees" / "train", most=60)
    held_out, answers = _photos(data / "ants_bees" / "val", most=30)
    shape = pixels.shape[1:]
    backbone = keras.applications.MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=shape)
    backbone.load_weights(data / "pretrained" / "mobilenet_v2_1.0_224_notop.weights.h5")
    inputs = keras.Input(shape)
    features = backbone(keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    logits = keras.layers.Dense(2)
    model = keras.Model(inputs, logits(features))
    seen = keras.Model(inputs, features).predict(pixels, verbose=0)
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit(seen, truth)
    logits.set_weights([fitted.coef_.T * [[-0.5, 0.5]], fitted.intercept_ * [-0.5, 0.5]])
    return _exported(model, folder, ["ants", "bees"], training=pixels, pixels=held_out, truth=answers)


def _photos(folder: Path, *, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to `most` photographs of each class, stretched: uint8 (n, 96, 128, 3), int (n,)."""
    from PIL import Image

    files = [sorted((folder / name).glob("*.jpg"))[:most] for name in ("ants", "bees")]
    pictures = (Image.open(file).convert("RGB").resize((128, 96)) for part in files for file in part)
    pixels = np.stack([np.asarray(picture) for picture in pictures])
    return pixels, np.repeat([0, 1], [len(part) for part in files])


def _exported(
    model: Any, folder: Path, labels: Sequence[str], *, training: np.ndarray, pixels: np.ndarray, truth: np.ndarray
) -> Trained:
    """SavedModel with the one signature that a conversion reads, and its model.json."""
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tf.TensorSpec((None, *pixels.shape[1:]), tf.float32, "images")
    archive.add_endpoint("tensor", lambda images: {"logits": model(images, training=False)}, [spec])
    archive.write_out(str(folder), verbose=False)
    height, width, channels = pixels.shape[1:]
    entry = {"height": height, "width": width, "channels": channels, "range": [0, 255]}
    description = {"format": 1, "task": "classify", "labels": list(labels), "input": entry}
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "model.json").write_text(json.dumps(description), encoding="utf-8")
    probabilities = np.asarray(keras.ops.softmax(model.predict(pixels, verbose=0)))
    held_out = classifier.HeldOut(images=pixels, truth=truth, probabilities=probabilities)
    return Trained(folder, training, held_out, list(labels))

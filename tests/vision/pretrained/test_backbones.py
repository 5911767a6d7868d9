"""vision.pretrained.backbones: every network of keras.applications, its sizes as Keras states them, its preprocessing pixel for pixel."""

import inspect
import re
import sys
from typing import Any

import keras
import numpy as np
import pytest

from vision import classifiers
from vision.pretrained import backbones
from vision.pretrained.backbones import BACKBONES


def _constructors() -> dict[str, Any]:
    """Everything in keras.applications that builds a network."""
    found = {name: getattr(keras.applications, name) for name in dir(keras.applications)}
    return {
        name: item
        for name, item in found.items()
        if callable(item) and "include_top" in inspect.signature(item).parameters
    }


def _module(name: str) -> Any:
    return sys.modules[getattr(keras.applications, name).__module__]


def test_every_network_of_keras_is_there() -> None:
    assert len(BACKBONES) >= 40
    assert set(BACKBONES) == set(_constructors())


@pytest.mark.parametrize("name", BACKBONES)
def test_the_smallest_size_is_that_of_keras(name: str) -> None:
    with pytest.raises(ValueError, match="Input size must be at least") as caught:
        backbones.application(name, shape=(8, 8, 3), weights=None)
    assert f"{BACKBONES[name].smallest}x{BACKBONES[name].smallest}" in str(caught.value)
    with pytest.raises(
        ValueError, match=f"{name} takes images of .* pixels or more per side, found 64x20; make them larger"
    ):
        classifiers.build(name, (64, 20, 3), classes=2, seed=0)


@pytest.mark.parametrize("name", [name for name in BACKBONES if "MobileNetV3" not in name])
def test_the_size_is_that_of_keras(name: str) -> None:
    """With its top and ImageNet weights, Keras wants the one size, and says so before it builds anything."""
    with pytest.raises(ValueError, match="`input_shape` should be") as caught:
        getattr(keras.applications, name)(weights="imagenet", input_shape=(1000, 1000, 3))
    found = re.search(r"should be \((\d+), ", str(caught.value))
    assert found is not None
    assert int(found[1]) == BACKBONES[name].size


@pytest.mark.parametrize("name", BACKBONES)
def test_preprocessing_is_that_of_keras(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype(np.float32)
    inputs = keras.Input((5, 4, 3))
    model = keras.Model(inputs, keras.layers.Identity()(BACKBONES[name].preprocess(inputs)))
    expected = _module(name).preprocess_input(pixels.copy())
    np.testing.assert_allclose(model(pixels), expected, atol=2e-5)
    assert np.array_equal(expected, pixels) == (BACKBONES[name].preprocess is backbones._none)


def test_features_are_those_of_the_application() -> None:
    inputs = keras.Input((40, 32, 3))
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, backbones.features(inputs, name="MobileNet"))
    keras.utils.set_random_seed(0)
    whole = backbones.application("MobileNet", shape=(40, 32, 3), weights=None)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(model(pixels), whole(pixels / 127.5 - 1), atol=1e-4)
    assert [layer.name for layer in model.layers][-1] == backbones.LAYER


@pytest.mark.parametrize("name", ["VGG16", "DenseNet121", "MobileNet"])
def test_preprocessing_becomes_built_in_litert_operations(name: str, tmp_path: Any) -> None:
    import tensorflow as tf

    inputs = keras.Input((8, 8, 3), batch_size=1)
    maps = keras.layers.Conv2D(2, 3)(BACKBONES[name].preprocess(inputs))
    keras.Model(inputs, maps).export(tmp_path, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: ([np.full((1, 8, 8, 3), v, np.float32)] for v in (0, 255))
    assert len(converter.convert()) > 500

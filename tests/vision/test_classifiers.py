"""vision.classifiers: what all networks have in common: shapes, seeds, learning 32 examples by heart; names; probabilities."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision import classifiers


def build(name: str, side: int, *, classes: int = 10, seed: int = 0) -> keras.Model:
    return classifiers.build(name, (side, side, 3), classes=classes, seed=seed)


@pytest.mark.parametrize("side", [8, 96])
@pytest.mark.parametrize("name", classifiers.BUILDERS)
def test_shapes(name: str, side: int) -> None:
    model = build(name, side)
    assert (model.name, model.layers[-1].name) == (name, "logits")
    assert model.input_shape == (None, side, side, 3)
    assert model.output_shape == (None, 10)
    logits = model(np.full((2, side, side, 3), 127.5, np.float32), training=False)
    assert logits.dtype == tf.float32
    assert np.isfinite(logits.numpy()).all()


@pytest.mark.parametrize("name", classifiers.BUILDERS)
def test_images_that_are_not_square(name: str) -> None:
    assert classifiers.build(name, (20, 100, 3), classes=3, seed=0).output_shape == (None, 3)


def test_pixels_are_rescaled_to_minus_one_to_one() -> None:
    rescale = build("lenet", 8).get_layer("rescale")
    np.testing.assert_allclose(rescale(np.array([0.0, 127.5, 255.0])).numpy(), [-1.0, 0.0, 1.0], atol=1e-6)


@pytest.mark.parametrize("name", [*classifiers.BUILDERS, "MobileNet"])
def test_the_seed_fixes_the_weights(name: str) -> None:
    side = 32 if name == "MobileNet" else 8
    first, again, other = (build(name, side, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_unknown_names_get_the_nearest() -> None:
    known = "known models: linear, mlp, lenet, .*, and those of keras.applications, such as MobileNetV2"
    with pytest.raises(ValueError, match=f"unknown model 'resnt'; nearest: resnet, .*; {known}"):
        build("resnt", 8)
    with pytest.raises(ValueError, match="unknown model 'mobilenet_v2'; nearest: MobileNetV2, "):
        build("mobilenet_v2", 32)
    with pytest.raises(ValueError, match=f"unknown model 'qqq'; {known}"):
        build("qqq", 8)


def test_only_resnet_has_a_depth() -> None:
    with pytest.raises(ValueError, match="vgg has no depth to choose, found 16; only resnet does"):
        classifiers.build("vgg", (8, 8, 3), classes=3, seed=0, depth=16)


def test_sizes_that_networks_were_designed_for() -> None:
    sizes = {name: classifiers.default_size(name) for name in ("MobileNetV2", "InceptionV3", "resnet", "linear")}
    assert sizes == {"MobileNetV2": 224, "InceptionV3": 299, "resnet": None, "linear": None}


def test_a_backbone_is_one_layer_with_its_head_behind() -> None:
    model = build("MobileNet", 32, classes=7)
    names = [layer.name for layer in model.layers]
    assert names == ["images", "rescale", "backbone", "average", "dropout", "logits"]
    assert model.get_layer("average").output.shape == (None, 1024)
    assert model.output_shape == (None, 7)
    norms = [x for x in model.get_layer("backbone").layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) == 27
    assert all(norm.trainable for norm in norms)


def easy() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """32 noise images with labels at random: only a network that learns by heart names them."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (32, 8, 8, 3)).astype(np.uint8), np.eye(4, dtype=np.float32)[rng.integers(0, 4, 32)]


@pytest.mark.parametrize("name", classifiers.BUILDERS)
def test_learns_32_examples_by_heart(name: str) -> None:
    images, labels = easy()
    model = build(name, 8, classes=4)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    accuracy = 0.0
    for _ in range(6):
        model.fit(batches, epochs=10, shuffle=False, verbose=0)
        accuracy = float((classifiers.probabilities(model, batches).argmax(axis=1) == labels.argmax(axis=1)).mean())
        if accuracy >= 0.97:
            break
    assert accuracy >= 0.97


def test_probabilities_are_the_softmax_of_every_example() -> None:
    images, labels = easy()
    model = build("lenet", 8, classes=4)
    found = classifiers.probabilities(model, tf.data.Dataset.from_tensor_slices((images, labels)).batch(20))
    logits = model(images, training=False).numpy().astype(float)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, raised / raised.sum(axis=1, keepdims=True), atol=1e-6)
    assert found.dtype == np.float32

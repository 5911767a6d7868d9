"""vision.classifiers: shapes, pinned sizes, seeds, and that each network learns 32 examples by heart."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision import classifiers

SIDES = [1, 8, 28, 32, 96, 224]
# By hand for 10 classes. LeNet-5: 5*5*3*6+6, 5*5*6*16+16, 16*120*(ceil(side/4))^2+120, 120*84+84, 84*10+10.
LENET_WITHOUT_FC1 = 456 + 2_416 + 10_164 + 850
# ResNet: stem 864; stages 1 to 3 with two 3x3 convolutions a block and one 1x1 where the shape changes:
# 4*9*32*32, 9*32*64 + 3*9*64*64 + 32*64, 9*64*128 + 3*9*128*128 + 64*128; batch norms 4 a channel:
# (4*32, 32 + 3*64, 64 + 3*128, 128); logits 128*10+10.
RESNET = 864 + 36_864 + (18_432 + 110_592 + 2_048) + (73_728 + 442_368 + 8_192) + 4 * (128 + 224 + 448 + 128) + 1_290


def build(name: str, side: int, *, classes: int = 10, seed: int = 0) -> keras.Model:
    return classifiers.build(name, (side, side, 3), classes=classes, seed=seed)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", classifiers.BUILDERS)
def test_shapes_and_sizes(name: str, side: int) -> None:
    model = build(name, side)
    assert model.input_shape == (None, side, side, 3)
    assert model.output_shape == (None, 10)
    expected = RESNET if name == "resnet" else LENET_WITHOUT_FC1 + 16 * 120 * (-(-side // 4)) ** 2 + 120
    assert model.count_params() == expected
    logits = model(np.full((2, side, side, 3), 127.5, np.float32), training=False)
    assert logits.shape == (2, 10)
    assert logits.dtype == tf.float32
    assert np.isfinite(logits.numpy()).all()


def test_images_that_are_not_square() -> None:
    for name in classifiers.BUILDERS:
        assert classifiers.build(name, (20, 100, 3), classes=3, seed=0).output_shape == (None, 3)


def test_large_images_are_halved_to_48_pixels_or_fewer() -> None:
    sides = {side: build("resnet", side).get_layer("stage1_block1_add").output.shape[1] for side in (48, 49, 96, 224)}
    assert sides == {48: 48, 49: 25, 96: 48, 224: 28}


def test_pixels_are_rescaled_to_minus_one_to_one() -> None:
    rescale = build("lenet", 8).get_layer("rescale")
    np.testing.assert_allclose(rescale(np.array([0.0, 127.5, 255.0])).numpy(), [-1.0, 0.0, 1.0], atol=1e-6)


@pytest.mark.parametrize("name", classifiers.BUILDERS)
def test_the_seed_fixes_the_weights(name: str) -> None:
    first, again, other = (build(name, 8, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown model 'resnt'; nearest: resnet, lenet; known models: resnet, lenet"):
        build("resnt", 8)
    with pytest.raises(ValueError, match="unknown model 'qqq'; known models: resnet, lenet"):
        build("qqq", 8)


def easy() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """32 noise images with labels at random: only a network that learns by heart names them."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (32, 8, 8, 3)).astype(np.uint8), np.eye(4, dtype=np.float32)[rng.integers(0, 4, 32)]


@pytest.mark.parametrize(("name", "epochs"), [("lenet", 60), ("resnet", 20)])
def test_learns_32_examples_by_heart(name: str, epochs: int) -> None:
    images, labels = easy()
    model = build(name, 8, classes=4)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, jit_compile=False)
    model.fit(images, labels, batch_size=32, epochs=epochs, verbose=0)
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(20)
    probabilities = classifiers.probabilities(model, batches)
    assert (probabilities.argmax(axis=1) == labels.argmax(axis=1)).mean() >= 0.97


def test_probabilities_are_the_softmax_of_every_example() -> None:
    images, labels = easy()
    model = build("lenet", 8, classes=4)
    found = classifiers.probabilities(model, tf.data.Dataset.from_tensor_slices((images, labels)).batch(20))
    logits = model(images, training=False).numpy().astype(float)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, raised / raised.sum(axis=1, keepdims=True), atol=1e-6)
    assert found.dtype == np.float32

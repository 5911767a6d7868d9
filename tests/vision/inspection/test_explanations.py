"""vision.inspection.explanations against a forward and backward pass written out in NumPy."""

from collections.abc import Callable
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vision import classifiers
from vision.inspection import explanations

Floats = NDArray[np.float64]
SIDE, CHANNELS, FILTERS, CLASSES, BATCH = 8, 3, 4, 5, 3


def weights(seed: int = 0) -> list[Floats]:
    """Kernel (3, 3, 3, 4), bias (4,), then hidden (4, 6), bias (6,), last (6, 5), bias (5,), of both signs."""
    random = np.random.default_rng(seed)
    shapes = [(3, 3, CHANNELS, FILTERS), (FILTERS,), (FILTERS, 6), (6,), (6, CLASSES), (CLASSES,)]
    return [random.normal(size=shape) for shape in shapes]


def images() -> NDArray[np.float32]:
    return np.random.default_rng(7).uniform(0, 255, (BATCH, SIDE, SIDE, CHANNELS)).astype(np.float32)


def scaled(x: Any) -> Any:
    return x / 51.0 - 2.5


def network(kind: str, seed: int = 0) -> keras.Model:
    """Rescaling, convolution, ReLU (three spellings, or ReLU6), average over the pixels, hidden layer with ReLU, logits."""
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    x = keras.layers.Rescaling(1 / 51.0, offset=-2.5)(inputs)
    x = convolved(kind, x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(6, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(keras.layers.Dropout(0.5)(x)))
    model.set_weights(weights(seed))
    return model


def convolved(kind: str, x: Any) -> Any:
    conv = keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu" if kind == "inside" else None)
    if kind == "nested":
        entry = keras.Input(x.shape[1:])
        return keras.Model(entry, keras.layers.ReLU()(conv(entry)), name="backbone")(x)
    x = conv(x)
    if kind == "layer":
        return keras.layers.ReLU()(x)
    if kind == "relu6":
        return keras.layers.ReLU(max_value=6)(x)
    if kind == "activation6":
        return keras.layers.Activation("relu6")(x)
    if kind == "operation":
        return keras.ops.relu(x)
    return x


SPELLINGS = ("inside", "nested", "layer", "operation", "relu6", "activation6")


def forward(x: Floats, *, ceiling: float) -> dict[str, Floats]:
    """Every value of the network, image by image: patches (b, 64, 27), before, features, hidden_before, logits."""
    kernel, bias, w1, b1, w2, b2 = weights()
    padded = np.pad(scaled(x), ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = np.stack(
        [padded[:, r : r + 3, c : c + 3].reshape(len(x), -1) for r in range(SIDE) for c in range(SIDE)], 1
    )
    before = patches @ kernel.reshape(-1, FILTERS) + bias
    features = np.clip(before, 0, ceiling)
    hidden_before = features.mean(axis=1) @ w1 + b1
    logits = np.maximum(hidden_before, 0) @ w2 + b2
    return {"before": before, "features": features, "hidden_before": hidden_before, "logits": logits}


def feature_gradient(values: dict[str, Floats], classes: NDArray[Any], *, guided: bool) -> Floats:
    """Of the logit by the features, (b, 64, 4): the same at every pixel, as the pixels are averaged."""
    _, _, w1, _, w2, _ = weights()
    upstream = w2[:, classes].T
    passes = (values["hidden_before"] > 0) & ((upstream > 0) | (not guided))
    average = (upstream * passes) @ w1.T / SIDE**2
    return np.repeat(average[:, None], SIDE**2, axis=1)


def numpy_grad_cam(x: Floats, classes: NDArray[Any], *, ceiling: float = np.inf) -> Floats:
    values = forward(x, ceiling=ceiling)
    alpha = feature_gradient(values, classes, guided=False).mean(axis=1, keepdims=True)
    evidence = np.maximum((alpha * values["features"]).sum(axis=-1), 0)
    largest = evidence.max(axis=1, keepdims=True)
    return np.divide(evidence, largest, out=np.zeros_like(evidence), where=largest > 0).reshape(-1, SIDE, SIDE)


def numpy_guided(x: Floats, classes: NDArray[Any], *, ceiling: float = np.inf) -> Floats:
    kernel = weights()[0]
    values = forward(x, ceiling=ceiling)
    upstream = feature_gradient(values, classes, guided=True)
    passes = (values["before"] > 0) & (values["before"] < ceiling) & (upstream > 0)
    to_patches = ((upstream * passes) @ kernel.reshape(-1, FILTERS).T).reshape(-1, SIDE, SIDE, 3, 3, CHANNELS)
    padded = np.zeros((len(x), SIDE + 2, SIDE + 2, CHANNELS))
    for r in range(SIDE):
        for c in range(SIDE):
            padded[:, r : r + 3, c : c + 3] += to_patches[:, r, c]
    return padded[:, 1:-1, 1:-1] / 51.0


def explainer(model: keras.Model, *, compiled: bool = False) -> Callable[[list[int]], dict[str, NDArray[np.float32]]]:
    """Of the classes, for the three images."""
    function = explanations.explainer(model)
    called = tf.function(function, autograph=False) if compiled else function

    def explained(classes: list[int]) -> dict[str, NDArray[np.float32]]:
        return {name: np.asarray(value) for name, value in called(tf.constant(images()), tf.constant(classes)).items()}

    return explained


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("kind", SPELLINGS)
def test_both_are_those_of_numpy(kind: str, compiled: bool) -> None:
    ceiling = 6.0 if kind.endswith("6") else np.inf
    explain_all = explainer(network(kind), compiled=compiled)
    x = images().astype(float)
    for classes in ([0, 1, 2], [3, 4, 0]):
        found = explain_all(classes)
        cam = numpy_grad_cam(x, np.array(classes), ceiling=ceiling)
        guided = numpy_guided(x, np.array(classes), ceiling=ceiling)
        assert {0.0, 1.0} & set(cam.max(axis=(1, 2)))
        assert np.abs(guided).max() > 1e-3
        assert found["grad_cam"].dtype == found["guided_backprop"].dtype == np.float32
        np.testing.assert_allclose(found["grad_cam"], cam, atol=1e-5)
        np.testing.assert_allclose(found["guided_backprop"], guided, atol=1e-6)


def test_the_ceiling_and_the_rule_matter_on_these_numbers() -> None:
    x, classes = images().astype(float), np.array([0, 1, 2])
    values = forward(x, ceiling=6.0)
    assert (values["before"] > 6).any()
    assert not np.allclose(numpy_guided(x, classes), numpy_guided(x, classes, ceiling=6.0))
    plain = feature_gradient(values, classes, guided=False)
    assert not np.allclose(plain, feature_gradient(values, classes, guided=True))


def test_the_winning_class_is_explained() -> None:
    model = network("layer")
    answers = {name: np.asarray(value) for name, value in explanations.explainer(model)(tf.constant(images())).items()}
    assert list(answers) == ["logits", "grad_cam", "guided_backprop"]
    x = images().astype(float)
    logits = forward(x, ceiling=np.inf)["logits"]
    np.testing.assert_allclose(answers["logits"], logits, rtol=1e-4)
    np.testing.assert_allclose(answers["grad_cam"], numpy_grad_cam(x, logits.argmax(-1)), atol=1e-5)
    np.testing.assert_allclose(answers["guided_backprop"], numpy_guided(x, logits.argmax(-1)), atol=1e-6)


def strided(*, pooled: bool) -> keras.Model:
    """Maps of 4 x 4 pixels whose logits are their sums, pooled to 2 x 2 on the way, and to nothing."""
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    x = keras.layers.Conv2D(2, 3, strides=2, padding="same", activation="relu", name="conv")(inputs)
    if pooled:
        x = keras.layers.MaxPooling2D()(x)
        x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="ones")(x))


@pytest.mark.parametrize("pooled", [False, True])
def test_the_map_is_taken_before_pooling_and_brought_to_the_size_of_the_image(pooled: bool) -> None:
    keras.utils.set_random_seed(1)
    model = strided(pooled=pooled)
    found = explainer(model)([0, 0, 0])["grad_cam"]
    maps = np.asarray(keras.Model(model.inputs[0], model.get_layer("conv").output)(images()))
    for one, expected in zip(found, maps.sum(-1), strict=True):  # every channel weighs the same
        resized = cv2.resize(expected / expected.max(), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(one, resized, atol=1e-5)


def test_without_evidence_the_map_is_zero() -> None:
    model = strided(pooled=False)
    model.layers[-1].set_weights([-np.ones((32, 2)), np.zeros(2)])
    assert not explainer(model)([0, 0, 0])["grad_cam"].any()


def test_a_linear_network_has_a_plain_gradient_and_no_grad_cam() -> None:
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 51.0)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(flat), name="linear")
    answers = explanations.explainer(model)(tf.constant(images()))
    assert list(answers) == ["logits", "guided_backprop"]
    kernel = model.get_weights()[0].T.reshape(CLASSES, SIDE, SIDE, CHANNELS)
    winners = np.asarray(answers["logits"]).argmax(-1)
    np.testing.assert_allclose(np.asarray(answers["guided_backprop"]), kernel[winners] / 51.0, rtol=1e-5)


def test_the_model_stays_as_it_is_and_its_later_weights_count() -> None:
    model = network("nested")
    model.compile(optimizer="sgd", loss=lambda truth, logits: 0.0)  # cannot be cloned
    calls = [len(layer._inbound_nodes) for layer in model.layers]
    explained = explainer(model)
    assert calls == [len(layer._inbound_nodes) for layer in model.layers]
    assert model.get_layer("backbone").layers[-1].__class__ is keras.layers.ReLU
    before = explained([0, 1, 2])["guided_backprop"]
    np.testing.assert_allclose(before, numpy_guided(images().astype(float), np.array([0, 1, 2])), atol=1e-6)
    model.set_weights([3 * weight for weight in model.get_weights()])
    assert not np.allclose(before, explained([0, 1, 2])["guided_backprop"])
    for weight, expected in zip(model.get_weights(), weights(), strict=True):
        np.testing.assert_array_equal(weight, 3 * expected.astype(np.float32))


def test_batch_normalization_uses_and_keeps_its_statistics() -> None:
    """With a moving mean far away no ReLU fires, whatever the batch holds: nothing is passed back."""
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    x = keras.layers.Conv2D(2, 3)(inputs)
    norm = keras.layers.BatchNormalization()
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(norm(x)))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    norm.moving_mean.assign([1e9, 1e9])
    answers = explanations.explainer(model)(tf.constant(images()))
    assert not np.asarray(answers["guided_backprop"]).any()
    assert not np.asarray(answers["grad_cam"]).any()
    np.testing.assert_array_equal(norm.moving_mean, [1e9, 1e9])


@pytest.mark.parametrize("name", [*classifiers.BUILDERS, "MobileNetV2"])
def test_every_network_can_be_explained(name: str) -> None:
    side = 16 if name in classifiers.BUILDERS else 32
    model = classifiers.build(name, (side, side, 3), classes=3, seed=0)
    head = model.get_layer("logits")  # that of a backbone starts at 0, and nothing passes back through it
    head.kernel.assign(tf.random.stateless_normal(head.kernel.shape, [0, 2]))
    given = tf.random.stateless_uniform((2, side, side, 3), [0, 1], 0, 255)
    answers = {key: np.asarray(value) for key, value in explanations.explainer(model)(given).items()}
    np.testing.assert_allclose(answers["logits"], model(given, training=False), rtol=1e-4, atol=1e-4)
    assert answers["guided_backprop"].any()
    assert np.isfinite(answers["guided_backprop"]).all()
    assert ("grad_cam" in answers) is (name not in ("linear", "mlp", "MobileNetV2"))  # whose map of 32 pixels is 1 x 1
    if "grad_cam" in answers:
        assert answers["grad_cam"].shape == (2, side, side)
        assert answers["grad_cam"].min() >= 0
        assert answers["grad_cam"].max() <= 1

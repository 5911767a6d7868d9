"""vision.signatures.classifier against a Keras forward pass and a softmax in NumPy."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from serving import saved_model
from tests.vision import pictures
from vision import classifiers, decoding
from vision.datasets import Examples
from vision.inspection import explanations
from vision.signatures import classifier

SIDE = 8
NAMES = ("ant", "bee", "côté", "naïve dog", "eel", "fox", "gnu")


@pytest.fixture(scope="module", params=[3, 5, 7])
def model(request: pytest.FixtureRequest) -> keras.Model:
    return classifiers.build("lenet", (SIDE, SIDE, 3), classes=request.param, seed=1)


@pytest.fixture(scope="module")
def classes(model: keras.Model) -> tuple[str, ...]:
    return NAMES[: model.output_shape[1]]


@pytest.fixture(scope="module")
def answers(model: keras.Model, classes: tuple[str, ...]) -> dict[str, Any]:
    """Each signature as the exported graph: named tensors of the stated shapes and dtypes."""
    built = classifier.signatures(model, classes=classes)
    return {
        name: tf.function(answer, autograph=False).get_concrete_function(**specs)
        for name, (answer, specs) in built.items()
    }


def examples(count: int = 6, channels: int = 3) -> Examples:
    pool = np.stack([pictures.pixels(SIDE, SIDE, channels, seed=i) for i in range(count)])
    names = tuple(f"made[{i}]" for i in range(count))
    return Examples(pool=pool, index=np.arange(count), labels=np.arange(count) % 3, names=names)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    raised = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def files() -> tuple[Any, NDArray[np.float32]]:
    """Three kinds of file, and the pixels that a person sees in them."""
    images = np.stack([pictures.pixels(SIDE, SIDE, seed=i) for i in range(3)])
    shown = [pictures.picture(height=SIDE, width=SIDE, seed=i) for i in range(3)]
    kinds = ("PNG", "BMP", "WEBP")
    contents = [
        pictures.encode(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
        for image, kind in zip(shown, kinds, strict=True)
    ]
    return tf.constant(contents), images.astype(np.float32)


def decoded(names: Any) -> list[list[str]]:
    return [[name.decode() for name in row] for row in names.numpy()]


def test_serving_default(answers: dict[str, Any], model: keras.Model, classes: tuple[str, ...]) -> None:
    contents, images = files()
    answer = answers["serving_default"](image_bytes=contents)
    assert set(answer) == {"classes", "scores"}
    scores = softmax(model(images, training=False).numpy())
    order = np.argsort(-scores, axis=1)[:, : min(5, len(classes))]
    assert answer["scores"].dtype == tf.float32
    np.testing.assert_allclose(answer["scores"].numpy(), np.take_along_axis(scores, order, axis=1), atol=1e-6)
    assert decoded(answer["classes"]) == [[classes[i] for i in row] for row in order]


def test_tensor(answers: dict[str, Any], model: keras.Model) -> None:
    _, images = files()
    answer = answers["tensor"](images=tf.constant(images))
    assert set(answer) == {"logits"}
    np.testing.assert_allclose(answer["logits"].numpy(), model(images, training=False).numpy(), atol=1e-5)


def test_classify_takes_tf_examples(answers: dict[str, Any], model: keras.Model, classes: tuple[str, ...]) -> None:
    contents, images = files()
    serialised = []
    for content in contents.numpy():
        feature = {"image_bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))}
        feature["other"] = tf.train.Feature(float_list=tf.train.FloatList(value=[1.0]))
        serialised.append(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    answer = answers["classify"](inputs=tf.constant(serialised))
    np.testing.assert_allclose(answer["scores"].numpy(), softmax(model(images, training=False).numpy()), atol=1e-6)
    assert decoded(answer["classes"]) == [list(classes)] * 3


def test_a_broken_file_is_an_error(answers: dict[str, Any]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="no image of a known format"):
        answers["serving_default"](image_bytes=tf.constant([b"text"]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="image_bytes"):
        answers["classify"](inputs=tf.constant([b""]))


@pytest.mark.parametrize("channels", [1, 3])
def test_requests_carry_the_answers_of_the_model(
    answers: dict[str, Any], model: keras.Model, classes: tuple[str, ...], channels: int
) -> None:
    requests = classifier.requests(model, examples(channels=channels), classes=classes, most=4)
    assert [name for name, _, _ in requests] == ["serving_default", "tensor", "classify", "explain"]
    for name, inputs, expected in requests:
        found = answers[name](**{key: tf.constant(value) for key, value in inputs.items()})
        for key, value in expected.items():
            assert len(value) == (2 if name == "explain" else 4)
            same(found[key].numpy(), value)


def test_explain(answers: dict[str, Any], model: keras.Model, classes: tuple[str, ...]) -> None:
    contents, images = files()
    answer = answers["explain"](image_bytes=contents)
    scores = softmax(model(images, training=False).numpy())
    assert [name.decode() for name in answer["classes"].numpy()] == [classes[i] for i in scores.argmax(1)]
    np.testing.assert_allclose(answer["scores"].numpy(), scores.max(1), atol=1e-6)
    expected = explanations.explainer(model)(tf.constant(images))
    assert set(answer) == {"classes", "scores", "grad_cam", "guided_backprop"}
    assert answer["grad_cam"].shape == (3, SIDE, SIDE)
    np.testing.assert_allclose(answer["grad_cam"].numpy(), expected["grad_cam"].numpy(), atol=1e-4)
    gradients = expected["guided_backprop"].numpy()
    assert gradients.any()
    np.testing.assert_allclose(answer["guided_backprop"].numpy(), gradients, atol=1e-3 * np.abs(gradients).max())


def backbone_network() -> keras.Model:
    """A nested backbone with ReLU6 and batch normalisation, as MobileNetV2 has them."""
    keras.utils.set_random_seed(0)
    entry = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(6, 3, strides=2, padding="same")(entry))
    backbone = keras.Model(entry, keras.layers.ReLU(6)(x), name="backbone")
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.GlobalAveragePooling2D()(backbone(keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)))
    return keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))


def test_explain_answers_in_a_session_from_the_weights_of_the_model(tmp_path: Path) -> None:
    """As TensorFlow Serving runs it, through a nested backbone; the copy that explains adds no weights to the file."""
    model, classes = backbone_network(), NAMES[:3]
    archive = keras.export.ExportArchive()
    archive.track(model)
    function, specs = classifier.signatures(model, classes=classes)["explain"]
    archive.add_endpoint("explain", function, input_signature=list(specs.values()))
    archive.write_out(str(tmp_path / "1"), verbose=False)
    held = tf.train.list_variables(str(tmp_path / "1" / "variables" / "variables"))
    assert len([name for name, _ in held if name.startswith("variables/")]) == len(model.weights)
    contents, images = files()
    expected = explanations.explainer(model)(tf.constant(images))
    with saved_model.load(tmp_path / "1") as loaded:
        answer = loaded.run("explain", {"image_bytes": contents.numpy()})
    np.testing.assert_allclose(answer["grad_cam"], expected["grad_cam"], atol=1e-4)
    gradients = expected["guided_backprop"].numpy()
    np.testing.assert_allclose(answer["guided_backprop"], gradients, atol=1e-3 * np.abs(gradients).max())


def same(found: NDArray[Any], expected: NDArray[Any]) -> None:
    if expected.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_requests_of_few_examples_and_of_files(answers: dict[str, Any], model: keras.Model, tmp_path: Path) -> None:
    # Larger than the network's input, and turned: the served graph must do what the reader did.
    path = tmp_path / "a b.jpg"
    path.write_bytes(pictures.encode(pictures.picture(), "JPEG", exif=pictures.exif(6)))
    pool = decoding.decode_resized(tf.constant(path.read_bytes()), height=SIDE, width=SIDE).numpy()[None]
    one = Examples(pool=pool, index=np.array([0]), labels=np.array([1]), names=(str(path),))
    requests = classifier.requests(model, one, classes=NAMES[: model.output_shape[1]])
    assert requests[0][1]["image_bytes"].tolist() == [path.read_bytes()]
    for name, inputs, expected in requests:
        found = answers[name](**{key: tf.constant(value) for key, value in inputs.items()})
        for key, value in expected.items():
            same(found[key].numpy(), value)

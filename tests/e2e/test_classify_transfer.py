"""Transfer learning, whole: a backbone's file, the head and then all of it, a bundle that crops and explains, and the phone files."""

import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines import classify
from pipelines.classify import config as classify_config
from pipelines.training.options import TrainingOptions
from tests.e2e.helpers import b64, post, served
from tests.vision.pictures import encode
from vision import classifiers, datasets
from vision.datasets import reading
from vision.pretrained import weights

SIDE = 32


@dataclass(frozen=True)
class Run:
    """A finished run from the weights of a file, and what its Keras model answers to the held-out images."""

    folder: Path
    file: Path
    images: datasets.LabelledImages
    model: keras.Model
    probabilities: NDArray[np.float32]


def _photos(folder: Path) -> Path:
    """Wide pictures whose class is the colour of the middle; the sides say nothing."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for label, name in enumerate(("red", "blue")):
        (folder / name).mkdir(parents=True)
        for number in range(30):
            picture = rng.integers(0, 256, (40, 80, 3)).astype(np.uint8)
            picture[:, 20:60] = rng.integers(0, 60, (40, 40, 3))
            picture[:, 20:60, 2 * label] += 150
            (folder / name / f"{number}.png").write_bytes(encode(Image.fromarray(picture), "PNG"))
    return folder


def _backbone() -> keras.Model:
    """MobileNet, weights at random, statistics of batch norm as one batch of noise has them: else everything fades to 0."""
    keras.utils.set_random_seed(3)
    backbone = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    backbone(np.random.default_rng(1).uniform(-1, 1, (64, SIDE, SIDE, 3)).astype(np.float32), training=True)
    return backbone


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """MobileNet from weights drawn at random: two epochs of its head, one of everything."""
    place = tmp_path_factory.mktemp("transfer")
    file, folder, data = place / "mobilenet.weights.h5", place / "run", _photos(place / "photos")
    _backbone().save_weights(file)
    training = TrainingOptions(epochs=3, head_epochs=2, batch_size=16)
    config = classify_config.Config(
        data=str(data), out=folder, model="MobileNet", weights=str(file), size=SIDE, training=training
    )
    classify.run(config)
    images = reading.read_labelled(str(data), size=SIDE, seed=0, crop=True)
    model = classifiers.build("MobileNet", images.shape, classes=2, seed=9)
    weights.load(folder / "checkpoints" / "best.weights.h5", model)
    held_out = np.stack([images.test[i] for i in range(len(images.test))]).astype(np.float32)
    return Run(folder, file, images, model, np.asarray(keras.ops.softmax(model(held_out, training=False))))


def test_answers_over_http_are_those_of_keras_on_the_central_square(run: Run) -> None:
    files = [run.images.test.encoded(i) for i in range(6)]
    with served(run.folder / "export", name="photos") as url:
        requests = {"instances": [{"image_bytes": b64(file)} for file in files]}
        predictions = post(f"{url}:predict", requests)["predictions"]
        explained = post(f"{url}:predict", {"signature_name": "explain", **requests})["predictions"]
    for answer, why, probabilities in zip(predictions, explained, run.probabilities, strict=False):
        assert answer["scores"] == pytest.approx(np.sort(probabilities)[::-1], abs=1e-5)
        assert why["classes"] == answer["classes"][0] == run.images.classes[int(probabilities.argmax())]
        assert np.shape(why["guided_backprop"]) == (SIDE, SIDE, 3)
    described = json.loads((run.folder / "export" / "1" / "assets.extra" / "model.json").read_text())
    assert described["input"]["resize"] == "crop"


def test_the_phone_files_answer_as_keras_does(run: Run) -> None:
    parity = json.loads((run.folder / "mobile" / "parity.json").read_text())
    assert parity["n"] == len(run.images.test) == 12
    assert parity["forms"]["float32"]["agreement"] == 1
    assert parity["forms"]["float32"]["max_abs_delta"] < 1e-4


def test_the_backbone_kept_its_statistics_and_moved_less_than_the_head(run: Run) -> None:
    start = classifiers.build("MobileNet", run.images.shape, classes=2, seed=9)
    weights.load(run.file, start)
    before, after = (model.get_layer("backbone") for model in (start, run.model))
    for old, new in zip(before.layers, after.layers, strict=True):
        if isinstance(new, keras.layers.BatchNormalization):
            for found, expected in zip(new.get_weights(), old.get_weights(), strict=True):
                np.testing.assert_array_equal(found, expected)
    first = np.abs(after.get_layer("conv1").get_weights()[0] - before.get_layer("conv1").get_weights()[0]).max()
    head = np.abs(run.model.get_layer("logits").get_weights()[0]).max()
    assert head > 100 * first


@pytest.mark.data
def test_imagenets_features_tell_ants_from_bees(real_data: Path, tmp_path: Path) -> None:
    """Two of the 15 epochs of `make bench ants_bees`, at half the side."""
    training = TrainingOptions(epochs=2, head_epochs=2, batch_size=16, learning_rate=4e-3)
    scores = classify.run(
        classify_config.Config(
            data=str(real_data / "ants_bees"),
            out=tmp_path / "run",
            model="MobileNetV2",
            weights=str(real_data / "pretrained" / "mobilenet_v2_1.0_224_notop.weights.h5"),
            size=128,
            export=False,
            training=training,
        )
    )
    assert scores["n"] == 153
    assert scores["accuracy"] >= 0.85

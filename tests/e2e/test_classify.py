"""The classify story, whole: tiny training, bundle, `python -m serving`, and every .tflite, all with one answer."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines import classify
from pipelines.classify import config as classify_config
from pipelines.training.options import TrainingOptions
from serving import litert
from serving.litert import classifier
from serving.litert.classifier import metadata as litert_metadata
from tests.e2e.helpers import b64, get, post, served
from vision import classifiers, datasets
from vision.datasets import reading

TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "int8": 0.15}
"""Largest difference of a probability from Keras; int8 rounds every activation to 256 steps."""


@dataclass(frozen=True)
class Told:
    """A finished run, and what the Keras model answers to its held-out images."""

    folder: Path
    scores: dict[str, float]
    images: datasets.LabelledImages
    probabilities: NDArray[np.float32]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Real digits, 300 of them, a few epochs of lenet."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    data = folder.with_name("digits.npz")
    images = reading.read_labelled("digits", size=None, seed=0).train
    np.savez(data, images=np.stack([images[i] for i in range(300)]), labels=images.labels[:300])
    training = TrainingOptions(epochs=8, batch_size=16)
    config = classify_config.Config(data=str(data), out=folder, model="lenet", training=training)
    scores = classify.run(config)
    read = reading.read_labelled(str(data), size=None, seed=0)
    model = classifiers.build("lenet", read.shape, classes=len(read.classes), seed=1)
    model.load_weights(folder / "checkpoints" / "best.weights.h5")
    held_out = np.stack([read.test[i] for i in range(len(read.test))]).astype(np.float32)
    logits = np.asarray(model(held_out, training=False), np.float64)
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return Told(folder, scores, read, (exponentials / exponentials.sum(-1, keepdims=True)).astype(np.float32))


def test_the_run_folder_holds_what_was_promised(told: Told) -> None:
    expected = [
        "checkpoints",
        "config.json",
        "environment.json",
        "export",
        "history.csv",
        "mobile",
        "report.html",
        "samples",
        "scores.json",
    ]
    assert sorted(path.name for path in told.folder.iterdir()) == expected
    with (told.folder / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(n) for n in range(1, 9)]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert json.loads((told.folder / "config.json").read_text())["training.epochs"] == 8


def test_scores_are_those_of_the_held_out_images(told: Told) -> None:
    right = told.probabilities.argmax(-1) == told.images.test.labels
    assert told.scores == json.loads((told.folder / "scores.json").read_text())
    assert told.scores["accuracy"] == pytest.approx(right.mean())
    assert told.scores["n"] == len(told.images.test)
    assert told.scores["accuracy"] > 0.5


def test_rest_answers_as_keras_does(told: Told) -> None:
    files = [told.images.test.encoded(i) for i in range(12)]
    with served(told.folder / "export", name="digits") as url:
        status = get(url)
        predictions = post(f"{url}:predict", {"instances": [{"image_bytes": b64(file)} for file in files]})[
            "predictions"
        ]
        pixels = told.images.test[0].astype(float).tolist()
        tensor = post(f"{url}:predict", {"signature_name": "tensor", "instances": [pixels]})["predictions"]
        results = post(f"{url}:classify", {"signature_name": "classify", "examples": [{"image_bytes": b64(files[0])}]})[
            "results"
        ]
        metadata = get(f"{url}/metadata")
    assert status["model_version_status"][0] | {"status": None} == {
        "version": "1",
        "state": "AVAILABLE",
        "status": None,
    }
    for answer, probabilities in zip(predictions, told.probabilities, strict=False):
        best = np.argsort(-probabilities)[:5]
        assert answer["scores"] == pytest.approx(probabilities[best], abs=1e-5)
        assert answer["classes"][0] == told.images.classes[best[0]]
    logits = np.asarray(tensor[0])
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(told.probabilities[0], abs=1e-5)
    assert dict(results[0]) == pytest.approx(
        dict(zip(told.images.classes, told.probabilities[0].tolist(), strict=True)), abs=1e-5
    )
    assert set(metadata["metadata"]["signature_def"]["signature_def"]) >= {"serving_default", "tensor", "classify"}


@pytest.mark.parametrize("form", list(litert.FORMS))
def test_every_tflite_answers_as_keras_does(told: Told, form: str) -> None:
    path = told.folder / "mobile" / litert.FORMS[form]
    interpreter = classifier.Interpreter(path)
    answers = np.stack([interpreter.run(told.images.test[i]) for i in range(len(told.images.test))])
    difference = float(np.abs(answers - told.probabilities).max())
    parity = json.loads((told.folder / "mobile" / "parity.json").read_text())["forms"][form]
    assert difference <= TOLERANCE[form]
    assert parity["max_abs_delta"] == pytest.approx(difference, abs=1e-5)
    assert parity["scores"]["accuracy"] == pytest.approx(float((answers.argmax(-1) == told.images.test.labels).mean()))
    assert list(litert_metadata.read(path).labels) == list(told.images.classes)


def test_the_bundle_says_what_it_is(told: Told) -> None:
    model: dict[str, Any] = json.loads((told.folder / "export" / "1" / "assets.extra" / "model.json").read_text())
    assert model["task"] == "classify"
    assert model["labels"] == list(told.images.classes)
    assert model["scores"] == told.scores
    assert model["signatures"]["serving_default"]["inputs"] == {"image_bytes": {"dtype": "string", "shape": [None]}}


def test_the_report_tells_the_story(told: Told) -> None:
    text = (told.folder / "report.html").read_text(encoding="utf-8")
    for title in (
        "What the curves say",
        "Curves",
        "Confusion matrix",
        "Per class",
        "Reliability",
        "Most confident mistakes",
    ):
        assert f"<h2>{title}</h2>" in text
    for title in ("Augmented inputs", "Gradient norm by layer", "Dead units", "Timing", "Skipped files"):
        assert f"<h2>{title}</h2>" in text
    assert "http://" not in text.replace("http://www.w3.org", "")

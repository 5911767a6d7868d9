"""A whole run of classify: training, bundle, `python -m serving`, and every .tflite, all with one answer."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines import classify
from pipelines.classify import config as classify_config
from pipelines.training.options import TrainingOptions
from serving import litert
from serving.litert import classifier
from serving.litert.classifier import metadata as litert_metadata
from tests.e2e import promises
from tests.e2e.helpers import b64, post
from vision import classifiers, datasets
from vision.datasets import reading

TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "int8": 0.15}
"""Largest difference of a probability from Keras; int8 rounds every activation to 256 steps."""


TITLES = (
    *("What the curves say", "Curves", "Confusion matrix", "Per class", "Reliability", "Most confident mistakes"),
    *("What the network looked at", "Augmented inputs", "Gradient norm by layer", "Dead units", "Forms for phones"),
    *("Timing", "Skipped files"),
)


@dataclass(frozen=True)
class Run:
    """A finished run, and what the Keras model answers to its held-out images."""

    folder: Path
    scores: dict[str, float]
    images: datasets.LabelledImages
    probabilities: NDArray[np.float32]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
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
    return Run(folder, scores, read, (exponentials / exponentials.sum(-1, keepdims=True)).astype(np.float32))


def test_keeps_its_promises(run: Run) -> None:
    files = [run.images.test.encoded(place) for place in range(12)]
    best = [np.argsort(-probabilities)[:5] for probabilities in run.probabilities[:12]]
    first = run.folder.with_name("first.png")
    first.write_bytes(files[0])

    def tensor(url: str, _: int) -> None:
        pixels = run.images.test[0].astype(float).tolist()
        logits = np.asarray(
            post(f"{url}:predict", {"signature_name": "tensor", "instances": [pixels]})["predictions"][0]
        )
        assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(run.probabilities[0], abs=1e-5)

    def classes(url: str, _: int) -> None:
        body = {"signature_name": "classify", "examples": [{"image_bytes": b64(files[0])}]}
        expected = dict(zip(run.images.classes, run.probabilities[0].tolist(), strict=True))
        assert dict(post(f"{url}:classify", body)["results"][0]) == pytest.approx(expected, abs=1e-5)

    promises.keeps_its_promises(
        promises.Promised(
            task="classify",
            folder=run.folder,
            scores=run.scores,
            beside={"checkpoints", "history.csv"},
            epochs=8,
            input={"image_bytes": {"dtype": "string", "shape": [None]}},
            outputs={"classes", "scores"},
            signatures={"serving_default", "tensor", "classify", "explain"},
            titles=TITLES,
            tolerance=TOLERANCE,
        ),
        promises.Asked(
            inputs=files,
            expected=[
                {"classes": [run.images.classes[place] for place in five], "scores": probabilities[five].tolist()}
                for probabilities, five in zip(run.probabilities, best, strict=False)
            ],
            first=str(first),
            difference=lambda path: float(np.abs(_phone_answers(path, run) - run.probabilities).max()),
        ),
        tensor,
        classes,
    )
    described = json.loads((run.folder / "export" / "1" / "assets.extra" / "model.json").read_text())
    assert described["labels"] == list(run.images.classes)
    assert json.loads((run.folder / "config.json").read_text())["training.epochs"] == 8


def test_scores_are_those_of_the_held_out_images(run: Run) -> None:
    right = run.probabilities.argmax(-1) == run.images.test.labels
    assert run.scores == json.loads((run.folder / "scores.json").read_text())
    assert run.scores["accuracy"] == pytest.approx(right.mean())
    assert run.scores["n"] == len(run.images.test)
    assert run.scores["accuracy"] > 0.5


@pytest.mark.parametrize("form", list(litert.FORMS))
def test_parity_says_what_each_tflite_answers(run: Run, form: str) -> None:
    path = run.folder / "mobile" / litert.FORMS[form]
    answers = _phone_answers(path, run)
    parity = json.loads((run.folder / "mobile" / "parity.json").read_text())["forms"][form]
    assert parity["max_abs_delta"] == pytest.approx(float(np.abs(answers - run.probabilities).max()), abs=1e-5)
    assert parity["scores"]["accuracy"] == pytest.approx(float((answers.argmax(-1) == run.images.test.labels).mean()))
    assert list(litert_metadata.read(path).labels) == list(run.images.classes)


def _phone_answers(path: Path, run: Run) -> NDArray[np.float32]:
    interpreter = classifier.Interpreter(path)
    return np.stack([interpreter.run(run.images.test[i]) for i in range(len(run.images.test))])

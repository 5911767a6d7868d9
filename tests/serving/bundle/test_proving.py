"""Proofs: what a wrong answer is told, the largest difference, and exports that cannot be run."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from serving import bundle, saved_model
from serving.bundle import BundleError, Proof

KERNEL = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, -1.0]], np.float32)


X = np.array([[1.0, 2.0], [-0.5, 4.0], [3.0, 0.0]], np.float32)


LABELS = ["rot", "grün", "blau"]


DESCRIPTION = {"task": "classify", "labels": LABELS, "scores": {"accuracy": 0.5}, "made": {"by": "a test"}}


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, use_bias=False)])
    model.set_weights([KERNEL])
    return model


def _signatures(model: keras.Model) -> dict[str, Any]:
    def serving_default(x: Any) -> dict[str, Any]:
        scores = model(x)
        return {"scores": scores, "best": tf.gather(tf.constant(LABELS), tf.argmax(scores, -1))}

    def classify(inputs: Any) -> dict[str, Any]:
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]
        return {"scores": model(x)}

    return {
        "serving_default": (serving_default, {"x": tf.TensorSpec([None, 2], tf.float32, "x")}),
        "classify": (classify, {"inputs": tf.TensorSpec([None], tf.string, "inputs")}),
    }


def _example(row: np.ndarray) -> bytes:
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=row.tolist()))
    serialised: bytes = tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString()
    return serialised


def _proofs(scores: np.ndarray, *, best: np.ndarray | None = None) -> list[Proof]:
    named = np.array([LABELS[i].encode() for i in (X @ KERNEL).argmax(-1)], object)
    examples = np.array([_example(row) for row in X], object)
    expected = {"scores": scores, "best": named if best is None else best}
    return [
        Proof(signature="serving_default", inputs={"x": X}, outputs=expected),
        Proof(signature="classify", inputs={"inputs": examples}, outputs={"scores": X @ KERNEL}),
    ]


def _write(base: Path, proofs: list[Proof], *, version: int = 1, **more: Any) -> tuple[Path, float]:
    model = _model()
    description = {**DESCRIPTION, **more}
    return bundle.write(base, model, _signatures(model), description=description, proofs=proofs, version=version)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 7, proven by NumPy's products."""
    folder, difference = _write(tmp_path_factory.mktemp("bundle") / "export", _proofs(X @ KERNEL), version=7)
    assert difference <= 1e-6
    return folder


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        # The largest expected value is 6.
        {"scores": X @ KERNEL + 8e-5},
        r"'serving_default': scores differs from the model by [78]\S*e-05; expected at most 6e-05",
    ),
    ({"scores": X @ KERNEL * np.float32(math.nan)}, "scores differs from the model by nan; expected at most 1e-05"),
    ({"scores": (X @ KERNEL)[:, :2]}, r"scores has shape \(3, 3\); the model gives \(3, 2\)"),
    (
        {"scores": X @ KERNEL, "best": np.array([b"rot"] * 3, object)},
        r"'serving_default': best is \[.*\]; the model gives \[b'rot', b'rot', b'rot'\]",
    ),
]


@pytest.mark.parametrize(("outputs", "message"), WRONG, ids=["number", "nan", "shape", "string"])
def test_a_wrong_answer_is_told(written: Path, outputs: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        bundle.prove(written, [Proof(signature="serving_default", inputs={"x": X}, outputs=outputs)])


def test_the_largest_difference_is_returned(written: Path) -> None:
    assert bundle.prove(written, _proofs(X @ KERNEL - np.float32(4e-6))) == pytest.approx(4e-6, abs=1e-6)


def test_an_export_that_runs_in_eager_mode_only_is_refused(untracked: Path) -> None:
    with saved_model.load(untracked) as loaded:
        (name,) = loaded.signatures["serving_default"].inputs
    x = np.ones((1, 1), np.float32)
    eager = tf.saved_model.load(str(untracked)).signatures["serving_default"](**{name: tf.constant(x)})
    assert len(eager) == 1
    proof = Proof(signature="serving_default", inputs={name: x}, outputs={})
    message = "^the export does not run in a v1 session, which is how it is served: .*Could not find variable"
    with pytest.raises(BundleError, match=message):
        bundle.prove(untracked, [proof])


def test_a_folder_that_does_not_load_is_refused(tmp_path: Path, written: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes((written / "saved_model.pb").read_bytes()[:200])
    with pytest.raises(BundleError, match=r"does not run in a v1 session.*could not be loaded"):
        bundle.prove(tmp_path, [])
    with pytest.raises(BundleError, match=r"does not run in a v1 session.*Signature 'fly' was not found"):
        bundle.prove(written, [Proof(signature="fly", inputs={}, outputs={})])

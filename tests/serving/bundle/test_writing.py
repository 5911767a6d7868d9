"""A bundle holds what it says, answers as NumPy does in a v1 session, and is there as a whole or not at all."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from serving import bundle, saved_model
from serving.bundle import BundleError, Proof, warmup_requests

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


def test_the_bundle_answers_as_numpy_does_and_says_what_it_is(written: Path) -> None:
    assert written.name == "7"
    assert [path.name for path in written.parent.iterdir()] == ["7"]
    with saved_model.load(written) as loaded:
        answers = loaded.run("serving_default", {"x": X[:1]})
        methods = {name: signature.method_name for name, signature in loaded.signatures.items()}
    np.testing.assert_allclose(answers["scores"], X[:1] @ KERNEL, rtol=1e-6)
    # ExportArchive itself writes `predict` everywhere; `:classify` asks for its own.
    assert methods == {
        "serving_default": "tensorflow/serving/predict",
        "classify": "tensorflow/serving/classify",
    }
    description = json.loads((written / "assets.extra" / "model.json").read_text(encoding="utf-8"))
    assert description == bundle.read_description(written)
    scores = {"dtype": "float32", "shape": [None, 3]}
    assert description == {
        "format": 1,
        **DESCRIPTION,
        "version": 7,
        "signatures": {
            "serving_default": {
                "inputs": {"x": {"dtype": "float32", "shape": [None, 2]}},
                "outputs": {"best": {"dtype": "string", "shape": [None]}, "scores": scores},
            },
            "classify": {
                "inputs": {"inputs": {"dtype": "string", "shape": [None]}},
                "outputs": {"scores": scores},
            },
        },
    }
    assert "grün" in (written / "assets.extra" / "model.json").read_text(encoding="utf-8")
    assert (written / warmup_requests.FILE).stat().st_size > 0


def test_each_weight_is_written_once(written: Path) -> None:
    shapes = tf.train.load_checkpoint(str(written / "variables" / "variables")).get_variable_to_shape_map()
    assert [shape for shape in shapes.values() if shape] == [[2, 3]]


def test_a_signature_without_a_proof_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"^no proof for the signature\(s\) classify; every signature needs one$"):
        _write(tmp_path / "export", _proofs(X @ KERNEL)[:1])
    assert not (tmp_path / "export").exists()


def test_a_failing_proof_leaves_nothing_and_the_old_version_alone(tmp_path: Path) -> None:
    base = tmp_path / "export"
    folder, _ = _write(base, _proofs(X @ KERNEL))
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    for version in (1, 2):
        with pytest.raises(BundleError, match="scores differs from the model by"):
            _write(base, _proofs(X @ KERNEL + 1), version=version)
    with pytest.raises(TypeError, match="not JSON serializable"):
        _write(base, _proofs(X @ KERNEL), made=object())
    assert [path.name for path in base.iterdir()] == ["1"]
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()} == before

    _write(base, _proofs(X @ KERNEL), made="again")
    assert [path.name for path in base.iterdir()] == ["1"]
    assert bundle.read_description(folder)["made"] == "again"

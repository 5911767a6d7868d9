"""The export step of every pipeline: the bundle says what the value says, samples are anew, and the hint can be pasted into a shell."""

import json
import shlex
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines import exports
from pipelines.exports import Export
from serving.bundle import BundleError

KEPT = "no export: --no-export was given, or this model has none"


def _export(expected: float) -> Export:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)])

    def double(x: Any) -> dict[str, Any]:
        return {"y": 2.0 * model(x)}

    return Export(
        task="double",
        tracked=model,
        signatures={"serving_default": (double, {"x": tf.TensorSpec([None, 1], tf.float32, "x")})},
        proofs=[("serving_default", {"x": np.array([[3]], np.float32)}, {"y": np.array([[expected]], np.float32)})],
        input={"length": 1},
        made={"by": "test"},
        samples=lambda folder: exports.write_lines(folder / "texts.txt", ["ä", "b"]),
        labels=["one"],
    )


def test_the_bundle_and_the_samples(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "old.txt").write_text("old")
    bundle = exports.write(tmp_path, _export(6.0), {"accuracy": 0.5})
    assert bundle == tmp_path / "export" / "1"
    described = json.loads((bundle / "assets.extra" / "model.json").read_text(encoding="utf-8"))
    assert {key: described[key] for key in ("task", "labels", "input", "scores", "made", "version")} == {
        "task": "double",
        "labels": ["one"],
        "input": {"length": 1},
        "scores": {"accuracy": 0.5},
        "made": {"by": "test"},
        "version": 1,
    }
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "samples").iterdir()} == {
        "texts.txt": "ä\nb\n"
    }


def test_a_wrong_proof_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="y differs from the model by 1; expected at most"):
        exports.write(tmp_path, _export(7.0), {})
    assert not (tmp_path / "samples").exists()


@pytest.mark.parametrize("name", ["my photos", "it's mine"])
def test_the_hint_can_be_pasted_into_a_shell(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "export").mkdir(parents=True)
    serve, try_it = exports.hint(folder, "@texts.txt").splitlines()
    assert shlex.split(serve.removeprefix("serve it: ")) == [
        *("python", "-m", "serving", f"--model_name={name}"),
        *(f"--model_base_path={folder}/export", "--rest_api_port=8501"),
    ]
    words = shlex.split(try_it.removeprefix("try it: "))
    assert words == ["python", "-m", "serving.predict", str(folder), f"@{folder}/samples/texts.txt"]
    *_, pattern = exports.hint(folder, "*").split()
    assert pattern.endswith("/samples'/*")


def test_nothing_to_try_without_an_export(tmp_path: Path) -> None:
    assert exports.hint(tmp_path, "*") == KEPT

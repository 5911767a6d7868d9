"""One layout of parity.json and one README table, whatever the task."""

from pathlib import Path
from typing import Any

import pytest

from serving.litert import FORMS, parity


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Any]:
    for number, name in enumerate(FORMS.values(), start=1):
        (tmp_path / name).write_bytes(b"x" * 1000 * number)

    def compared(path: Path) -> dict[str, Any]:
        half = path.name == FORMS["float16"]
        scores = {} if half else {"mean_iou": 0.75}
        return {"milliseconds": 1.5, "max_abs_delta": 1e-3, "agreement": 0.5, "scores": scores, "own": 7}

    return parity.contents(tmp_path, compared, n=9, reference="Keras model", scores={"mean_iou": 0.8})


def test_the_layout(found: dict[str, Any]) -> None:
    forms = found.pop("forms")
    assert found == {"format": 2, "n": 9, "reference": {"name": "Keras model", "scores": {"mean_iou": 0.8}}}
    assert list(forms) == list(FORMS)
    assert forms["float32"] == {
        "file": "model.tflite",
        "bytes": 1000,
        "milliseconds": 1.5,
        "max_abs_delta": 1e-3,
        "agreement": 0.5,
        "scores": {"mean_iou": 0.75},
        "own": 7,
    }


def test_the_table(found: dict[str, Any]) -> None:
    lines = parity.table(found, {"agreement": "same class", "max_abs_delta": "largest difference"}).splitlines()
    assert lines[:3] == [
        "| file | size | mean iou | same class | largest difference |",
        "| --- | --- | --- | --- | --- |",
        "| `model.tflite` | 1 kB | 0.7500 | 0.5000 | 1.0e-03 |",
    ]
    # A score that could not be computed leaves its cell empty.
    assert lines[3] == "| `model_float16.tflite` | 2 kB |  | 0.5000 | 1.0e-03 |"

"""serving.litert.classifier.parity: the .tflite forms of a classifier compared with its Keras model on held-out images."""

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from serving import litert
from serving.litert import classifier, forms
from serving.litert.classifier import parity as classifier_parity
from tests.serving import colours

# Largest difference of a probability that each form may show on this model.
TOLERANCE = {"float32": 1e-6, "float16": 2e-3, "int8": 0.03}


class Converted(NamedTuple):
    """A converted classifier and what it was compared with."""

    folder: Path
    parity: dict[str, Any]
    pixels: np.ndarray


@pytest.fixture(scope="module")
def converted(colour_run: Path) -> Converted:
    parity = json.loads((colour_run / "mobile" / "parity.json").read_text(encoding="utf-8"))
    return Converted(colour_run / "mobile", parity, np.asarray(colours.held_out().images))


def refused(bundle_: Path, folder: Path, match: str, **changes: Any) -> None:
    """`convert` refuses and leaves nothing behind."""
    calibration = changes.pop("calibration", colours.images(4)[0])
    examples = dataclasses.replace(colours.held_out(4), **changes)
    with pytest.raises(litert.LiteRTError, match=match):
        classifier.convert(bundle_, folder, calibration=calibration, held_out=examples)
    assert not folder.exists()
    assert not list(folder.parent.glob(f".{folder.name}*"))


@pytest.mark.parametrize("form", litert.FORMS)
def test_each_form_answers_what_numpy_computes(converted: Converted, form: str) -> None:
    interpreter = classifier.Interpreter(converted.folder / litert.FORMS[form])
    answers = np.stack([interpreter.run(image) for image in converted.pixels])
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, colours.probabilities(converted.pixels), atol=TOLERANCE[form])


@pytest.mark.parametrize("form", litert.FORMS)
def test_parity_states_accuracy_agreement_and_difference(converted: Converted, form: str) -> None:
    row, path = converted.parity["forms"][form], converted.folder / litert.FORMS[form]
    assert (row["file"], row["bytes"]) == (path.name, path.stat().st_size)
    assert row["scores"] == {"accuracy": pytest.approx(21 / 24)}
    assert row["agreement"] == 1.0
    assert 0 < row["max_abs_delta"] < TOLERANCE[form]
    assert row["milliseconds"] > 0


def test_parity_of_the_whole_set_is_written_beside_the_files(converted: Converted) -> None:
    assert converted.parity["reference"] == {"name": "Keras model", "scores": {"accuracy": pytest.approx(21 / 24)}}
    assert (converted.parity["n"], converted.parity["calibration_images"]) == (24, 30)
    names = {"model.tflite", "model_float16.tflite", "model_int8.tflite", "labels.txt", "parity.json", "README.md"}
    assert {path.name for path in converted.folder.iterdir()} == names


def test_label_file_has_the_labels_in_the_order_of_the_outputs(converted: Converted) -> None:
    assert (converted.folder / "labels.txt").read_bytes() == "red\ngrün\ndeep blue\n".encode()


@pytest.mark.parametrize(("form", "dtype"), [("float32", np.float32), ("float16", np.float32), ("int8", np.uint8)])
def test_pixels_go_in_unscaled(converted: Converted, form: str, dtype: type) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(converted.folder / litert.FORMS[form]))
    [entry], [answer] = interpreter.get_input_details(), interpreter.get_output_details()
    assert (tuple(entry["shape"]), entry["dtype"]) == ((1, 12, 16, 3), dtype)
    assert (tuple(answer["shape"]), answer["dtype"]) == ((1, 3), np.float32)
    if form == "int8":  # the calibration images span 20 to 199 only
        assert entry["quantization"] == (1.0, 0)


def test_int8_computes_in_integers_up_to_the_softmax(converted: Converted) -> None:
    from ai_edge_litert import schema_py_generated as schema

    content = (converted.folder / "model_int8.tflite").read_bytes()
    graph = schema.ModelT.InitFromPackedBuf(content, 0).subgraphs[0]
    floats = [index for index, tensor in enumerate(graph.tensors) if tensor.type == schema.TensorType.FLOAT32]
    softmax = graph.operators[-1]
    assert floats == [*softmax.inputs, *softmax.outputs]
    assert list(softmax.outputs) == list(graph.outputs)


@pytest.mark.parametrize("form", litert.FORMS)
def test_files_hold_built_in_operators_only(converted: Converted, form: str) -> None:
    names = forms.operators((converted.folder / litert.FORMS[form]).read_bytes())
    assert {"CONV_2D", "FULLY_CONNECTED", "SOFTMAX"} <= set(names)
    assert not [name for name in names if name.startswith("custom:")]


def test_foreign_operators_are_refused_by_name(tmp_path: Path) -> None:
    exported = colours.write_with_foreign_operators(tmp_path / "1")
    match = r"float32 form needs operators .* AdjustHue, RGBToHSV.* build the layer from other operations"
    refused(exported, tmp_path / "mobile", match)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    exported = colours.write_diverged(tmp_path / "1")
    refused(exported, tmp_path / "mobile", "model.tflite answers NaN or infinity")


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (["red", "blue", "red"], "the label 'red' occurs 2 times; rename one"),
        (["red", "blue\ngreen", "x"], r"the label 'blue\\ngreen' is empty or holds a line break"),
        (["red", "", "x"], "the label '' is empty"),
    ],
)
def test_labels_that_a_label_file_cannot_hold_are_refused(tmp_path: Path, labels: list[str], match: str) -> None:
    refused(_described(tmp_path, labels=labels), tmp_path / "mobile", match)


def _described(folder: Path, *, labels: list[str] | None = None, task: str = "classify", channels: int = 3) -> Path:
    """A folder with nothing but a model.json, for what is refused before TensorFlow loads."""
    entry = {"height": 12, "width": 16, "channels": channels}
    path = folder / "1" / "assets.extra" / "model.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"format": 1, "task": task, "labels": labels or ["a", "b", "c"], "input": entry}))
    return folder / "1"


def test_other_tasks_and_grey_inputs_are_refused(tmp_path: Path) -> None:
    refused(_described(tmp_path / "a", task="detect"), tmp_path / "mobile", "a bundle for 'detect'; .* 'classify'")
    refused(_described(tmp_path / "b", channels=1), tmp_path / "mobile", "takes 1 channels; phones give 3")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"calibration": []}, "no calibration images; at least one"),
        (
            {"calibration": np.zeros((2, 16, 12, 3), np.uint8)},
            r"calibration images are uint8 \(16, 12, 3\); .*\(12, 16, 3\)",
        ),
        ({"images": np.zeros((4, 12, 16, 3))}, r"held-out images are float64"),
        ({"truth": np.zeros(5, int)}, r"4 held-out images came with truth \(5,\) and probabilities \(4, 3\); expected"),
        ({"probabilities": np.zeros((4, 2))}, r"expected \(4,\) and \(4, 3\)"),
    ],
)
def test_images_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], match: str) -> None:
    refused(_described(tmp_path), tmp_path / "mobile", match, **changes)


def test_more_images_than_interpreters_keep_their_order(converted: Converted) -> None:
    answers = classifier_parity.answers_of(converted.folder / "model.tflite", converted.pixels)
    np.testing.assert_allclose(answers, colours.probabilities(converted.pixels), atol=TOLERANCE["float32"])

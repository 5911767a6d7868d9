"""`:classify` and `:regress`: the calls that take tf.Example messages, from request body to answer body."""

from typing import Any

import numpy as np

from serving.server import json_answer, json_example, json_text
from serving.server.errors import invalid_argument
from serving.server.inference import DEFAULT_SIGNATURE, run, signature_name
from serving.server.repository import ModelSpec, Repository


def classify(repository: Repository, spec: ModelSpec, body: bytes) -> bytes:
    """Answer `:classify`: for each example the labels with their scores."""
    outputs, count = _outputs(repository, spec, body, "classify")
    classes, scores = outputs.get("classes"), outputs.get("scores")
    if classes is not None:
        _check_classes(classes, "classes", "object", count)
    if scores is not None:
        _check_classes(scores, "scores", "float32", count)
    if classes is None and scores is not None:
        classes = np.full(scores.shape, b"", dtype=object)
    if scores is None and classes is not None:
        scores = np.zeros(classes.shape, np.float32)
    if classes is None or scores is None or classes.shape != scores.shape:
        raise invalid_argument("Tensors class and score should match in dim_size(1).")
    rows = zip(json_answer.jsonable("classes", classes), scores, strict=True)
    return json_answer.dumps({"results": [_classes(labels, values) for labels, values in rows]})


def regress(repository: Repository, spec: ModelSpec, body: bytes) -> bytes:
    """Answer `:regress`: one number for each example."""
    outputs, count = _outputs(repository, spec, body, "regress")
    values = outputs["outputs"]
    if values.ndim != 1 and (values.ndim != 2 or values.shape[1] != 1):
        raise invalid_argument(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(values)}"
        )
    if len(values) != count:
        raise invalid_argument(f"Input batch size did not match output batch size: {count} vs. {len(values)}")
    if values.dtype != np.float32:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {values.dtype.name}")
    return json_answer.dumps({"results": json_answer.jsonable("outputs", values.reshape(-1))})


def _outputs(repository: Repository, spec: ModelSpec, body: bytes, method: str) -> tuple[dict[str, np.ndarray], int]:
    """Run a signature on the examples of a request: its outputs and the number of examples.

    The request is read as a whole before the model is looked up, as in TensorFlow Serving.
    """
    document = json_text.parse(body)
    name = signature_name(document) or DEFAULT_SIGNATURE
    examples = json_example.from_document(document)
    with repository.use(spec) as version:
        signature = version.model.signatures.get(name)
        if signature is None:
            raise invalid_argument(f"No signature was found with the name: {name}")
        if method == "classify":
            _check_signature(signature, "classification", outputs=("classes", "scores"))
        else:
            _check_signature(signature, "regression", outputs=("outputs",))
        return run(version.model, name, {"inputs": examples}), len(examples)


def _check_signature(signature: Any, task: str, *, outputs: tuple[str, ...]) -> None:
    """The one input must be `inputs`; of the outputs at least one must be known, and there may be no more of them."""
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if not 1 <= len(signature.outputs) <= len(outputs):
        expected = " or ".join(("one", "two")[: len(outputs)])
        raise invalid_argument(f"Expected {expected} output Tensors, found {len(signature.outputs)}")
    if "inputs" not in signature.inputs:
        raise invalid_argument(f"No {task} inputs found in SignatureDef: {signature}")
    if not any(name in signature.outputs for name in outputs):
        raise invalid_argument(f"No {task} outputs ({', '.join(outputs)}) found in SignatureDef: {signature}")


def _check_classes(array: np.ndarray, alias: str, dtype: str, count: int) -> None:
    """Labels and scores must be [batch, classes] of the right type."""
    if array.ndim != 2:
        raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}")
    if array.dtype.name != dtype:
        expected = "DT_STRING" if dtype == "object" else "DT_FLOAT"
        raise invalid_argument(f"Expected {alias} Tensor of {expected}. Got: {array.dtype.name}")
    if len(array) != count:
        raise invalid_argument(f"Expected {alias} output batch size of {count}. Got: {len(array)}")


def _classes(labels: list[Any], scores: np.ndarray) -> list[list[Any]]:
    """The label and score pairs of one example."""
    return [[label, json_answer.jsonable("score", score)] for label, score in zip(labels, scores, strict=True)]


def _shape(array: np.ndarray) -> str:
    return "[" + ",".join(str(size) for size in array.shape) + "]"

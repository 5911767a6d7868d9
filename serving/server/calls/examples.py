"""`:classify` and `:regress`, the calls on tf.Example messages: the outputs for both APIs, and REST's bodies."""

from typing import Any

import numpy as np

from serving.server.calls import signature_checks
from serving.server.calls.prediction import DEFAULT_SIGNATURE, run, signature_name
from serving.server.calls.rules import PLAIN, Rules
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.json_bodies import answer, example, tensor, text
from serving.server.models.versions import Version


def read(body: bytes) -> tuple[str, np.ndarray]:
    """Read signature and examples of a REST body, all before the model is looked up, as TensorFlow Serving does."""
    document = text.parse(body)
    return signature_name(document) or DEFAULT_SIGNATURE, example.from_document(document)


def classify(
    version: Version, name: str, examples: np.ndarray, *, rules: Rules = PLAIN, deadline: float | None = None
) -> bytes:
    """Write the REST answer of `classify_outputs`: the labels of each example with their scores."""
    classes, scores = classify_outputs(version, name, examples, rules=rules, deadline=deadline)
    rows = zip(answer.jsonable("classes", classes), scores, strict=True)
    return answer.dumps({"results": [_classes(labels, values) for labels, values in rows]})


def regress(
    version: Version, name: str, examples: np.ndarray, *, rules: Rules = PLAIN, deadline: float | None = None
) -> bytes:
    """Write the REST answer of `regress_outputs`: one number per example."""
    values = regress_outputs(version, name, examples, rules=rules, deadline=deadline)
    return answer.dumps({"results": answer.jsonable("outputs", values)})


def classify_outputs(
    version: Version, name: str, examples: np.ndarray, *, rules: Rules = PLAIN, deadline: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Compute labels (bytes) and scores (float32), both [n, classes], for n serialised tf.Examples.

    `rules`: whether the signature must be declared for classification. `deadline`: as in `prediction.run`. Raises
    ServingError.
    """
    signature = _signature(version, name)
    signature_checks.check_classification(signature, rules=rules)
    _check_filled(examples)
    outputs = run(version, name, {"inputs": examples}, deadline=deadline)
    classes, scores = outputs.get("classes"), outputs.get("scores")
    if classes is not None:
        _check_classes(classes, "classes", "DT_STRING", len(examples))
    if scores is not None:
        _check_classes(scores, "scores", "DT_FLOAT", len(examples))
    if classes is None and scores is not None:
        classes = np.full(scores.shape, b"", dtype=object)
    if scores is None and classes is not None:
        scores = np.zeros(classes.shape, np.float32)
    if classes is None or scores is None:
        raise ServingError(Code.INTERNAL, "The model gave neither classes nor scores, though its signature has them.")
    if classes.shape != scores.shape:
        raise invalid_argument(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    return classes, scores


def regress_outputs(
    version: Version, name: str, examples: np.ndarray, *, rules: Rules = PLAIN, deadline: float | None = None
) -> np.ndarray:
    """Compute the numbers (float32, [n]) for n serialised tf.Examples; arguments and errors as in `classify_outputs`."""
    signature = _signature(version, name)
    signature_checks.check_regression(signature, rules=rules)
    _check_filled(examples)
    values = run(version, name, {"inputs": examples}, deadline=deadline)["outputs"]
    if values.ndim != 1 and (values.ndim != 2 or values.shape[1] != 1):
        raise invalid_argument(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {tensor.shape_text(values)}"
        )
    if len(values) != len(examples):
        raise invalid_argument(f"Input batch size did not match output batch size: {len(examples)} vs. {len(values)}")
    if values.dtype != np.float32:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {_dtype(values)}")
    return values.reshape(-1)


def _signature(version: Version, name: str) -> Any:
    signature = version.model.signatures.get(name)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return signature


def _check_filled(examples: np.ndarray) -> None:
    if not len(examples):
        raise invalid_argument("Input is empty.")


def _check_classes(array: np.ndarray, alias: str, dtype: str, count: int) -> None:
    """Check that labels or scores are [batch, classes] of the right type."""
    if array.ndim != 2:
        raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {tensor.shape_text(array)}")
    if _dtype(array) != dtype:
        raise invalid_argument(f"Expected {alias} Tensor of {dtype}. Got: {_dtype(array)}")
    if len(array) != count:
        raise invalid_argument(f"Expected {alias} output batch size of {count}. Got: {len(array)}")


def _dtype(array: np.ndarray) -> str:
    """Look up the name in TensorFlow's DataType enumeration."""
    import tensorflow as tf
    from tensorflow.core.framework import types_pb2

    number = tf.as_dtype(array.dtype).as_datatype_enum
    return str(types_pb2.DataType.Name(number))


def _classes(labels: list[Any], scores: np.ndarray) -> list[list[Any]]:
    """Pair the labels and scores of one example."""
    return [[label, answer.jsonable("score", score)] for label, score in zip(labels, scores, strict=True)]

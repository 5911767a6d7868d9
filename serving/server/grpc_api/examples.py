"""Calls on tf.Example messages over gRPC: what Classify, Regress and MultiInference share."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.server.calls import examples as example_calls
from serving.server.calls import signature_checks
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.calls.signature_checks import METHODS
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.versions import Version


def read(message: Any) -> np.ndarray:
    """The serialised tf.Examples of a tensorflow.serving.Input, shape [n]; a context is put before each."""
    listed, context = message.example_list.examples, b""
    if message.WhichOneof("kind") == "example_list_with_context":
        listed = message.example_list_with_context.examples
        context = message.example_list_with_context.context.SerializeToString()
    strings = [context + example.SerializeToString() for example in listed]
    return np.array(strings, dtype=object)


def classify(version: Version, signature: str, examples: np.ndarray, result: Any, **limits: Any) -> None:
    """Fill a ClassificationResult with the labels and scores of each example; `limits` as in `example_calls`."""
    classes, scores = example_calls.classify_outputs(version, signature, examples, **limits)
    for labels, values in zip(classes.tolist(), scores.tolist(), strict=True):
        row = result.classifications.add()
        for label, score in zip(labels, values, strict=True):
            row.classes.add(label=label.decode("utf-8", "replace"), score=score)


def regress(version: Version, signature: str, examples: np.ndarray, result: Any, **limits: Any) -> None:
    """Fill a RegressionResult with one value an example; `limits` as in `example_calls`."""
    for value in example_calls.regress_outputs(version, signature, examples, **limits).tolist():
        result.regressions.add(value=value)


def check_tasks(version: Version, tasks: Sequence[Any], *, rules: Rules = PLAIN) -> list[str]:
    """The signature of each InferenceTask; all must be for one model and one input tensor, each for another signature.

    `rules`: whether each signature must be declared for its task.
    """
    names: list[str] = []
    tensors: set[str] = set()
    for task in tasks:
        if not task.model_spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != tasks[0].model_spec.name:
            raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in names:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        names.append(name)
        if name not in version.model.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        signature = version.model.signatures[name]
        if task.method_name == METHODS["classify"]:
            signature_checks.check_classification(signature, rules=rules)
        elif task.method_name == METHODS["regress"]:
            signature_checks.check_regression(signature, rules=rules)
        else:
            raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
        tensors.add(signature.inputs["inputs"].name)
        if len(tensors) > 1:
            raise invalid_argument("Input tensor must be the same for all Signatures.")
    return names

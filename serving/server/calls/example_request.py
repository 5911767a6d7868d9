"""Requests on tf.Example messages, over gRPC and from warm-up files: their examples, and the tasks of MultiInference."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.server.calls import signature_checks
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.calls.signature_checks import METHODS
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.versions import Version


def read(message: Any) -> np.ndarray:
    """Read the serialised tf.Examples of a tensorflow.serving.Input, shape [n]; a context is put before each."""
    listed, context = message.example_list.examples, b""
    if message.WhichOneof("kind") == "example_list_with_context":
        listed = message.example_list_with_context.examples
        context = message.example_list_with_context.context.SerializeToString()
    strings = [context + example.SerializeToString() for example in listed]
    return np.array(strings, dtype=object)


def check_tasks(version: Version, tasks: Sequence[Any], *, rules: Rules = PLAIN) -> list[str]:
    """Check the InferenceTasks of a MultiInferenceRequest and return the signature of each.

    All must ask the same model and feed the same input tensor, each by another signature. Raises ServingError.
    """
    names: list[str] = []
    tensors: set[str] = set()
    for task in tasks:
        name = _signature_name(task, tasks[0].model_spec.name)
        if name in names:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        names.append(name)
        tensors.add(_checked_input(version, task, name, rules))
        if len(tensors) > 1:
            raise invalid_argument("Input tensor must be the same for all Signatures.")
    return names


def _signature_name(task: Any, model: str) -> str:
    """Read the signature that a task asks for; its model must be `model`."""
    if not task.model_spec.name:
        raise invalid_argument("Found ModelSpec with an empty model name.")
    if task.model_spec.name != model:
        raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
    return task.model_spec.signature_name or DEFAULT_SIGNATURE


def _checked_input(version: Version, task: Any, name: str, rules: Rules) -> str:
    """Check that a task's signature fits it, and return the name of the tensor that the signature feeds."""
    if name not in version.model.signatures:
        raise invalid_argument(f"Requested signature not found in model graph: {name}")
    signature = version.model.signatures[name]
    if task.method_name == METHODS["classify"]:
        signature_checks.check_classification(signature, rules=rules)
    elif task.method_name == METHODS["regress"]:
        signature_checks.check_regression(signature, rules=rules)
    else:
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
    tensor: str = signature.inputs["inputs"].name
    return tensor

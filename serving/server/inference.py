"""The calls of the API, from request body to answer body, without any HTTP: every other front end can use them too.

Each function blocks while the model runs; the interpreter is free meanwhile, so threads answer side by side.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.saved_model import LoadedModel
from serving.server import errors, json_answer, json_tensor, json_text
from serving.server.errors import invalid_argument
from serving.server.repository import ModelSpec, Repository

DEFAULT_SIGNATURE = "serving_default"


def predict(repository: Repository, spec: ModelSpec, body: bytes) -> bytes:
    """Answer `:predict`. The order of the checks is the contract: JSON, signature name, model, instances or inputs."""
    document = json_text.parse(body)
    name = signature_name(document)
    certain = b"true" not in body and b"false" not in body
    with repository.use(spec) as version:
        inputs = _inputs(document, version.model, name, certain=certain)
        outputs = run(version.model, name or DEFAULT_SIGNATURE, inputs)
    return json_answer.predictions(outputs) if "instances" in document else json_answer.columns(outputs)


def status(repository: Repository, spec: ModelSpec) -> bytes:
    """Answer the status of a model's versions."""
    listed = [
        {
            "version": str(version.number),
            "state": version.state.value,
            "status": {
                "error_code": version.error.code.name if version.error else "OK",
                "error_message": version.error.message if version.error else "",
            },
        }
        for version in repository.status(spec)
    ]
    return json_answer.dumps({"model_version_status": listed})


def metadata(repository: Repository, spec: ModelSpec) -> bytes:
    """Answer the signatures of one version, in the JSON form of tensorflow.serving.GetModelMetadataResponse."""
    from google.protobuf import json_format

    with repository.use(spec) as version:
        signatures = {
            name: json_format.MessageToDict(
                signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            for name, signature in version.model.metadata.items()
        }
        model_spec = {"name": spec.name, "signature_name": "", "version": str(version.number)}
    return json_answer.dumps({"model_spec": model_spec, "metadata": {"signature_def": {"signature_def": signatures}}})


def signature_name(document: dict[str, Any]) -> str:
    """The optional `signature_name`; empty means the default."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {json_text.quote(document)} not formatted correctly. 'signature_name' key must be a string "
            "value."
        )
    return name


def _inputs(document: dict[str, Any], model: LoadedModel, name: str, *, certain: bool) -> dict[str, np.ndarray]:
    """The input arrays of a predict call."""
    signature = model.metadata.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid_argument(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def')
    if not signature.inputs:
        raise invalid_argument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    dtypes = {alias: info.dtype for alias, info in sorted(signature.inputs.items())}
    if "instances" not in document and "inputs" not in document:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    if "instances" not in document:
        return json_tensor.from_columns(document["inputs"], dtypes, certain=certain)
    _check_instances(document)
    return json_tensor.from_rows(document["instances"], dtypes, certain=certain)


def _check_instances(document: dict[str, Any]) -> None:
    """`instances` must be a filled list, and `inputs` must not stand beside it."""
    problem = ""
    if "inputs" in document:
        problem = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
    elif not isinstance(document["instances"], list):
        problem = "Excepting 'instances' to be an list/array"
    elif not document["instances"]:
        problem = "No values in 'instances' array"
    if problem:
        raise invalid_argument(f"JSON Value: {json_text.quote(document)} {problem}")


def run(model: LoadedModel, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run the model; its errors become answers."""
    try:
        return model.run(signature, inputs)
    except Exception as error:
        raise errors.from_exception(error) from error

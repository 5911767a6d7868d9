"""`:predict` from request body to answer body, without HTTP.

A prediction has three steps, so that an API can choose the thread of each: `prepare` reads the body and acquires a
version, `run` runs the model, `answer` writes the body.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from serving.server import errors
from serving.server.batching.model import BatchedModel
from serving.server.calls import signature_checks
from serving.server.calls.rules import PLAIN, Rules
from serving.server.errors import ServingError, invalid_argument
from serving.server.json_bodies import answer as json_answer
from serving.server.json_bodies import plain_numbers, tensor, text
from serving.server.json_bodies.plain_numbers import Numbers
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import Version

DEFAULT_SIGNATURE = "serving_default"


class Prediction(NamedTuple):
    """A predict call that is ready to run; its holder must release the version."""

    version: Version
    signature: str
    inputs: dict[str, np.ndarray]
    rows: bool
    """Whether the answer is a list of rows (the request had `instances`) or columns (`inputs`)."""
    outputs: tuple[str, ...] | None = None
    """The outputs asked for; None for all."""
    float16: bool = False


def prepare(repository: Repository, spec: ModelSpec, body: bytes, rules: Rules = PLAIN) -> Prediction:
    """Read the body of a predict call and acquire its version. Raises ServingError, and then holds nothing.

    The order of the checks is the contract: JSON, signature name, model, instances or inputs, and, if `rules` say so,
    whether the signature is declared for prediction.
    """
    numbers = plain_numbers.predict_body(body)
    document = {} if numbers else text.parse(body)
    name = numbers.signature_name if numbers else signature_name(document)
    version = repository.acquire(spec)
    try:
        dtypes = _dtypes(version.model, name)
        chosen = None
        inputs = _plain(numbers, dtypes, float16=rules.float16) if numbers else None
        if inputs is None:
            document = document or text.parse(body)
            chosen = _output_filter(document) if rules.output_filter else None
            inputs = _inputs(document, dtypes, float16=rules.float16)
        signature_checks.check_prediction(version.model.metadata[name or DEFAULT_SIGNATURE], rules=rules)
        rows = numbers.rows if numbers else "instances" in document
        return Prediction(version, name or DEFAULT_SIGNATURE, inputs, rows, chosen, rules.float16)
    except BaseException:
        repository.release(version)
        raise


def run(
    version: Version,
    signature: str,
    inputs: Mapping[str, np.ndarray],
    *,
    outputs: Sequence[str] | None = None,
    deadline: float | None = None,
) -> dict[str, np.ndarray]:
    """Run a signature, batched or not, and wait for the outputs. Raises ServingError whatever goes wrong.

    `deadline`: time on the monotonic clock, in seconds, after which nobody waits for the answer.
    """
    model = version.model
    try:
        if isinstance(model, BatchedModel):
            return model.run(signature, inputs, outputs=outputs, deadline=deadline)
        timeout_ms = model.timeout_until(deadline) if deadline is not None else 0
        return model.run(signature, inputs, outputs=outputs, timeout_ms=timeout_ms)
    except ServingError:
        raise
    except Exception as error:
        raise errors.from_exception(error) from error


def answer(prediction: Prediction, outputs: Mapping[str, np.ndarray]) -> bytes:
    """Write the body of the answer."""
    write = json_answer.predictions if prediction.rows else json_answer.columns
    return write(outputs, float16=prediction.float16)


def signature_name(document: dict[str, Any]) -> str:
    """Read the optional `signature_name`; empty means the default."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {text.quote(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def _dtypes(model: Any, name: str) -> dict[str, int]:
    """Look up the data type number of each input of a signature, sorted by alias."""
    signature = model.metadata.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid_argument(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def')
    if not signature.inputs:
        raise invalid_argument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return model.input_types(name or DEFAULT_SIGNATURE)


def _plain(numbers: Numbers, dtypes: dict[str, int], *, float16: bool) -> dict[str, np.ndarray] | None:
    """Make the input array of a body of plain numbers; None when the ordinary parser must read the body."""
    if len(dtypes) != 1:
        return None
    [(alias, number)] = dtypes.items()
    array = numbers.array(number, float16=float16)
    return None if array is None else {alias: array}


def _inputs(document: dict[str, Any], dtypes: dict[str, int], *, float16: bool) -> dict[str, np.ndarray]:
    """Make the input arrays of a predict call."""
    if "instances" not in document and "inputs" not in document:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    if "instances" not in document:
        return tensor.from_columns(document["inputs"], dtypes, float16=float16)
    _check_instances(document)
    return tensor.from_rows(document["instances"], dtypes, float16=float16)


def _check_instances(document: dict[str, Any]) -> None:
    """Check that `instances` is a list that is not empty, without `inputs` beside it."""
    problem = ""
    if "inputs" in document:
        problem = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
    elif not isinstance(document["instances"], list):
        problem = "Excepting 'instances' to be an list/array"
    elif not document["instances"]:
        problem = "No values in 'instances' array"
    if problem:
        raise invalid_argument(f"JSON Value: {text.quote(document)} {problem}")


def _output_filter(document: dict[str, Any]) -> tuple[str, ...] | None:
    """Read the outputs that `output_filter` names; None without it."""
    chosen = document.get("output_filter")
    if chosen is None:
        return None
    if not isinstance(chosen, list) or not chosen or not all(isinstance(name, str) for name in chosen):
        raise invalid_argument(
            f"'output_filter' must be a list of output names, found: {text.quote(chosen)}. Leave it out for all."
        )
    return tuple(dict.fromkeys(chosen))

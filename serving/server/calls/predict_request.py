"""tensorflow.serving.PredictRequest to the arrays of a run, with the checks and the words of predict_util.cc."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from serving.server import tensor_proto
from serving.server.calls import signature_checks
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.errors import Code, ServingError, invalid_argument


class PredictRequest(NamedTuple):
    """The signature, inputs and outputs that a request asks for."""

    signature: str
    inputs: dict[str, np.ndarray]
    outputs: list[str] | None
    """The outputs to answer; None for all."""


def read(signatures: Mapping[str, Any], request: Any, *, rules: Rules = PLAIN) -> PredictRequest:
    """Read a request for a model with these signatures. Raises ServingError when it does not fit them.

    `rules`: whether the signature must be declared for prediction.
    """
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = signatures.get(name)
    if signature is None:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    signature_checks.check_prediction(signature, rules=rules)
    return PredictRequest(name, _inputs(signature, request.inputs), _wanted(signature, request.output_filter))


def _inputs(signature: Any, sent: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read the input arrays by alias; inputs that the request leaves out come from the signature's defaults."""
    _check_size(signature, sent)
    arrays = {}
    for alias in sorted(signature.inputs):
        if alias not in sent and alias not in signature.defaults:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {signature.inputs[alias].name}) not found in request and no "
                f"default value provided. Inputs expected to be in the request {{{_joined(sent)}}}, or default input "
                f"alias set: {_joined(signature.defaults)}"
            )
        try:
            arrays[alias] = tensor_proto.to_array(sent[alias] if alias in sent else signature.defaults[alias])
        except ValueError as error:
            raise invalid_argument(f"tensor parsing error: {alias}. {error}") from error
    used = [alias for alias in arrays if alias in sent]
    if len(used) != len(sent):
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {_joined(used)}, request input: {_joined(sent)}"
        )
    return arrays


def _check_size(signature: Any, sent: Mapping[str, Any]) -> None:
    """Check the number of inputs: the signature's, or fewer if it has defaults."""
    expected = signature.inputs
    if len(sent) == len(expected) or (len(sent) < len(expected) and signature.defaults):
        return
    raise invalid_argument(
        f"input size does not match signature: {len(sent)}!={len(expected)} len({{{_joined(sent)}}}) != "
        f"len({{{_joined(expected)}}}). Sent extra: {{{_joined(set(sent) - set(expected))}}}. "
        f"Missing but required: {{{_joined(set(expected) - set(sent))}}}."
    )


def _wanted(signature: Any, output_filter: Sequence[str]) -> list[str] | None:
    """Check the outputs to answer; None for all."""
    wanted: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                f"{{{_joined(signature.outputs)}}}."
            )
        if alias in wanted:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        wanted.append(alias)
    return wanted or None


def _joined(names: Iterable[str]) -> str:
    return ",".join(sorted(names))

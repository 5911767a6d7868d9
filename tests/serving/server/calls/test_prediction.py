"""The calls as functions from body to body, without HTTP."""

import json
import time
from typing import Any, cast

import numpy as np
import pytest
import tensorflow as tf

from serving.server.calls import prediction as prediction_calls
from serving.server.errors import Code, ServingError
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import Version

HALF = ModelSpec(name="half_plus_two")
ECHO = ModelSpec(name="echo")


def answered(repository: Repository, spec: ModelSpec, body: bytes) -> bytes:
    """The three steps of a call one after the other."""
    prediction = prediction_calls.prepare(repository, spec, body)
    try:
        version, signature, inputs, *_ = prediction
        return prediction_calls.answer(
            prediction, prediction_calls.run(version, signature, inputs, outputs=prediction.outputs)
        )
    finally:
        repository.release(version)


def predicted(repository: Repository, spec: ModelSpec, body: dict[str, Any]) -> Any:
    """The answer of `:predict` to a body."""
    return json.loads(answered(repository, spec, json.dumps(body).encode()))


def refusal(repository: Repository, spec: ModelSpec, body: bytes) -> ServingError:
    """The error of `:predict` on a body."""
    with pytest.raises(ServingError) as caught:
        answered(repository, spec, body)
    return caught.value


@pytest.mark.parametrize("version", [None, 123])
def test_predict(repository: Repository, version: int | None) -> None:
    spec = ModelSpec(name="half_plus_two", version=version)
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    rows = predicted(repository, spec, {"instances": x.tolist()})
    np.testing.assert_allclose(rows["predictions"], 0.5 * x + 2)
    assert predicted(repository, spec, {"inputs": {"x": x.tolist()}}) == {"outputs": rows["predictions"]}


@pytest.mark.parametrize("rest", [{}, {"note": True}, {"note": "true"}, {"true": [False, None, {}]}])
def test_other_keys_change_nothing(repository: Repository, rest: dict[str, Any]) -> None:
    assert predicted(repository, HALF, {"instances": [1, 2.0], **rest}) == {"predictions": [2.5, 3.0]}


def test_hidden_booleans_are_no_numbers(repository: Repository) -> None:
    for values in ("[1.0, true]", "[[1.0], [false]]", "[true, 1.0]"):
        error = refusal(repository, HALF, b'{"instances": %s}' % values.encode())
        assert error.code is Code.INVALID_ARGUMENT
        assert "is not of expected type: float" in error.message


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b'{"signature_name": 1, ', Code.INVALID_ARGUMENT, "JSON Parse error"),
        (b'{"signature_name": 1}', Code.INVALID_ARGUMENT, "'signature_name' key must be a string value."),
        (b'{"signature_name": null}', Code.INVALID_ARGUMENT, "'signature_name' key must be a string value."),
        (b'{"signature_name": "no"}', Code.NOT_FOUND, "Servable not found for request: Latest(nobody)"),
        (b"{}", Code.NOT_FOUND, "Servable not found for request: Latest(nobody)"),
    ],
)
def test_checks_before_the_model(repository: Repository, body: bytes, code: Code, words: str) -> None:
    error = refusal(repository, ModelSpec(name="nobody"), body)
    assert error.code is code
    assert words in error.message


def test_signature_comes_before_the_instances(repository: Repository) -> None:
    message = refusal(repository, HALF, b'{"signature_name": "no", "instances": []}').message
    assert message == 'Serving signature name: "no" not found in signature def'
    message = refusal(repository, ECHO, b'{"signature_name": "count"}').message
    assert message == "Failed to get input map for signature: count"
    message = refusal(repository, ECHO, b"{}").message  # the model has no signature of the default's name
    assert message == 'Serving signature name: "serving_default" not found in signature def'


def test_too_few_dimensions_are_refused(repository: Repository) -> None:
    error = refusal(repository, ECHO, b'{"signature_name": "picture", "instances": [[1, 2], [3, 4]]}')
    assert error.code is Code.INVALID_ARGUMENT
    assert "has the shape [2, 2], but signature 'picture' takes 4 dimensions" in error.message


def test_error_that_quotes_bytes_names_the_cause(repository: Repository) -> None:
    error = refusal(repository, ECHO, b'{"signature_name": "number", "instances": [{"b64": "/w=="}]}')
    assert error.code is Code.INVALID_ARGUMENT
    assert "could not correctly convert string" in error.message


@pytest.mark.parametrize(("document", "name"), [({}, ""), ({"signature_name": ""}, ""), ({"signature_name": "s"}, "s")])
def test_signature_name(document: dict[str, Any], name: str) -> None:
    assert prediction_calls.signature_name(document) == name


class Failing:
    """A version whose model's every run raises one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.model = self

    def run(self, *_arguments: object, **_named: object) -> dict[str, np.ndarray]:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "out of memory"), Code.RESOURCE_EXHAUSTED),
        (tf.errors.DeadlineExceededError(None, None, "too late"), Code.DEADLINE_EXCEEDED),
        (ValueError("wrong names"), Code.INVALID_ARGUMENT),
        (RuntimeError("a bug"), Code.INTERNAL),
    ],
)
def test_errors_of_a_run_become_answers(error: Exception, code: Code) -> None:
    with pytest.raises(ServingError) as caught:
        prediction_calls.run(cast(Version, Failing(error)), "serving_default", {})
    assert caught.value.code is code
    assert caught.value.__cause__ is error


def test_a_deadline_ends_the_run(repository: Repository) -> None:
    """A run ends as with --enforce_session_run_timeout, TensorFlow Serving's default; otherwise it would keep a thread busy."""
    with repository.use(ECHO) as version, pytest.raises(ServingError) as caught:
        prediction_calls.run(version, "slow", {"default": np.ones(1, np.float32)}, deadline=time.monotonic() + 0.03)
    assert caught.value.code is Code.DEADLINE_EXCEEDED


def test_calls_let_go_of_their_version(repository: Repository) -> None:
    predicted(repository, HALF, {"instances": [1.0]})
    refusal(repository, HALF, b'{"instances": ["x"]}')
    with repository.use(HALF) as version:
        assert version.runs == 1

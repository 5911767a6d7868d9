"""`:classify` and `:regress` over the REST API."""

from typing import Any

import pytest

from serving.server.rest_api.app import RestApi
from tests.serving.server.asgi import call

HALF = "/v1/models/half_plus_two"


def test_classify(app: RestApi) -> None:
    body = {"signature_name": "classify", "examples": [{"x": 20.0}, {"x": [0.5]}]}
    assert call(app, "POST", HALF + ":classify", body).json == {"results": [[["", 12.0]], [["", 2.25]]]}
    body["signature_name"] = "labelled"
    assert call(app, "POST", HALF + ":classify", body).json == {"results": [[["half", 12.0]], [["half", 2.25]]]}


def test_regress(app: RestApi) -> None:
    body = {"signature_name": "regress", "examples": [{"x": 1.0}, {"x": 2.0}]}
    for target in (HALF + ":regress", HALF + "/versions/123:regress"):
        assert call(app, "POST", target, body).json == {"results": [2.5, 3.0]}


def test_non_finite_result(app: RestApi) -> None:
    body = b'{"signature_name": "%s", "examples": [{"x": NaN}, {"x": Infinity}]}'
    assert call(app, "POST", HALF + ":regress", body % b"regress").body == b'{"results":[NaN,Infinity]}'
    answer = call(app, "POST", HALF + ":classify", body % b"classify")
    assert answer.body == b'{"results":[[["",NaN]],[["",Infinity]]]}'


def test_context_stands_before_each_example(app: RestApi) -> None:
    body = {"signature_name": "regress", "context": {"x": 80.0}, "examples": [{}, {"y": "z"}]}
    assert call(app, "POST", HALF + ":regress", body).json == {"results": [42.0, 42.0]}


@pytest.mark.parametrize(
    ("method", "body", "status", "words"),
    [
        ("regress", {"examples": [{"names": [10, None]}]}, 400, "names has element with unexpected JSON type: Null"),
        ("regress", {"examples": [{"names": [10, {"a": 1}]}]}, 400, "names has element with unexpected JSON type: Object"),
        ("regress", {"examples": [{"names": [[10], 20]}]}, 400, "names has element with unexpected JSON type: Array"),
        ("regress", {"examples": [{"a": [1, 1.0]}]}, 400, "Unexpected element type in feature: a expecting type: int64"),
        ("regress", {"examples": [{"a": 2**63}]}, 400, "a has uint64 element. Only int64 is supported."),
        ("regress", {"examples": [5]}, 400, "Example must be JSON object but got JSON Number"),
        ("regress", {"context": [], "examples": [{}]}, 400, "Example must be JSON object but got JSON Array"),
        ("classify", {}, 400, "key 'examples' is expected and was not found"),
        ("classify", {"examples": {}}, 400, "Expecting 'examples' value to be an list/array"),
        ("classify", {"examples": []}, 400, "'examples' value is an empty array"),
        ("classify", {"examples": [{}], "signature_name": 1}, 400, "'signature_name' key must be a string value."),
        ("classify", {"examples": [{}], "signature_name": "n"}, 400, "No signature was found with the name: n"),
        ("regress", {"examples": [{"x": 1.0}]}, 400, "No regression inputs found in SignatureDef"),
        ("classify", {"examples": [{"x": 1.0}]}, 400, "No classification inputs found in SignatureDef"),
        ("classify", {"examples": [{"x": 1.0}], "signature_name": "regress"}, 400, 'at least one of "classes" or "scores"'),
        ("regress", {"examples": [{"x": 1.0}], "signature_name": "labelled"}, 400, "Expected one output Tensor."),
        ("regress", {"examples": [{"x": 80}], "signature_name": "regress"}, 400, "expected type: float"),
    ],
)  # fmt: skip
def test_refused(app: RestApi, method: str, body: dict[str, Any], status: int, words: str) -> None:
    answer = call(app, "POST", f"{HALF}:{method}", body)
    assert answer.status == status
    assert words in answer.error


def test_unknown_model_comes_after_the_examples(app: RestApi) -> None:
    assert call(app, "POST", "/v1/models/foo:regress", {"examples": [{"x": 1.0}]}).status == 404
    assert call(app, "POST", "/v1/models/foo:regress", {}).status == 400

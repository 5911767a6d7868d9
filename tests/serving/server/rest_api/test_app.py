"""Routes, status codes and headers of the REST API, and the calls behind them, on real models."""

import asyncio
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from serving.server.models.repository import Repository
from serving.server.rest_api.app import RestApi
from serving.server.rest_api.options import Options
from tests.serving.server.asgi import call, request

HALF = "/v1/models/half_plus_two"
STATUS = {
    "model_version_status": [
        {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    ]
}


def echoed(app: RestApi, signature: str, **body: Any) -> Any:
    """The answer of one signature of the model `echo`."""
    return call(app, "POST", "/v1/models/echo:predict", {"signature_name": signature, **body})


@pytest.mark.parametrize(
    ("method", "target", "words"),
    [
        ("GET", "/v1/foo", "Malformed request: GET /v1/foo"),
        ("POST", "/v1/foo", "Malformed request: POST /v1/foo"),
        ("GET", "/v1/models", "Missing model name in request."),
        ("POST", "/v1/models/foo/version/50:regress", "Malformed request"),
        ("POST", HALF + ":predict?x=1", f"Malformed request: POST {HALF}:predict?x=1"),
        ("POST", HALF + ":PREDICT", "Malformed request"),
        ("POST", HALF, "Malformed request"),
        ("GET", HALF + ":predict", "Malformed request"),
        ("DELETE", HALF, "Malformed request: DELETE"),
        ("PUT", HALF + ":predict", "Malformed request: PUT"),
        ("HEAD", HALF, "Malformed request: HEAD"),
        ("GET", HALF + "/versions/9223372036854775808", "Failed to convert version"),
        ("GET", HALF + "/versions/" + "9" * 5000, "Failed to convert version"),
    ],
)
def test_wrong_routes_are_400(app: RestApi, method: str, target: str, words: str) -> None:
    answer = call(app, method, target)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert words in answer.error


@pytest.mark.parametrize(
    ("method", "target", "message"),
    [
        ("GET", "/v1/models/foo", "Could not find any versions of model foo"),
        ("GET", HALF + "?x=1", "Could not find any versions of model half_plus_two?x=1"),
        ("GET", HALF + "/versions/99", "Could not find version 99 of model half_plus_two"),
        ("GET", "/v1/models/a%2Fb%3A%21", "Could not find any versions of model a/b:!"),
        ("GET", "/v1/models/foo/metadata", "Servable not found for request: Latest(foo)"),
        ("GET", HALF + "/versions/99/metadata", "Servable not found for request: Specific(half_plus_two, 99)"),
        ("POST", HALF + "99:predict", "Servable not found for request: Latest(half_plus_two99)"),
        ("POST", HALF + "/versions/50:predict", "Servable not found for request: Specific(half_plus_two, 50)"),
    ],
)
def test_unknown_models_are_404(app: RestApi, method: str, target: str, message: str) -> None:
    answer = call(app, method, target, {})
    assert (answer.status, answer.error) == (404, message)


@pytest.mark.parametrize("target", ["/", "/index", "/v2/models", "/healthz2"])
def test_other_paths_are_404_outside_the_api(app: RestApi, target: str) -> None:
    answer = call(app, "GET", target)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html")


@pytest.mark.parametrize("suffix", ["", "/versions/123", "/versions/00123", "/labels/anything"])
def test_status(app: RestApi, suffix: str) -> None:
    answer = call(app, "GET", HALF + suffix)
    assert (answer.status, answer.json) == (200, STATUS)


def test_path_ignores_case_but_not_in_the_verb(app: RestApi) -> None:
    assert call(app, "GET", "/V1/MODELS/half_plus_two").json == STATUS
    assert call(app, "POST", "/V1/Models/half_plus_two:predict", {"instances": [1]}).json == {"predictions": [2.5]}


@pytest.mark.parametrize("suffix", ["/metadata", "/versions/123/metadata"])
def test_metadata(app: RestApi, suffix: str) -> None:
    answer = call(app, "GET", HALF + suffix).json
    assert answer["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "123"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "classify", "__saved_model_init_op"} < signatures.keys()
    shape = {"dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}], "unknown_rank": False}
    assert signatures["serving_default"] == {
        "inputs": {"x": {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": "serving_default_x:0"}},
        "outputs": {"y": signatures["serving_default"]["outputs"]["y"]},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }


@pytest.mark.parametrize("target", [HALF + "/labels/stable:predict", HALF + "/labels/stable/metadata"])
def test_unknown_label(app: RestApi, target: str) -> None:
    answer = call(app, "GET" if "metadata" in target else "POST", target, {"instances": ["x"]})
    assert (answer.status, answer.error) == (400, "Unrecognized servable version label: stable")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"instances": [2.0, 3.0, 4.0]}, {"predictions": [3.0, 3.5, 4.0]}),
        ({"instances": [[1.0, 2.0], [3.0, 4.0]]}, {"predictions": [[2.5, 3.0], [3.5, 4.0]]}),
        ({"instances": [{"x": [1.0]}, {"x": [2.0]}]}, {"predictions": [[2.5], [3.0]]}),
        ({"inputs": [2, 3, 4]}, {"outputs": [3.0, 3.5, 4.0]}),
        ({"inputs": {"x": [[1.0], [2.0]]}}, {"outputs": [[2.5], [3.0]]}),
        ({"inputs": 1, "more": True}, {"outputs": 2.5}),
        (b'{"instances": [1.0]} trailing', {"predictions": [2.5]}),
        ({"instances": [1.0], "signature_name": ""}, {"predictions": [2.5]}),
        (
            {"instances": [[2.0], [4.0]], "signature_name": "both"},
            {"predictions": [{"half": [1.0], "whole": [2.0]}, {"half": [2.0], "whole": [4.0]}]},
        ),
    ],
)
def test_predict(app: RestApi, body: Any, expected: dict[str, Any]) -> None:
    for target in (HALF + ":predict", HALF + "/versions/123:predict"):
        answer = call(app, "POST", target, body, {"Content-Type": "text/plain"})
        assert (answer.status, answer.json) == (200, expected)
        assert answer.headers == {"content-type": "application/json", "content-length": str(len(answer.body))}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value"),
        (b"[]", "Is not object"),
        ({"signature_name": 100}, "'signature_name' key must be a string value."),
        ({"signature_name": "nope"}, 'Serving signature name: "nope" not found in signature def'),
        ({"signature_name": "__saved_model_init_op"}, "Failed to get input map for signature: __saved_model_init_op"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": {"x": 1}}, "Excepting 'instances' to be an list/array"),
        ({"instances": [1], "inputs": [1]}, "expecting only one of 'inputs' or 'instances'"),
        ({"instances": ["x", "y"]}, "not of expected type: float"),
        ({"instances": [1.0, True]}, "not of expected type: float"),
    ],
)
def test_predict_refuses(app: RestApi, body: Any, words: str) -> None:
    answer = call(app, "POST", HALF + ":predict", body)
    assert answer.status == 400
    assert words in answer.error


def test_bad_json_beats_unknown_model(app: RestApi) -> None:
    assert call(app, "POST", "/v1/models/foo:predict", b"{").status == 400
    assert call(app, "POST", "/v1/models/foo:predict", {}).status == 404


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("int", [[1, -2]]),
        ("float", [0.5, 1e20]),
        ("double", [0.662, 0.0]),
        ("bool", [True, False]),
        ("int64", [2**53 + 1]),
        ("uint8", [0, 255]),
        ("str", [["a", "é"]]),
    ],
)
def test_values_come_back_unchanged(app: RestApi, signature: str, values: Any) -> None:
    assert json.dumps(echoed(app, signature, instances=values).json) == json.dumps({"predictions": values})
    assert echoed(app, signature, inputs=values[0]).json == {"outputs": values[0]}


def test_bytes_and_pairs(app: RestApi) -> None:
    images = [[{"b64": "aGVsbG8="}], [{"b64": "/wA="}]]
    assert echoed(app, "bytes", instances=images).json == {"predictions": images}
    pair = {"int_tensor": [[1, 2]], "str_tensor": ["foo", "bar", "baz"]}
    assert echoed(app, "pair", inputs=pair).json == {"outputs": pair}
    answer = echoed(app, "pair", instances=[[1, 2]])
    assert (answer.status, "instances is a plain list" in answer.error) == (400, True)


def test_non_finite_numbers(app: RestApi) -> None:
    body = b'{"signature_name": "float", "instances": [1.0, NaN, Infinity, -Infinity, 1.7976931348623157e308]}'
    answer = call(app, "POST", "/v1/models/echo:predict", body)
    assert answer.body == b'{"predictions":[1.0,NaN,Infinity,-Infinity,Infinity]}'


def test_odd_outputs(app: RestApi) -> None:
    answer = echoed(app, "scalar", instances=[1.0, 2.0])
    assert (answer.status, answer.error) == (400, "Tensor name: out has no shape information ")
    assert echoed(app, "scalar", inputs=[1.0, 2.0]).json == {"outputs": 3.0}
    assert echoed(app, "empty", instances=[1]).json == {"predictions": []}
    assert echoed(app, "uneven", inputs=[1, 2]).json == {"outputs": {"a": [1, 2], "b": [1]}}
    assert "inconsistent batch size: 1 expecting: 2" in echoed(app, "uneven", instances=[1, 2]).error
    assert "Failed to write JSON value for tensor type: complex64" in echoed(app, "complex", instances=[1.0]).error


def test_half_is_unimplemented(app: RestApi) -> None:
    assert echoed(app, "half", instances=[1.0]).status == 400
    answer = echoed(app, "half", inputs=[1.0])
    assert (answer.status, answer.error) == (501, "Conversion of JSON Value: 1.0 to type: half")


def test_error_of_the_graph(app: RestApi) -> None:
    answer = call(app, "POST", HALF + ":predict", {"signature_name": "classify", "instances": ["no example"]})
    assert answer.status == 400
    assert "Could not parse example input" in answer.error


def test_timeout_is_504(app: RestApi) -> None:
    answer = echoed(app, "slow", instances=[1.0])
    assert answer.status == 504
    assert "Timed out" in answer.error


def test_gzip(app: RestApi) -> None:
    body = gzip.compress(b'{"instances": [1.0, 2.0]}')
    for encoding in ("gzip", "my_gzip"):
        answer = call(app, "POST", HALF + ":predict", body, {"Content-Encoding": encoding})
        assert answer.json == {"predictions": [2.5, 3.0]}


def test_broken_or_oversized_gzip_is_an_empty_document(app: RestApi) -> None:
    for body in (b"abcde", gzip.compress(b" " * (101 * 2**20), compresslevel=1)):
        answer = call(app, "POST", HALF + ":predict", body, {"Content-Encoding": "gzip"})
        assert (answer.status, answer.error) == (400, "JSON Parse error: The document is empty")


def test_options_and_cors(app: RestApi, repository: Repository) -> None:
    origin = {"Origin": "http://localhost:3000"}
    assert call(app, "OPTIONS", HALF + ":predict", b"", origin).status == 200
    assert call(app, "OPTIONS", HALF + ":predict").status == 400
    with ThreadPoolExecutor(1) as executor:
        open_app = RestApi(repository, executor, options=Options(cors=True))
        answers = [call(open_app, "OPTIONS", HALF, b"", origin), call(open_app, "GET", "/v1/models/foo")]
    assert [answer.status for answer in answers] == [200, 404]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "POST, GET"
        assert answer.headers["access-control-allow-headers"] == "Content-Type"


def test_health(app: RestApi) -> None:
    assert [call(app, "GET", path).status for path in ("/healthz", "/readyz")] == [200, 200]
    with ThreadPoolExecutor(1) as executor:
        waiting = RestApi(Repository(lambda _config, folder: pytest.fail(str(folder))), executor)
        assert [call(waiting, "GET", path).status for path in ("/healthz", "/readyz")] == [200, 503]
        assert call(waiting, "POST", "/v1/models/m:predict", {"instances": [1]}).status == 404


def test_a_bug_of_ours_is_500_and_logged(
    app: RestApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("serving.server.json_bodies.answer.predictions", lambda *_, **__: 1 / 0)
    answer = call(app, "POST", HALF + ":predict", {"instances": [1.0]})
    assert (answer.status, answer.error) == (500, "division by zero")
    assert "failed inside the server" in caplog.text


def test_event_loop_stays_free_while_a_model_runs(app: RestApi, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, release = threading.Event(), threading.Event()

    def blocked(*_arguments: object, **_named: object) -> dict[str, np.ndarray]:
        entered.set()
        assert release.wait(10)
        return {"y": np.array([1.0])}

    async def both() -> tuple[int, bytes]:
        slow = asyncio.create_task(request(app, "POST", HALF + ":predict", {"instances": [1.0]}))
        while not entered.is_set():
            await asyncio.sleep(0)
        health = await request(app, "GET", "/healthz")
        release.set()
        return health.status, (await slow).body

    monkeypatch.setattr("serving.server.calls.prediction.run", blocked)
    monkeypatch.setattr("serving.server.rest_api.calls.INLINE_SECONDS", -1.0)
    assert asyncio.run(both()) == (200, b'{"predictions":[1.0]}')


def test_a_client_that_goes_away_gets_no_answer(app: RestApi) -> None:
    path = HALF + ":predict"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        pytest.fail(f"{message} was sent to nobody")

    asyncio.run(app(scope, gone, send))


def test_other_protocols_are_refused(app: RestApi) -> None:
    async def connect() -> None:
        await app({"type": "websocket"}, None, None)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="plain HTTP"):
        asyncio.run(connect())

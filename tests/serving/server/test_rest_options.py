"""Features beyond TensorFlow Serving, option by option; without the option nothing differs from it."""

import asyncio
import hmac
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from serving.server.calls.rules import Rules
from serving.server.metrics import Metrics
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.page import Page
from serving.server.rest_api.app import RestApi
from serving.server.rest_api.calls import Calls
from serving.server.rest_api.options import Options
from tests.serving.server.asgi import call, request

HALF, ECHO = "/v1/models/half_plus_two:predict", "/v1/models/echo:predict"
TWO = {"signature_name": "both", "instances": [[2.0]]}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

Make = Callable[..., RestApi]
RULES = Rules.__dataclass_fields__.keys()


@pytest.fixture
def make(repository: Repository) -> Iterator[Make]:
    """The API with these options; `parts` are its other arguments."""
    with ThreadPoolExecutor(2) as executor:

        def made(parts: dict[str, Any] | None = None, **options: Any) -> RestApi:
            rules = Rules(**{name: options.pop(name) for name in RULES & options.keys()})
            return RestApi(repository, executor, options=Options(rules=rules, **options), **(parts or {}))

        yield made


def test_token(make: Make, repository: Repository) -> None:
    parts = {"page": Page(repository), "metrics": Metrics()}
    app = make(parts, token="s3cret", metrics_path="/metrics")
    closed = [
        ("GET", "/v1/models/half_plus_two"),
        ("GET", "/v1/models/none"),
        ("GET", "/v1/nothing"),
        ("POST", HALF),
        ("GET", "/metrics"),
        ("GET", "/page/models.json"),
    ]
    for method, path in closed:
        for wrong in (
            "",
            "Bearer",
            "Bearer s3cre",
            "Bearer s3cret1",
            "Basic s3cret",
            "s3cret",
            "Bearer S3CRET",
            "Bearer é",
        ):
            answer = call(app, method, path, {"instances": [1.0]}, {"Authorization": wrong} if wrong else None)
            assert answer.status == 401, (path, wrong)
            assert answer.error == "The token is missing or wrong. Send the header 'Authorization: Bearer TOKEN'."
        right = [
            call(app, method, path, {"instances": [1.0]}, {"Authorization": a})
            for a in ("Bearer s3cret", "bearer  s3cret")
        ]
        assert {answer.status for answer in right} <= {200, 400, 404}
    assert call(app, "POST", HALF, {}).headers["www-authenticate"] == "Bearer"
    assert call(app, "POST", HALF, {"instances": [1.0]}, {"Authorization": "Bearer s3cret"}).json == {
        "predictions": [2.5]
    }
    for path in ("/healthz", "/readyz", "/"):
        assert call(app, "GET", path).status == 200
    assert (
        call(app, "OPTIONS", HALF, b"", {"Origin": "http://localhost"}).status == 200
    )  # a browser sends no token here


def test_token_is_compared_in_constant_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Any, Any]] = []

    def compare(left: Any, right: Any) -> bool:
        compared.append((left, right))
        return left == right

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert call(make(token="s3cret"), "GET", HALF, b"", {"Authorization": "Bearer wrong"}).status == 401
    assert compared == [(b"wrong", b"s3cret")]


def test_model_list(make: Make) -> None:
    assert call(make(model_list=True), "GET", "/v1/models").json == {"models": ["echo", "half_plus_two"]}
    assert call(make(), "GET", "/v1/models").error == "Missing model name in request."


def test_output_filter(make: Make) -> None:
    app = make(output_filter=True)

    def filtered(names: Any, **body: Any) -> Any:
        return call(app, "POST", HALF, {**TWO, "output_filter": names, **body})

    assert filtered(["half"]).json == {"predictions": [[1.0]]}  # one output stands by itself, as ever
    assert filtered(["whole", "half"]).json == {"predictions": [{"half": [1.0], "whole": [2.0]}]}
    assert filtered(["half", "half"]).json == filtered(["half"]).json
    assert filtered(None).json == call(app, "POST", HALF, TWO).json
    answer = filtered(["half", "quarter"])
    assert (answer.status, "Output 'quarter' was not found" in answer.error, "half" in answer.error) == (
        400,
        True,
        True,
    )
    for wrong in ("half", [], [1], {"half": 1}, 0):
        answer = filtered(wrong)
        assert (answer.status, "'output_filter' must be a list of output names" in answer.error) == (400, True)
    assert call(make(), "POST", HALF, {**TWO, "output_filter": ["none"]}).json == {
        "predictions": [{"half": [1.0], "whole": [2.0]}]
    }


def test_npy_bodies(make: Make) -> None:
    file = io.BytesIO()
    np.save(file, np.array([[1.0], [2.0]], np.float32))
    sent = {"Content-Type": "application/x-npy"}
    answer = call(make(binary_bodies=True), "POST", HALF, file.getvalue(), sent)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-npy")
    assert np.load(io.BytesIO(answer.body)).tolist() == [[2.5], [3.0]]
    wrong = call(make(binary_bodies=True), "POST", HALF, b"no array", sent)
    assert (wrong.status, wrong.headers["content-type"]) == (400, "application/json")
    assert "not an .npy file" in wrong.error
    assert "JSON Parse error" in call(make(), "POST", HALF, file.getvalue(), sent).error


def test_protobuf_bodies(make: Make) -> None:
    message = predict_pb2.PredictRequest()
    message.model_spec.name = "half_plus_two"
    message.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([[4.0]], np.float32)))
    sent = {"Content-Type": "application/x-protobuf"}
    answer = call(make(binary_bodies=True), "POST", HALF, message.SerializeToString(), sent)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-protobuf")
    response = predict_pb2.PredictResponse.FromString(answer.body)
    assert tf.make_ndarray(response.outputs["y"]).tolist() == [[4.0]]
    assert response.model_spec.version.value == 123
    message.model_spec.name = "echo"
    assert (
        "asks for the model 'echo'"
        in call(make(binary_bodies=True), "POST", HALF, message.SerializeToString(), sent).error
    )


def test_float16(make: Make) -> None:
    body = {"signature_name": "half", "instances": [1.5, -0.25, 65504.0]}
    assert call(make(float16=True), "POST", ECHO, body).json == {"predictions": [1.5, -0.25, 65504.0]}
    assert call(make(), "POST", ECHO, body).status == 400


def test_method_check(make: Make) -> None:
    """The signatures of the fixture are declared for predict only."""
    body = {"signature_name": "labelled", "examples": [{"x": 1.0}]}
    for call_name in ("classify", "regress"):
        target = f"/v1/models/half_plus_two:{call_name}"
        answer = call(make(check_method=True), "POST", target, {**body, "signature_name": call_name})
        assert answer.status == 400
        assert f"tensorflow/serving/{call_name}" in answer.error
        assert "tensorflow/serving/predict" in answer.error
    assert call(make(), "POST", "/v1/models/half_plus_two:classify", body).status == 200


def test_method_check_of_predict(make: Make, repository: Repository) -> None:
    with repository.use(ModelSpec(name="half_plus_two")) as version:
        signature = version.model.metadata["both"]
    body, declared = {"signature_name": "both", "instances": [1.0]}, signature.method_name
    try:
        signature.method_name = "weird"
        answer = call(make(check_method=True), "POST", HALF, body)
        assert (answer.status, answer.error) == (
            500,
            "Expected prediction signature method_name to be one of {tensorflow/serving/predict, "
            "tensorflow/serving/classify, tensorflow/serving/regress}. Was: weird",
        )
        wrong = call(make(check_method=True), "POST", HALF, {**body, "instances": ["x"]})
        assert wrong.status == 400  # the body comes first
        proto = predict_pb2.PredictRequest()
        proto.model_spec.signature_name = "both"
        proto.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([[4.0]], np.float32)))
        npy = io.BytesIO()
        np.save(npy, np.array([[1.0]], np.float32))
        app = make(check_method=True, binary_bodies=True)
        for sent, content in (
            ("application/x-protobuf", proto.SerializeToString()),
            ("application/x-npy; signature_name=both; output_filter=half", npy.getvalue()),
        ):
            assert call(app, "POST", HALF, content, {"Content-Type": sent}).status == 500
        assert call(make(), "POST", HALF, body).status == 200
        signature.method_name = "tensorflow/serving/regress"
        assert call(make(check_method=True), "POST", HALF, body).status == 200
    finally:
        signature.method_name = declared


def test_trace_ids(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    app, given = make(trace_ids=True), {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = call(app, "POST", HALF, {"instances": [1.0]}, given)
    assert answer.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert answer.headers["traceparent"] != given["traceparent"]
    assert caplog.records == []
    wrong = call(app, "POST", HALF, b"{", given)
    assert f"POST {HALF}: INVALID_ARGUMENT: JSON Parse error" in caplog.text
    assert wrong.headers["traceparent"] in caplog.text
    own = {call(app, "GET", "/v1/models/echo").headers["traceparent"][3:35] for _ in range(3)}
    assert len(own) == 3
    caplog.clear()
    assert "traceparent" not in call(make(), "POST", HALF, b"{", given).headers
    assert caplog.records == []


def test_body_limit(make: Make) -> None:
    app, body = make(max_body_bytes=100), json.dumps({"instances": [1.0]}).encode()
    assert call(app, "POST", HALF, body.ljust(100)).status == 200
    for sent in ({"Content-Length": "101"}, None):
        answer = call(app, "POST", HALF, body.ljust(101), sent)
        assert (answer.status, "at most 100 are accepted" in answer.error) == (413, True)


def test_body_timeout(make: Make) -> None:
    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def slow(app: RestApi) -> list[Any]:
        parts = [{"type": "http.request", "body": b"{", "more_body": True}]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return parts.pop() if parts else await never()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": HALF, "query_string": b"", "headers": []}
        await app(scope, receive, send)
        return sent

    start, end = asyncio.run(slow(make(body_seconds=0.05)))
    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert b"did not arrive within 0.05 s" in end["body"]


def asked_while_busy(
    app: RestApi, monkeypatch: pytest.MonkeyPatch, calls: int, *requests: tuple[Any, ...], headers: Any = None
) -> tuple[list[Any], list[int]]:
    """The answers to requests that come while so many calls are in work, and then the statuses of the calls."""
    entered, release = threading.Semaphore(0), threading.Event()

    def blocked(*_arguments: object, **_named: object) -> dict[str, np.ndarray]:
        entered.release()
        assert release.wait(10)
        return {"y": np.array([1.0])}

    async def ask() -> tuple[list[Any], list[int]]:
        body = {"instances": [1.0]}
        under_way = [asyncio.create_task(request(app, "POST", HALF, body, headers)) for _ in range(calls)]
        for _ in under_way:
            await asyncio.to_thread(entered.acquire)
        answers = [await request(app, *asked) for asked in requests]
        release.set()
        return answers, [(await task).status for task in under_way]

    with monkeypatch.context() as patch:
        patch.setattr("serving.server.calls.prediction.run", blocked)
        patch.setattr("serving.server.rest_api.calls.INLINE_SECONDS", -1.0)
        return asyncio.run(ask())


def test_most_calls_at_a_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    app, call_of_model = make(max_concurrent=2), ("POST", HALF, {"instances": [1.0]})
    [refused, beside], statuses = asked_while_busy(app, monkeypatch, 2, call_of_model, ("GET", "/readyz"))
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert refused.error == "2 calls are in work, which is the limit. Try again in a moment."
    assert (beside.status, statuses) == (200, [200, 200])
    for body, status in ((b"{", 400), (b"{", 400), (b"{", 400), ({"instances": [1.0]}, 200)):  # errors keep no place
        assert call(app, "POST", HALF, body).status == status


def test_metrics_path(make: Make) -> None:
    app = make({"metrics": Metrics()}, metrics_path="/monitoring/prometheus/metrics")
    assert call(app, "POST", HALF, {"instances": [1.0]}).status == 200
    assert call(app, "POST", HALF, b"{").status == 400
    answer = call(app, "GET", "/monitoring/prometheus/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    text = answer.body.decode()
    for status in ("OK", "INVALID_ARGUMENT"):
        assert f':tensorflow:serving:request_count{{model_name="half_plus_two",status="{status}"}} 1' in text
    assert 'request_latency_count{model_name="half_plus_two",API="predict",entrypoint="REST"} 1' in text
    assert call(make(), "GET", "/monitoring/prometheus/metrics").status == 404


def test_metrics_of_refused_and_binary_calls(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that are refused before the call are counted under their model, so that an overload can be seen."""
    metrics = Metrics(per_signature=True)
    app = make({"metrics": metrics}, token="t", binary_bodies=True, max_body_bytes=200, max_concurrent=1)
    sent = {"Authorization": "Bearer t"}
    assert call(app, "POST", HALF, {"instances": [1.0]}).status == 401
    assert call(app, "POST", HALF, b" " * 300, sent).status == 413
    [refused], _ = asked_while_busy(app, monkeypatch, 1, ("POST", HALF, {"instances": [1.0]}, sent), headers=sent)
    assert refused.status == 503
    npy = io.BytesIO()
    np.save(npy, np.array([[1.0]], np.float32))
    assert call(app, "POST", HALF, npy.getvalue(), {**sent, "Content-Type": "application/x-npy"}).status == 200
    assert call(app, "POST", "/v1/models/half_plus_two:x", b"", sent).status == 400
    counted = [line for line in metrics.text().splitlines() if line.startswith(":tensorflow:serving:request_count{")]
    assert {line.partition("status=")[2] for line in counted} == {
        '"UNAUTHENTICATED"} 1',
        '"INVALID_ARGUMENT"} 1',
        '"UNAVAILABLE"} 1',
        '"OK"} 2',  # the one that kept the place, and the binary one
    }
    runs = 'runtime_latency_count{model_name="half_plus_two",API="Predict",runtime="TF1"} 2'
    assert f":tensorflow:serving:{runs}" in metrics.text()


def test_calls_cut_off_at_the_end_are_unavailable(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    app = make({"metrics": metrics}, metrics_path="/metrics")

    async def never(*_arguments: object) -> bytes:
        await asyncio.sleep(3600)
        return b""

    async def cut_off() -> Any:
        task = asyncio.create_task(request(app, "POST", HALF, {"instances": [1.0]}))
        await asyncio.sleep(0.01)
        task.cancel()
        return await task

    monkeypatch.setattr(Calls, "predict", never)
    assert asyncio.run(cut_off()).status == 503
    assert 'status="UNAVAILABLE"} 1' in metrics.text()
    assert 'status="OK"' not in metrics.text()


def test_page(make: Make, repository: Repository) -> None:
    assert call(make({"page": Page(repository)}), "GET", "/").headers["content-type"].startswith("text/html")
    assert call(make({"page": Page(repository)}), "GET", "/page/none.js").status == 404
    assert call(make(), "GET", "/").status == 404


def test_nothing_is_logged_of_tokens(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        call(make(token="s3cret", trace_ids=True), "POST", HALF, b"{", {"Authorization": "Bearer wr0ng"})
    assert "s3cret" not in caplog.text
    assert "wr0ng" not in caplog.text

"""The effects of single flags: CORS, the time limit, the method name check, packed tensors, health, the Unix socket."""

import time

import grpc
import pytest

from tests.conformance.calls import array, fails, predict, spec, tensor
from tests.conformance.conftest import METRICS_PATH
from tests.conformance.server import Answer, Server

HALF = "/v1/models/half_plus_two:predict"
ONE = '{"instances": [1.0]}'
ORIGIN = {"Origin": "http://localhost:3000"}


def assert_cors(answer: Answer) -> None:
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, GET"
    assert answer.headers["access-control-allow-headers"] == "Content-Type"


def test_options_preflight_cors_headers(special: Server) -> None:
    answer = special.ask(HALF, method="OPTIONS", headers=ORIGIN)
    assert answer.status == 200
    assert_cors(answer)


def test_options_refused_has_cors_headers_too(special: Server) -> None:
    answer = special.ask(HALF, method="OPTIONS")
    assert answer.status == 400
    assert_cors(answer)


def test_cors_headers_on_answers(special: Server) -> None:
    answer = special.ask(HALF, ONE, headers=ORIGIN)
    assert answer.json == {"predictions": [2.5]}
    assert_cors(answer)
    assert_cors(special.ask(HALF, ONE))  # whether or not there is an origin
    assert_cors(special.ask("/v1/models/half_plus_two"))


def test_cors_headers_on_error(special: Server) -> None:
    answer = special.ask("/v1/models/foo:predict", '{"instances": [1]}')
    assert answer.status == 404
    assert_cors(answer)
    malformed = special.ask("/v1/foo")
    assert malformed.status == 400
    assert_cors(malformed)


def test_time_limit_of_a_run(special: Server) -> None:
    started = time.monotonic()
    answer = special.ask("/v1/models/slow:predict", '{"instances": [1000.0]}')
    assert answer.status == 504
    assert answer.error
    assert time.monotonic() - started < 30
    assert special.ask("/v1/models/slow:predict", '{"instances": [0.0]}').json == {"predictions": [0.0]}


def test_method_name_check_refuses(special: Server) -> None:
    for call in ("classify", "regress"):
        body = f'{{"signature_name": "{call}", "examples": [{{"x": 1.0}}]}}'
        answer = special.ask(f"/v1/models/module:{call}", body)
        assert answer.status == 400
        kind = {"classify": "classification", "regress": "regression"}[call]
        expected = (
            f"Expected {kind} signature method_name to be tensorflow/serving/{call}. Was: tensorflow/serving/predict"
        )
        assert expected in answer.error


def test_method_name_check_of_predict(special: Server) -> None:
    answer = special.ask("/v1/models/odd_method:predict", '{"instances": [1.0]}')
    assert (answer.status, answer.error) == (
        500,
        "Expected prediction signature method_name to be one of {tensorflow/serving/predict, tensorflow/serving/classify, "
        "tensorflow/serving/regress}. Was: weird",
    )


def test_method_name_check_takes_what_is_declared(special: Server) -> None:
    body = '{"signature_name": "regress_x_to_y", "examples": [{"x": 80.0}]}'
    assert special.ask("/v1/models/half_plus_two:regress", body).json == {"results": [42.0]}
    assert special.ask("/v1/models/module:predict", '{"instances": [[1.0]]}').json == {"predictions": [[2.5]]}
    answer = predict(special, spec("half_plus_two", "classify_x2_to_y3"), {"inputs": tensor([[2.0]])})
    assert array(answer.outputs["scores"]).tolist() == [[4.0]]  # predict takes all three method names


def test_tensors_packed_as_content(special: Server) -> None:
    answer = predict(special, spec("half_plus_two"), {"x": tensor([2.0, 4.0])})
    assert list(answer.outputs["y"].float_val) == []
    assert len(answer.outputs["y"].tensor_content) == 8
    assert array(answer.outputs["y"]).tolist() == [3.0, 4.0]


@pytest.mark.parametrize("service", ["", "ModelService", "PredictionService"])
def test_health_service(service: str, special: Server) -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    stub = health_pb2_grpc.HealthStub(special.channel())
    assert stub.Check(health_pb2.HealthCheckRequest(service=service), 10).status == 1  # SERVING


def test_health_service_of_unknown_service(special: Server) -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with fails("NOT_FOUND"):
        health_pb2_grpc.HealthStub(special.channel()).Check(health_pb2.HealthCheckRequest(service="nope"), 10)


def test_unix_socket(special: Server) -> None:
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    with grpc.insecure_channel(f"unix:{special.log.parent / 'grpc.sock'}") as channel:
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec("half_plus_two"))
        answer = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, 10)
    assert answer.model_version_status[0].version == 123


def test_label_for_unavailable_version(special: Server) -> None:
    """The flag lets a new label name a version that is not there; calls are then told so."""
    answer = special.ask("/v1/models/half_plus_two/labels/future:predict", ONE)
    assert answer.status == 404
    assert answer.error == "Servable not found for request: Specific(half_plus_two, 999)"


def test_options_outside_the_api(special: Server) -> None:
    assert special.ask("/index", method="OPTIONS", headers=ORIGIN).status == 404
    assert special.ask(METRICS_PATH).status == 200

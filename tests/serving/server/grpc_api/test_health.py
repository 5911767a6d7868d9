"""The health service over a real channel; its end is tested with the server's."""

from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import refused

SERVING = health_pb2.HealthCheckResponse.SERVING


def test_health(echo_back: Repository) -> None:
    with grpc_kit.serving(echo_back, health=True) as server, grpc_kit.connected(server) as client:
        stub = health_pb2_grpc.HealthStub(client.channel)
        for service in ("", "ModelService", "PredictionService"):
            assert stub.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING
        with refused("NOT_FOUND"):
            stub.Check(health_pb2.HealthCheckRequest(service="other"))


def test_no_health_service_unless_asked(echo_back: Repository) -> None:
    with grpc_kit.client_of(echo_back) as client, refused("UNIMPLEMENTED"):
        health_pb2_grpc.HealthStub(client.channel).Check(health_pb2.HealthCheckRequest())

"""Calls with and without the token over a real channel; the refusals at the end are tested with the server's stop."""

from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import X, predict, refused

SERVING = health_pb2.HealthCheckResponse.SERVING


def test_token(echo_back: Repository) -> None:
    with grpc_kit.serving(echo_back, token="s3cret", health=True) as server, grpc_kit.connected(server) as client:
        assert predict(client.channel, metadata=[("authorization", "Bearer s3cret")]) == X.tolist()
        for metadata in ([], [("authorization", "Bearer other")], [("authorization", "s3cret")]):
            with refused("UNAUTHENTICATED", "authorization: Bearer"):
                predict(client.channel, metadata=metadata)
        with refused("UNAUTHENTICATED"):
            client.channel.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")(b"")
        stub = health_pb2_grpc.HealthStub(client.channel)
        assert stub.Check(health_pb2.HealthCheckRequest()).status == SERVING

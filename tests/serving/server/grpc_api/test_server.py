"""The gRPC server itself: sockets, TLS, deadlines, large messages, and how it stops."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.server.config_messages import SSLConfig
from serving.server.errors import StartError
from serving.server.grpc_api.options import Options
from serving.server.grpc_api.server import GrpcServer
from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import SECONDS, Client, X, fake, predict, refused, request

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def ssl_config(folder: Path, *, client_verify: bool = False) -> Any:
    """The SSLConfig of the server."""
    return SSLConfig(
        server_key=(folder / "server.key").read_text(),
        server_cert=(folder / "server.pem").read_text(),
        custom_ca=(folder / "ca.pem").read_text() if client_verify else "",
        client_verify=client_verify,
    )


def test_tls(echo_back: Repository, certificates: Path) -> None:
    with grpc_kit.serving(echo_back, ssl=ssl_config(certificates)) as server:
        trusted = grpc.ssl_channel_credentials((certificates / "ca.pem").read_bytes())
        with grpc.secure_channel(f"localhost:{server.port}", trusted) as channel:
            assert predict(channel) == X.tolist()
        with grpc.insecure_channel(f"localhost:{server.port}") as plain, refused("UNAVAILABLE"):
            predict(plain)
        unknown = grpc.ssl_channel_credentials((certificates / "client.pem").read_bytes())
        with grpc.secure_channel(f"localhost:{server.port}", unknown) as channel, refused("UNAVAILABLE"):
            predict(channel)


def test_mutual_tls(echo_back: Repository, certificates: Path) -> None:
    ca, key, certificate = ((certificates / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
    with grpc_kit.serving(echo_back, ssl=ssl_config(certificates, client_verify=True)) as server:
        known = grpc.ssl_channel_credentials(ca, key, certificate)
        with grpc.secure_channel(f"localhost:{server.port}", known) as channel:
            assert predict(channel) == X.tolist()
        anonymous = grpc.ssl_channel_credentials(ca)
        with grpc.secure_channel(f"localhost:{server.port}", anonymous) as channel, refused("UNAVAILABLE"):
            predict(channel)


def test_bad_ssl_config(echo_back: Repository, certificates: Path) -> None:
    good = ssl_config(certificates)
    key, certificate = good.server_key, good.server_cert
    for broken, words in (
        (SSLConfig(server_key=key), "no PEM text was found in server_cert"),
        (SSLConfig(server_key="server.key", server_cert=certificate), "no PEM text was found in server_key"),
        (SSLConfig(server_key=key, server_cert=certificate, client_verify=True), "client_verify needs custom_ca"),
        (SSLConfig(server_key="-----BEGIN x", server_cert=certificate), "Check the keys and certificates"),
    ):
        with pytest.raises(StartError, match=words):
            GrpcServer(echo_back, reload=grpc_kit.refuse_reload, options=Options(ssl=broken)).start("127.0.0.1", 0)


def test_unix_socket(echo_back: Repository, tmp_path: Path) -> None:
    path = tmp_path / "grpc.sock"
    server = GrpcServer(echo_back, reload=grpc_kit.refuse_reload)
    server.start(None, 0, str(path))
    with grpc.insecure_channel(f"unix:{path}") as channel:
        assert predict(channel) == X.tolist()
    assert server.port == 0
    server.stop(0)


def test_a_path_that_is_too_long_for_a_socket(echo_back: Repository, tmp_path: Path) -> None:
    server = GrpcServer(echo_back, reload=grpc_kit.refuse_reload)
    with pytest.raises(StartError, match="Cannot listen on unix:"):
        server.start(None, 0, str(tmp_path / ("x" * 200)))
    server.stop(0)


def test_port_is_taken(echo_back: Repository) -> None:
    with grpc_kit.serving(echo_back) as first:
        second = GrpcServer(echo_back, reload=grpc_kit.refuse_reload)
        with pytest.raises(StartError, match=f"Cannot listen on 127.0.0.1:{first.port} for gRPC"):
            second.start("127.0.0.1", first.port)
        second.stop(0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        third = GrpcServer(echo_back, reload=grpc_kit.refuse_reload)
        with pytest.raises(StartError, match="choose another --port"):
            third.start("127.0.0.1", other.getsockname()[1])
        third.stop(0)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6(echo_back: Repository) -> None:
    server = GrpcServer(echo_back, reload=grpc_kit.refuse_reload)
    try:
        server.start("::1", 0)
    except StartError:
        pytest.skip("this machine has no IPv6 loopback")
    with grpc.insecure_channel(f"[::1]:{server.port}") as channel:
        assert predict(channel) == X.tolist()
    server.stop(0)


def test_channel_arguments(echo_back: Repository) -> None:
    arguments = "grpc.max_receive_message_length=2000, grpc.x=text"
    with grpc_kit.client_of(echo_back, channel_arguments=arguments) as client:
        assert predict(client.channel) == X.tolist()
        with refused("RESOURCE_EXHAUSTED"):
            client.predict(request("m", x=np.zeros(1000, np.float32)))
    with pytest.raises(StartError, match=r"'grpc\.keepalive' was found, name=value was expected"):
        GrpcServer(echo_back, reload=grpc_kit.refuse_reload, options=Options(channel_arguments="grpc.keepalive"))


def test_methods_that_no_server_has(echo_back: Repository) -> None:
    with grpc_kit.client_of(echo_back) as client, refused("UNIMPLEMENTED"):
        client.channel.unary_unary("/tensorflow.serving.PredictionService/PredictStreamed")(b"")


def test_bytes_that_are_no_message(echo_back: Repository) -> None:
    with grpc_kit.client_of(echo_back) as client:
        with refused("INTERNAL"):
            client.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")(b"\xff\xff")
        assert predict(client.channel) == X.tolist()


def test_100_megabytes(echo_back: Repository) -> None:
    large = np.arange(25_000_000, dtype=np.float32)
    with grpc_kit.client_of(echo_back, tensor_content=True) as client:
        answer = client.prediction.Predict(request("m", x=large), timeout=SECONDS)
    assert answer.outputs["y"].tensor_content == large.tobytes()


def test_concurrent_calls(echo_back: Repository) -> None:
    with grpc_kit.client_of(echo_back, max_threads=4) as client, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> bool:
            x = np.full(3, number, np.float32)
            return bool((client.predict(request("m", x=x))["y"] == x).all())

        assert all(pool.map(ask, range(100)))


class Gate:
    """A model's answer that waits until the test lets it through; says how often it was asked."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.calls = 0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Wait, then answer x."""
        self.calls += 1
        self.entered.set()
        assert self.open.wait(SECONDS)
        return x


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open at the end of the test, whatever happens."""
    gate = Gate()
    yield gate
    gate.open.set()


def test_stop_lets_calls_finish(gate: Gate, tmp_path: Path) -> None:
    with grpc_kit.serving(fake(tmp_path, gate), health=True) as server, grpc_kit.connected(server) as client:
        watched = iter(health_pb2_grpc.HealthStub(client.channel).Watch(health_pb2.HealthCheckRequest()))
        assert next(watched).status == SERVING
        under_way = client.prediction.Predict.future(request("m", x=X), timeout=SECONDS)
        assert gate.entered.wait(SECONDS)
        stopping = threading.Thread(target=server.stop, args=(SECONDS,))
        stopping.start()
        assert next(watched).status == NOT_SERVING
        while stopping.is_alive():  # until the port is closed, a new call may still get in
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as late:
                try:
                    Client(late).prediction.Predict(request("n", x=X), timeout=5)
                except grpc.RpcError as error:
                    if error.code() is grpc.StatusCode.UNAVAILABLE:
                        break
        assert not under_way.done()
        gate.open.set()
        assert list(under_way.result().outputs["y"].float_val) == X.tolist()
        stopping.join(10)  # and not the whole grace: who watches the health is sent away
        assert not stopping.is_alive()


def test_stop_ends_calls_after_the_grace(gate: Gate, tmp_path: Path) -> None:
    with grpc_kit.serving(fake(tmp_path, gate)) as server, grpc_kit.connected(server) as client:
        under_way = client.prediction.Predict.future(request("m", x=X), timeout=SECONDS)
        assert gate.entered.wait(SECONDS)
        start = time.monotonic()
        server.stop(0.2)
        assert time.monotonic() - start < SECONDS / 2
        assert under_way.code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


@pytest.mark.parametrize("end", ["cancelled", "deadline"])
def test_no_work_for_a_client_that_has_gone(end: str, gate: Gate, tmp_path: Path) -> None:
    with grpc_kit.client_of(fake(tmp_path, gate), max_threads=1) as client:
        first = client.prediction.Predict.future(request("m", x=X), timeout=SECONDS)
        assert gate.entered.wait(SECONDS)
        waiting = client.prediction.Predict.future(request("m", x=X), timeout=0.3 if end == "deadline" else SECONDS)
        time.sleep(0.2)  # it must reach the queue of the server
        if end == "cancelled":
            waiting.cancel()
        expected = grpc.StatusCode.CANCELLED if end == "cancelled" else grpc.StatusCode.DEADLINE_EXCEEDED
        assert waiting.code() is expected
        time.sleep(0.2)
        gate.open.set()
        first.result()
        assert predict(client.channel) == X.tolist()
        assert gate.calls == 2


def test_an_error_of_our_own_is_internal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_x: np.ndarray) -> np.ndarray:
        raise RuntimeError("a bug")

    with grpc_kit.client_of(fake(tmp_path, fail)) as client, refused("INTERNAL", "a bug"):
        predict(client.channel)
    assert "A gRPC call failed inside the server." in caplog.text

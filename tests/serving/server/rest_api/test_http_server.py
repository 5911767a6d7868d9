"""The HTTP server in a thread: sockets, TLS, and the drain, in which no request that arrived is lost."""

import asyncio
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from serving.server.config_messages import SSLConfig
from serving.server.errors import StartError
from serving.server.rest_api import connection, http_server
from serving.server.rest_api.http_server import HttpServer
from tests.serving.server.http_kit import Answer, Connection, ask, get, in_thread, post


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path; as many seconds later as the path says."""
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await asyncio.sleep(float(scope["path"][1:] or 0))
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def server_context(folder: Path, *, client_verify: bool = False) -> ssl.SSLContext:
    config = SSLConfig(
        server_key=(folder / "server.key").read_text(),
        server_cert=(folder / "server.pem").read_text(),
        custom_ca=(folder / "ca.pem").read_text() if client_verify else "",
        client_verify=client_verify,
    )
    return http_server.context_from(config, "--rest_api_ssl_config_file")


def client_context(folder: Path, name: str = "") -> ssl.SSLContext:
    """A client that trusts the authority, with a certificate of its own if it is named."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if name:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def test_tls(certificates: Path, caplog: pytest.LogCaptureFixture) -> None:
    with in_thread(app, tls=server_context(certificates)) as (_, port):
        trusting = client_context(certificates)
        with Connection(port, tls=trusting) as client:
            client.send(get("/0") + get("/0.0"))
            assert [client.answer().body for _ in range(2)] == [b"/0", b"/0.0"]
            assert client.socket.version() in ("TLSv1.2", "TLSv1.3")  # type: ignore[attr-defined]
        with pytest.raises(ssl.SSLCertVerificationError):
            Connection(port, tls=ssl.create_default_context())
        old = client_context(certificates)
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Connection(port, tls=old)
        with Connection(port) as plain:
            plain.send(get("/0"))
            with pytest.raises((EOFError, OSError, IndexError, ValueError)):
                plain.answer()
        with Connection(port):  # and goes away
            pass
        assert ask(port, get("/0"), tls=trusting).status == 200
    assert caplog.text == ""


def test_client_certificates(certificates: Path) -> None:
    with in_thread(app, tls=server_context(certificates, client_verify=True)) as (_, port):
        assert ask(port, get("/0"), tls=client_context(certificates, "client")).status == 200
        with pytest.raises((EOFError, OSError)):  # TLS 1.3 says so with the first byte that is read
            ask(port, get("/0"), tls=client_context(certificates))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"server_key": "no PEM"}, "The key or a certificate cannot be read"),
        ({"server_cert": ""}, "The key or a certificate cannot be read"),
        ({"custom_ca": "no PEM"}, "Give server_key, server_cert and custom_ca as PEM text"),
        ({"client_verify": True}, "client_verify needs custom_ca"),
    ],
)
def test_wrong_tls_parts_are_said_with_their_flag(certificates: Path, parts: dict[str, Any], words: str) -> None:
    config = SSLConfig(
        server_key=(certificates / "server.key").read_text(), server_cert=(certificates / "server.pem").read_text()
    )
    for name, value in parts.items():
        setattr(config, name, value)
    with pytest.raises(StartError, match=words) as caught:
        http_server.context_from(config, "--the_flag")
    assert str(caught.value).startswith("--the_flag: ")


def test_key_of_another_certificate_is_refused(certificates: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        http_server.tls_context(
            key=(certificates / "client.key").read_text(), certificate=(certificates / "server.pem").read_text()
        )


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_listen(host: str) -> None:
    with http_server.listen(host, 0) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()[:2], 5):
            pass
        with pytest.raises(OSError, match="Address already in use"):
            http_server.listen(host, listener.getsockname()[1])


def test_connections_that_wait_are_made_and_new_ones_are_not() -> None:
    """The rule that the kernel follows at the end, on a socket by itself."""
    with http_server.listen("127.0.0.1", 0) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname(), 5) as early:
            http_server.drop_new_connections(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(listener.getsockname(), 0.2)
            accepted, _ = listener.accept()
            with accepted, ThreadPoolExecutor(1) as pool:
                sent = pool.submit(early.sendall, bytes(1_000_000))
                received = 0
                while received < 1_000_000:
                    received += len(accepted.recv(1 << 20))
                assert sent.result(5) is None


def drained(server: HttpServer) -> None:
    """Ask for the end and wait until it has begun."""
    server.should_exit = True
    end = time.monotonic() + 5
    while not server.draining:
        assert time.monotonic() < end
        time.sleep(0.005)


def test_drain_answers_what_has_arrived() -> None:
    called = threading.Event()
    with ThreadPoolExecutor(8) as pool, in_thread(app, on_stop=called.set) as (server, port):
        with Connection(port) as idle, Connection(port) as half, Connection(port) as kept, Connection(port) as late:
            kept.send(get("/0"))
            assert "connection" not in kept.answer().headers
            half.send(post("/0.01", b"body")[:-2])
            under_way = [pool.submit(ask, port, get("/0.4")) for _ in range(4)]
            time.sleep(0.15)
            drained(server)
            assert called.is_set()
            half.send(b"dy")
            kept.send(get("/0.2"))
            idle.send(get("/0.3"))
            answers: list[Answer] = [client.answer() for client in (half, kept, idle)]
            late.send(get("/0"))
            answers.append(late.answer())
            answers += [waiting.result() for waiting in under_way]
            assert [answer.body for answer in answers] == [b"/0.01", b"/0.2", b"/0.3", b"/0"] + [b"/0.4"] * 4
            assert {answer.headers["connection"] for answer in answers} == {"close"}
            assert all(client.closed() for client in (half, kept, idle, late))
        with pytest.raises((ConnectionRefusedError, TimeoutError)):
            Connection(port, seconds=3)


def test_drain_takes_what_the_kernel_has_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that came while the event loop was busy, just before the end."""
    busy, go = threading.Event(), threading.Event()

    async def blocking(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/9":
            busy.set()
            go.wait(10)
            scope = {**scope, "path": "/0"}
        await app(scope, receive, send)

    with ThreadPoolExecutor(8) as pool, in_thread(blocking) as (server, port):
        first = pool.submit(ask, port, get("/9"))
        assert busy.wait(5)
        server.should_exit = True
        clients = [Connection(port) for _ in range(5)]
        for client in clients[:4]:  # the fifth never says a word
            client.send(get("/0.1"))
        go.set()
        assert first.result(5).body == b"/0"
        for client in clients[:4]:
            assert client.answer().body == b"/0.1"
        assert clients[4].closed()
        for client in clients:
            client.__exit__()


def test_drain_over_tls(certificates: Path) -> None:
    tls = client_context(certificates)
    with ThreadPoolExecutor(4) as pool, in_thread(app, tls=server_context(certificates)) as (server, port):
        under_way = [pool.submit(ask, port, get("/0.4"), tls=tls) for _ in range(3)]
        with Connection(port) as shaking:  # in the middle of its handshake
            time.sleep(0.2)
            drained(server)
            shaking.socket = tls.wrap_socket(shaking.socket, server_hostname="localhost")
            shaking.send(get("/0"))
            assert shaking.answer().body == b"/0"
        assert [waiting.result().body for waiting in under_way] == [b"/0.4"] * 3


def test_drain_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing to do at once, with idle connections after the moment they get, with endless calls at the limit."""
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.3)
    for path, least, most in (("", 0.0, 1.0), ("/0", 0.3, 1.5), ("/60", 1.0, 3.0)):
        with in_thread(app, drain_seconds=1) as (server, port):
            client = Connection(port) if path else None
            if client:
                client.send(get(path))
                time.sleep(0.1)
            start = time.monotonic()
            server.should_exit = True
        assert least <= time.monotonic() - start < most + 1
        if client:
            client.__exit__()

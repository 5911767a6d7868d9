"""Connections over real sockets to a small application: the order of answers, limits, clients that behave badly."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from serving.server.rest_api.connection import MOST_HEAD_BYTES
from serving.server.rest_api.http_server import HttpServer
from tests.serving.server.http_kit import Connection, ask, get, in_thread, post

SLOW_SECONDS = 0.3


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with path and body; /refuse without reading, /wait after a moment, /large with 8 MB."""
    path, body = scope["path"], b""
    if path != "/refuse":
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
    if path.startswith("/wait"):
        await asyncio.sleep(0.15)
    said = bytes(8_000_000) if path == "/large" else path.encode() + b" " + body
    status = 413 if path == "/refuse" else 200
    headers = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[HttpServer, int]]:
    with in_thread(app, slow_seconds=SLOW_SECONDS) as found:
        yield found


@pytest.fixture
def port(served: tuple[HttpServer, int], caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    """Its port; afterwards the server must still answer, know of no connection and have logged no error."""
    server, number = served
    yield number
    assert ask(number, get("/still")).body == b"/still "
    end = time.monotonic() + 5
    while server.server_state.connections and time.monotonic() < end:
        time.sleep(0.01)
    assert not server.server_state.connections
    assert not server.server_state.tasks
    assert [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []


def test_answers_come_in_the_order_of_the_requests(port: int) -> None:
    with Connection(port) as client:
        client.send(post("/wait", b"1") + post("/b", b"2") + get("/wait3") + post("/d", b"4"))
        assert [client.answer().body for _ in range(4)] == [b"/wait 1", b"/b 2", b"/wait3 ", b"/d 4"]


@pytest.mark.parametrize("path", ["/quick", "/wait"])
def test_half_closed_client_gets_its_answer(port: int, path: str) -> None:
    with Connection(port) as client:
        client.send(post(path, b"out"))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer().body == path.encode() + b" out"
        assert client.closed()


def test_half_closed_client_gets_the_answers_to_all_its_requests(port: int) -> None:
    with Connection(port) as client:
        client.send(post("/wait", b"1") + get("/wait2"))
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.answer().body for _ in range(2)] == [b"/wait 1", b"/wait2 "]
        assert client.closed()


def test_client_that_leaves_in_the_middle(port: int) -> None:
    whole = post("/wait", bytes(100_000))
    for part in (whole[:10], whole[:-1], whole):
        with Connection(port) as client:
            client.send(part)
    with Connection(port) as client:
        client.send(get("/large"))
        client.socket.recv(10)


def test_100_continue(port: int) -> None:
    with Connection(port) as client:
        client.send(b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"body")
        assert client.answer().body == b"/x body"


def test_http_1_0_and_close(port: int) -> None:
    for request in (b"GET /old HTTP/1.0\r\n\r\n", get("/old", "Connection: close")):
        with Connection(port) as client:
            client.send(request)
            answer = client.answer()
            assert (answer.body, answer.headers["connection"]) == (b"/old ", "close")
            assert client.closed()


def test_head_has_no_body(port: int) -> None:
    with Connection(port) as client:
        client.send(b"HEAD /x HTTP/1.1\r\nHost: t\r\n\r\n" + get("/y"))
        assert client.answer(body=False).headers["content-length"] == "3"
        assert client.answer().body == b"/y "


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03 nothing like it\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),  # TLS ClientHello
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: minus one\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
    ],
)
def test_garbage_is_400_and_closed(port: int, garbage: bytes) -> None:
    with Connection(port) as client:
        client.send(garbage)
        answer = client.answer()
        assert (answer.status, answer.error) == (400, "Invalid HTTP request received.")
        assert client.closed()


def test_garbage_after_a_request_does_not_take_its_place(port: int) -> None:
    with Connection(port) as client:
        client.send(post("/wait", b"first") + b"\x00 garbage\r\n\r\n")
        assert client.answer().body == b"/wait first"
        assert client.closed()


def test_offer_of_another_protocol_is_overlooked(port: int) -> None:
    """Java's client and curl --http2 make such an offer with the first request of a connection."""
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
    with Connection(port) as client:
        for _ in range(2):
            client.send(post("/x", b"body", *offer) + post("/y", b"more"))
            assert [client.answer().body for _ in range(2)] == [b"/x body", b"/y more"]
        request = post("/z", b"body", *offer)
        for start in range(0, len(request), 7):
            client.send(request[start : start + 7])
            time.sleep(0.001)
        assert client.answer().body == b"/z body"


def drip(client: Connection, piece: bytes, *, times: int, pause: float) -> None:
    """Send until the server puts an end to it, which it must."""
    try:
        for _ in range(times):
            client.send(piece)
            time.sleep(pause)
    except (BrokenPipeError, ConnectionResetError):
        return
    pytest.fail("the server took everything")


@pytest.mark.parametrize(
    "start",
    [
        b"GET /x HTTP/1.1\r\nLong: ",
        b"GET /",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: ",
    ],
)
def test_endless_head_is_431(port: int, start: bytes) -> None:
    with Connection(port) as client:
        client.send(start)
        drip(client, b"a" * 16384, times=4096, pause=0.0001)
    with Connection(port) as client:
        client.send(start + b"a" * (MOST_HEAD_BYTES + 1))
        time.sleep(0.05)
        client.send(b"a" * (MOST_HEAD_BYTES + 1))
        answer = client.answer()
        assert (answer.status, "More than 65536 bytes of headers" in answer.error) == (431, True)


def test_large_head_within_the_limit(port: int) -> None:
    assert ask(port, get("/x", "Long: " + "a" * 60_000)).status == 200


def test_dripping_head_is_408(port: int) -> None:
    with Connection(port) as client:
        start = time.monotonic()
        client.send(b"GET / HTTP/1.1\r\nLong: ")
        drip(client, b"a", times=1000, pause=0.02)
        assert SLOW_SECONDS < time.monotonic() - start < 5
        answer = client.answer()
        assert (answer.status, "did not arrive within 0.3 s" in answer.error) == (408, True)


def test_head_within_the_time_limit() -> None:
    with in_thread(app, slow_seconds=10) as (_, port), Connection(port) as client:
        request = get("/x")
        client.send(request[:-2])
        time.sleep(1.3)  # the server looks for slow clients once a second
        client.send(request[-2:])
        assert client.answer().body == b"/x "


def test_client_that_says_nothing_is_left(port: int) -> None:
    with Connection(port) as client:
        assert client.closed()


def test_idle_connection_is_kept(port: int) -> None:
    with Connection(port) as client:
        client.send(get("/a"))
        assert client.answer().status == 200
        time.sleep(1.5)  # longer than a client may take in the middle of a request
        client.send(get("/b"))
        assert client.answer().body == b"/b "


def test_refused_body_is_dropped_and_not_waited_for(port: int) -> None:
    with Connection(port) as client:
        client.send(post("/refuse", bytes(5_000_000)) + get("/next"))
        assert [client.answer().status for _ in range(2)] == [413, 200]
    with Connection(port) as client:
        client.send(post("/refuse", bytes(100_000))[:-50_000])
        assert client.answer().status == 413
        assert client.closed()  # the rest never comes


def test_client_that_reads_no_answer_is_left(served: tuple[HttpServer, int], port: int) -> None:
    with Connection(port) as client:
        client.send(get("/large") * 4)
        time.sleep(0.2)
        assert served[0].server_state.connections
        end = time.monotonic() + 10
        while served[0].server_state.connections and time.monotonic() < end:
            time.sleep(0.05)
        assert not served[0].server_state.connections

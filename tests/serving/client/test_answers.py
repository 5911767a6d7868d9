"""serving.client.answers: what a server answers: statuses, metadata and errors."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from serving import client
from serving.client import AnswerError, Client, NoAnswerError
from tests.serving.live import free_port
from tests.serving.scripted import Handler, Scripted, drop, half, say, scripted


class Waits(list[float]):
    """Stands for `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def asking(*script: Callable[[Handler], None], **options: Any) -> Iterator[tuple[Client, Scripted, Waits]]:
    waits = Waits()
    with scripted(*script) as server, Client(server.url, **{"model": "m", "sleep": waits, **options}) as asked:
        yield asked, server, waits


def test_busy_servers_are_asked_again() -> None:
    busy, full = say(503, b'{"error": "queue"}'), say(429, b'{"error": "queue"}')
    with asking(busy, full, busy, say(200)) as (asked, server, waits):
        assert asked.predict(instances=[1]) == [1.5]
        assert waits == pytest.approx([0.1, 0.2, 0.4])
        assert len(server.asked) == 4
    with asking(busy, longest_wait=0.3) as (asked, server, waits), pytest.raises(AnswerError, match=r"^503: queue$"):
        asked.predict(instances=[1])
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.3])
    assert len(server.asked) == 5


def test_retry_after() -> None:
    with asking(say(503, retry_after="3"), say(503, retry_after="soon"), say(200)) as (asked, _, waits):
        asked.predict(instances=[1])
        assert waits == pytest.approx([3.1, 0.2])
    past, future = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2099 07:28:00 GMT"
    with asking(say(503, retry_after=past), say(503, b"{}", retry_after=future)) as (asked, server, waits):
        with pytest.raises(AnswerError, match=r"^503: "):
            asked.predict(instances=[1])
        assert waits == pytest.approx([0.1])
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 413, 499, 500, 501, 502, 504])
def test_other_answers_are_final(status: int) -> None:
    with asking(say(status, b'{"error": "no"}')) as (asked, server, waits):
        with pytest.raises(AnswerError, match=f"^{status}: no$") as caught:
            asked.predict(instances=[1])
        assert (caught.value.status, caught.value.message) == (status, "no")
        assert (waits, len(server.asked)) == ([], 1)


@pytest.mark.parametrize("body", [b"<html>\n <b>Bad Gateway</b>", b"[1]", b""])
@pytest.mark.parametrize("status", [200, 502])
def test_answers_of_another_kind_of_server(status: int, body: bytes) -> None:
    words = body.decode().replace("\n ", " ") or "an empty body"
    with asking(say(status, body)) as (asked, *_), pytest.raises(AnswerError) as caught:
        asked.predict(instances=[1])
    assert str(caught.value) == f"{status}: not TensorFlow Serving's JSON: {words}"


def test_nobody_listens() -> None:
    waits = Waits()
    url = f"http://127.0.0.1:{free_port()}"
    asked = Client(url, model="m", retries=2, sleep=waits)
    with pytest.raises(NoAnswerError, match=f"cannot connect to {url} .*; is the server running, and is this its REST"):
        asked.status()
    assert waits == pytest.approx([0.1, 0.2])
    assert not asked.ready()


def test_a_kept_connection_that_breaks_is_replaced_once() -> None:
    with asking(say(200), drop, say(200), drop, drop) as (asked, server, waits):
        assert asked.predict(instances=[1]) == [1.5]
        assert asked.predict(instances=[1]) == [1.5]
        assert (server.connections, len(server.asked)) == (2, 3)
        with pytest.raises(NoAnswerError, match="broke before the whole answer was there"):
            asked.predict(instances=[1])
        assert (server.connections, len(server.asked), waits) == (3, 5, [])


@pytest.mark.parametrize("breaking", [drop, half])
def test_a_request_that_may_have_run_is_not_repeated(breaking: Callable[[Handler], None]) -> None:
    with asking(breaking, say(200)) as (asked, server, waits):
        with pytest.raises(NoAnswerError, match="broke before the whole answer was there"):
            asked.predict(instances=[1])
        assert (len(server.asked), waits) == (1, [])
        assert asked.predict(instances=[1]) == [1.5]
        server.script.insert(0, half)
        with pytest.raises(NoAnswerError, match="IncompleteRead"):  # bytes of the answer had come
            asked.predict(instances=[1])
        assert len(server.asked) == 3


def test_a_slow_answer() -> None:
    go = threading.Event()

    def slow(handler: Handler) -> None:
        go.wait(10)
        handler.close_connection = True

    with asking(slow, timeout=0.1) as (asked, server, waits):
        with pytest.raises(NoAnswerError, match=r"sent nothing for 0\.1 s; it may still be at work on the request"):
            asked.predict(instances=[1])
        go.set()
        assert (len(server.asked), waits) == (1, [])


def test_an_answer_before_the_whole_body_is_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.recv(1000)
                taken.sendall(b'HTTP/1.1 413 Large\r\nContent-Length: 20\r\n\r\n{"error": "too big"}')

        threading.Thread(target=refuse, daemon=True).start()
        with (
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}", model="m") as asked,
            pytest.raises(AnswerError, match=r"^413: too big$"),
        ):
            asked.predict(instances=np.zeros(5_000_000))


def test_a_port_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.recv(1000)
                taken.sendall(b"\0\0\x18\x04\0\0\0\0\0\n")  # the start of HTTP/2, which gRPC speaks

        threading.Thread(target=greet, daemon=True).start()
        with (
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}", model="m") as asked,
            pytest.raises(NoAnswerError, match=r"is no HTTP/1\.1 server; is this the REST port\?"),
        ):
            asked.status()


def test_ready_asks_stock_tensorflow_serving_for_the_model() -> None:
    def answer(handler: Handler) -> None:
        if handler.path == "/readyz":
            return say(404, b"<html>Not Found</html>")(handler)
        return say(*states.pop(0))(handler)

    def status(state: str) -> tuple[int, bytes]:
        version = {"version": "2", "state": state, "status": {"error_code": "OK", "error_message": ""}}
        return 200, json.dumps({"model_version_status": [version]}).encode()

    states = [(404, b'{"error": "none"}'), status("LOADING"), status("AVAILABLE"), status("END")]
    with asking(answer) as (asked, server, waits):
        asked.wait_until_ready(30)
        assert len(waits) == 2
        assert asked.status() == [client.VersionStatus(2, "END", "OK", "")]
        assert server.asked[-1][1] == "/v1/models/m"
        words = r"no model was named; write Client\(url, model=\.\.\.\)"
        with Client(server.url) as unnamed, pytest.raises(ValueError, match=words):
            unnamed.ready()

"""Connections: kept, replaced once, and what is said when one breaks."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from serving.client import AnswerError, Client, NoAnswerError
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
            pytest.raises(NoAnswerError, match=r"is not an HTTP/1\.1 server; is this the REST port\?"),
        ):
            asked.status()


@pytest.mark.parametrize(
    "url",
    ["localhost:8501", "ftp://host", "http://", "", "http://localhost:abc", "http://localhost:70000", "http://[::1"],
)
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(ValueError, match="expected something like http://localhost:8501"):
        Client(url)

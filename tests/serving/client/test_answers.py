"""serving.client.answers: what a server answers: statuses, metadata and errors."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from serving import client
from serving.client import AnswerError, Client
from tests.serving.scripted import Handler, Scripted, say, scripted


class Waits(list[float]):
    """Stands for `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def asking(*script: Callable[[Handler], None], **options: Any) -> Iterator[tuple[Client, Scripted, Waits]]:
    waits = Waits()
    with scripted(*script) as server, Client(server.url, **{"model": "m", "sleep": waits, **options}) as asked:
        yield asked, server, waits


@pytest.mark.parametrize("body", [b"<html>\n <b>Bad Gateway</b>", b"[1]", b""])
@pytest.mark.parametrize("status", [200, 502])
def test_answers_of_another_kind_of_server(status: int, body: bytes) -> None:
    words = body.decode().replace("\n ", " ") or "an empty body"
    with asking(say(status, body)) as (asked, *_), pytest.raises(AnswerError) as caught:
        asked.predict(instances=[1])
    assert str(caught.value) == f"{status}: not TensorFlow Serving's JSON: {words}"


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

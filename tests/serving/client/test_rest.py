"""The REST client against a server that follows a script: what it sends, what it repeats, what it never repeats."""

import json
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.client import AnswerError, Client, NoAnswerError, rest
from tests.serving.scripted import Handler, Scripted, drop, say, scripted


class Waits(list[float]):
    """Stands for `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def asking(*script: Callable[[Handler], None], **options: Any) -> Iterator[tuple[Client, Scripted, Waits]]:
    waits = Waits()
    with scripted(*script) as server, Client(server.url, **{"model": "m", "sleep": waits, **options}) as asked:
        yield asked, server, waits


def test_what_is_sent() -> None:
    image = np.array([[0.5, np.nan]], np.float32)
    with asking(say(200), token="secret") as (asked, server, _):
        assert asked.predict(instances=image, signature="tensor") == [1.5]
        assert asked.predict(instances=[{"image_bytes": b"a"}], output_filter=("y",), arrays=True).tolist() == [1.5]
    assert [path for _, path, _ in server.asked] == ["/v1/models/m:predict"] * 2
    assert server.asked[0][2] == b'{"signature_name": "tensor", "instances": [[0.5, NaN]]}'
    assert json.loads(server.asked[1][2]) == {"output_filter": ["y"], "instances": [{"image_bytes": {"b64": "YQ=="}}]}
    assert server.headers[0]["Authorization"] == "Bearer secret"
    assert server.headers[0]["Content-Type"] == "application/json"
    assert server.connections == 1


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "/v1/models/m:predict"),
        ({"version": 12}, "/v1/models/m/versions/12:predict"),
        ({"version": 0}, "/v1/models/m/versions/0:predict"),
        ({"label": "next one"}, "/v1/models/m/labels/next%20one:predict"),
        ({"model": "a/b:c"}, "/v1/models/a%2Fb%3Ac:predict"),
    ],
)
def test_paths(options: dict[str, Any], path: str) -> None:
    with asking(say(200, b'{"outputs": {"y": 2}}'), **options) as (asked, server, _):
        assert asked.predict(inputs={"x": 1}) == {"y": 2}
        prefixed = Client(server.url + "/proxy/", **{"model": "m", **options})
        prefixed.predict(inputs=1)
        prefixed.close()
    assert [each[1] for each in server.asked] == [path, "/proxy" + path]


def test_threads_share_a_client() -> None:
    def double(handler: Handler) -> None:
        [number] = json.loads(handler.body)["instances"]
        say(200, json.dumps({"predictions": [2 * number]}).encode())(handler)

    with asking(double) as (asked, server, _), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: asked.predict(instances=[n]), range(80)))
        assert answers == [[2 * n] for n in range(80)]
        assert len(server.asked) == 80
        assert server.connections <= 8


def test_ready_waits_for_this_server() -> None:
    loading, ready = say(503, b'{"status": "loading"}'), say(200, b'{"status": "ok"}')
    with asking(loading, loading, ready) as (asked, server, waits):
        asked.wait_until_ready(30)
        assert waits == [rest.POLL_SECONDS] * 2
        assert {path for _, path, _ in server.asked} == {"/readyz"}
    with asking(loading) as (asked, *_), pytest.raises(NoAnswerError, match=r"was not ready after 0 s; look at the"):
        asked.wait_until_ready(0)
    with asking(say(401, b'{"error": "token"}')) as (asked, *_), pytest.raises(AnswerError, match=r"^401: token"):
        asked.wait_until_ready(30)


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="found version 1 and label 'a'; give one of them, or neither"):
        Client("http://localhost", version=1, label="a")
    asked = Client("http://localhost", model="m")
    for given in (None, [1]):
        with pytest.raises(ValueError, match=r"give instances \(rows\) or inputs \(named columns\), one of them"):
            asked.predict(instances=given, inputs=given)


def test_https(certificates: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    trusted = ssl.create_default_context(cafile=certificates / "ca.pem")
    with scripted(say(200), drop, say(200), tls=context) as server:
        with Client(server.url, model="m", tls=trusted) as trusting:
            assert trusting.predict(instances=[1]) == [1.5]
            assert trusting.predict(instances=[1]) == [1.5]  # the kept connection had gone
        assert (len(server.asked), server.connections) == (3, 2)
        waits = Waits()
        stranger = Client(server.url, model="m", sleep=waits)
        with pytest.raises(NoAnswerError, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.predict(instances=[1])
        assert waits == []  # it will not get better

"""Bodies as ASGI messages: limits of size and time, clients that go away, and gzip as Python's own module packs it."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from serving.server.errors import Code
from serving.server.rest_api import request_body
from serving.server.rest_api.request_body import HttpError

GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def arriving(*messages: dict[str, Any], pause: float = 0) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """An ASGI `receive` that gives these messages, each after a pause."""
    left = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.sleep(pause)
        return left.pop(0)

    return receive


def read(*messages: dict[str, Any], length: str = "", pause: float = 0, **limits: Any) -> bytes | None:
    headers = [(b"content-length", length.encode())] if length else []
    return asyncio.run(request_body.read({"headers": headers}, arriving(*messages, pause=pause), **limits))


def test_parts_are_joined() -> None:
    assert read(part(b"", more=False)) == b""
    assert read({"type": "http.request"}) == b""
    assert read(part(b"whole", more=False)) == b"whole"
    assert read(part(b"a"), part(b""), part(b"bc"), part(b"d", more=False)) == b"abcd"


def test_client_that_goes_away() -> None:
    assert read(GONE) is None
    assert read(part(b"a"), part(b"b"), GONE) is None


def test_limit_of_size() -> None:
    assert read(part(b"12345", more=False), length="5", most_bytes=5) == b"12345"
    assert read(part(b"12"), part(b"345", more=False), most_bytes=5) == b"12345"
    for messages, length, found in (
        ([], "6", "The body has 6 bytes"),  # refused before it is read
        ([part(b"123"), part(b"456")], "", "The body has more than 5 bytes"),
    ):
        with pytest.raises(HttpError, match=rf"{found}; at most 5 are accepted.*--rest_api_max_body_bytes") as caught:
            read(*messages, length=length, most_bytes=5)
        assert (caught.value.status, caught.value.code) == (413, Code.INVALID_ARGUMENT)


def test_no_limits() -> None:
    assert read(part(bytes(1000)), part(bytes(1000), more=False), length="2000") == bytes(2000)


def test_limit_of_time_counts_the_whole_body() -> None:
    drops = [part(b"x") for _ in range(100)]
    with pytest.raises(HttpError, match=r"did not arrive within 0\.1 s") as caught:
        read(*drops, pause=0.01, seconds=0.1)
    assert caught.value.status == 408
    assert read(*drops[:5], part(b"", more=False), pause=0.001, seconds=5) == b"xxxxx"


def test_header() -> None:
    scope = {"headers": [(b"a", b"1"), (b"b", b"caf\xe9"), (b"a", b"2")]}
    assert [request_body.header(scope, name) for name in (b"a", b"b", b"c")] == ["1", "café", ""]


def test_inflate() -> None:
    packed = gzip.compress(b'{"instances": [1.0]}')
    assert request_body.inflate(packed) == b'{"instances": [1.0]}'
    assert request_body.inflate(gzip.compress(b"")) == b""
    broken = bytearray(packed)
    broken[-5] ^= 1  # in the checksum
    for body in (b"", b"no gzip", packed[:-1], bytes(broken), packed[2:]):
        assert request_body.inflate(body) == b""


def test_inflate_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "MOST_INFLATED_BYTES", 1000)
    assert request_body.inflate(gzip.compress(bytes(1000))) == bytes(1000)
    assert request_body.inflate(gzip.compress(bytes(1001))) == b""


def test_inflate_keeps_to_a_limit_of_ours() -> None:
    packed = gzip.compress(b" " * 1000)
    assert request_body.inflate(packed, most_bytes=1000) == b" " * 1000
    with pytest.raises(HttpError, match="The body has more than 999 bytes") as caught:
        request_body.inflate(packed, most_bytes=999)
    assert caught.value.status == 413
    assert request_body.inflate(packed[:-5], most_bytes=5000) == b""

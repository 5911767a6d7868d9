"""Bodies of HTTP requests: read within limits of size and time, and unpacked."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving.server.errors import Code, ServingError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MOST_INFLATED_BYTES = 100 * 2**20


class HttpError(ServingError):
    """An error answer with an HTTP status that no code of TensorFlow Serving stands for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(Code.INVALID_ARGUMENT, message)
        self.status = status


async def read(scope: Scope, receive: Receive, *, most_bytes: int = 0, seconds: float = 0) -> bytes | None:
    """Read the whole body; None when the client has gone.

    `most_bytes`, `seconds`: limits, 0 for none; HttpError with 413 or 408 beyond them. The HTTP server drops the rest of
    a refused body as it arrives.
    """
    if most_bytes and int(header(scope, b"content-length") or 0) > most_bytes:
        raise _too_large(header(scope, b"content-length"), most_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body", False):  # nearly every body comes in one piece
        return message.get("body", b"")
    try:
        async with asyncio.timeout(seconds or None):
            return await _rest(message.get("body", b""), receive, most_bytes)
    except TimeoutError:
        raise HttpError(408, f"The body did not arrive within {seconds:g} s. Send it faster, or in parts.") from None


async def _rest(first: bytes, receive: Receive, most_bytes: int) -> bytes | None:
    """Join all chunks of a body."""
    chunks, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if most_bytes and size > most_bytes:
            raise _too_large(f"more than {most_bytes}", most_bytes)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(found: str, most_bytes: int) -> HttpError:
    return HttpError(
        413,
        f"The body has {found} bytes; at most {most_bytes} are accepted. Send fewer instances at a time, or start the "
        "server with a larger --rest_api_max_body_bytes.",
    )


def header(scope: Scope, name: bytes) -> str:
    """Read the first header of that name, which must be in lower case; empty without it."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def inflate(body: bytes, *, most_bytes: int = 0) -> bytes:
    """Unpack a gzip body; empty when it is broken or larger than 100 MiB, as in TensorFlow Serving.

    `most_bytes`: a limit below that, 0 for none; HttpError with 413 beyond it.
    """
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    ours = 0 < most_bytes < MOST_INFLATED_BYTES
    try:
        data = inflater.decompress(body, most_bytes if ours else MOST_INFLATED_BYTES)
    except zlib.error:
        return b""
    if inflater.eof:
        return data
    if ours and len(data) == most_bytes:
        raise _too_large(f"more than {most_bytes}", most_bytes)
    return b""

"""Call an ASGI application in the process, without a socket."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from serving.server.rest_api.app import RestApi


class Answer(NamedTuple):
    """Status, headers (lower-case names) and body of one answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as Python values; bare NaN and Infinity become floats."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an error answer, which must have this one key."""
        assert list(self.json) == ["error"]
        return str(self.json["error"])


def call(app: RestApi, method: str, target: str, body: Any = b"", headers: dict[str, str] | None = None) -> Answer:
    """Send one request; `target` is path and query as they stand in the request line, a body that is no bytes is JSON."""
    return asyncio.run(request(app, method, target, body, headers))


async def request(
    app: RestApi, method: str, target: str, body: Any = b"", headers: dict[str, str] | None = None
) -> Answer:
    """Make one request inside an event loop."""
    path, _, query = target.partition("?")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    half = len(content) // 2
    messages = [
        {"type": "http.request", "body": content[:half], "more_body": True},
        {"type": "http.request", "body": content[half:], "more_body": False},
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, end = sent
    return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, end["body"])

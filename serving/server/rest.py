"""The REST API as a plain ASGI application: routes, status codes, headers; what the calls do stands in `inference`."""

import asyncio
import logging
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any
from urllib.parse import unquote

from serving.server import example_calls, inference, json_answer
from serving.server.errors import HTTP_STATUS, Code, ServingError, from_exception, invalid_argument
from serving.server.repository import ModelSpec, Repository
from serving.server.versions import LARGEST_VERSION

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Call = Callable[[Repository, ModelSpec, bytes], bytes]

log = logging.getLogger(__name__)

API = re.compile(r"/v1/.*", re.IGNORECASE)
SPEC = r"(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?"
POST = re.compile(r"(?i:/v1/models/([^/:]+)" + SPEC + r"):(classify|regress|predict)")
GET = re.compile(r"/v1/models(?:/([^/:]+))?" + SPEC + r"(?:/(metadata))?", re.IGNORECASE)
ORIGIN = re.compile(r"https?://", re.IGNORECASE)
CALLS: dict[str, Call] = {
    "predict": inference.predict,
    "classify": example_calls.classify,
    "regress": example_calls.regress,
}

MOST_INFLATED_BYTES = 100 * 2**20
JSON_HEADERS = [(b"content-type", b"application/json")]
HTML_HEADERS = [(b"content-type", b"text/html")]
CORS_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
]
NOT_FOUND_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"


class RestApi:
    """ASGI application over a repository; every call runs in a thread of `executor`, so that the event loop is free."""

    def __init__(self, repository: Repository, executor: Executor, *, cors: bool = False) -> None:
        self._repository = repository
        self._executor = executor
        self._cors_headers = CORS_HEADERS if cors else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"A '{scope['type']}' connection was found. This server answers plain HTTP requests only.")
        target = _target(scope)
        if API.fullmatch(target):
            body = await _read(receive)
            if body is not None:
                await _reply(send, *await self._api(scope, target, body))
        elif scope["method"] == "GET" and scope["path"] in ("/healthz", "/readyz"):
            await _reply(send, *self._health(scope["path"]))
        else:
            await _reply(send, 404, NOT_FOUND_PAGE, HTML_HEADERS)

    async def _api(self, scope: Scope, target: str, body: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Status, body and headers of a path under /v1/."""
        method = scope["method"]
        headers = JSON_HEADERS + self._cors_headers
        if method == "OPTIONS":
            return (200 if ORIGIN.match(_header(scope, b"origin")) else 400), b"", headers
        try:
            call, spec = _route(method, target)
            zipped = "gzip" in _header(scope, b"content-encoding")
            loop = asyncio.get_running_loop()
            return 200, await loop.run_in_executor(self._executor, self._run, call, spec, body, zipped), headers
        except ServingError as error:
            return HTTP_STATUS[error.code], json_answer.error(error), headers

    def _run(self, call: Call, spec: ModelSpec, body: bytes, zipped: bool) -> bytes:
        """One call, in a thread; any error of our own making answers 500 instead of ending the connection."""
        try:
            return call(self._repository, spec, _inflate(body) if zipped else body)
        except Exception as error:
            answer = from_exception(error)
            if answer.code is Code.INTERNAL:
                log.exception("A call on %s failed inside the server.", spec)
            raise answer from error

    def _health(self, path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """`/healthz`: the process answers; `/readyz`: every model has an available version. Ours, not TensorFlow Serving's."""
        if path == "/healthz" or self._repository.ready():
            return 200, b'{"status": "ok"}', JSON_HEADERS
        return 503, b'{"status": "loading"}', JSON_HEADERS


def _route(method: str, target: str) -> tuple[Call, ModelSpec]:
    """The call that a request means; 400 for everything unknown, never 404 or 405."""
    if method == "POST" and (match := POST.fullmatch(target)):
        return CALLS[match[4]], _spec(*match.groups()[:3])
    if method == "GET" and (match := GET.fullmatch(target)):
        if not match[1]:
            raise invalid_argument("Missing model name in request.")
        spec = _spec(*match.groups()[:3])
        return (_metadata if match[4] else _status), spec
    raise invalid_argument(f"Malformed request: {method} {target}")


def _status(repository: Repository, spec: ModelSpec, _body: bytes) -> bytes:
    return inference.status(repository, spec)


def _metadata(repository: Repository, spec: ModelSpec, _body: bytes) -> bytes:
    return inference.metadata(repository, spec)


def _spec(name: str, version: str | None, label: str | None) -> ModelSpec:
    """What the path names; escapes are decoded after the match, so that a name may hold a slash."""
    if version is not None and (len(version.lstrip("0")) > 19 or int(version) > LARGEST_VERSION):
        raise ServingError(Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric.")
    return ModelSpec(
        name=unquote(name),
        version=int(version) if version is not None else None,
        label=unquote(label) if label is not None else None,
    )


def _target(scope: Scope) -> str:
    """Path and query as they came: TensorFlow Serving matches its routes against both."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when the client has gone."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _reply(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _inflate(body: bytes) -> bytes:
    """The unpacked body; empty when it is broken or larger than 100 MiB, as in TensorFlow Serving."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        data = inflater.decompress(body, MOST_INFLATED_BYTES)
    except zlib.error:
        return b""
    return data if inflater.eof else b""

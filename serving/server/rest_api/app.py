"""The REST API as a plain ASGI application: who may call, status codes, headers; the calls are in `calls`."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any

from serving.server import bearer
from serving.server.calls import model_info
from serving.server.errors import HTTP_STATUS, Code, ServingError, from_exception, invalid_argument
from serving.server.json_bodies import answer as json_answer
from serving.server.metrics import Metrics
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.page import Page
from serving.server.recording.request_log import Record
from serving.server.rest_api import binary_bodies, request_body, routes, trace
from serving.server.rest_api.calls import Calls
from serving.server.rest_api.options import Options
from serving.server.rest_api.request_body import HttpError, Receive, Scope, header

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, bytes, Headers]

log = logging.getLogger(__name__)

ORIGIN = re.compile(r"https?://", re.IGNORECASE)
JSON_HEADERS = [(b"content-type", b"application/json")]
TEXT_HEADERS = [(b"content-type", b"text/plain")]
HTML_HEADERS = [(b"content-type", b"text/html")]
CORS_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
]
COUNTED = ("predict", "classify", "regress")
MORE_HEADERS = {
    401: [(b"www-authenticate", b"Bearer")],
    408: [(b"connection", b"close")],
    503: [(b"retry-after", b"1")],
}
STOPPED = ServingError(
    Code.UNAVAILABLE, "The server is stopping and no longer waits for this call. Try another server."
)
"""The answer to calls that are cancelled because the time to drain is over."""
NOT_FOUND: Answer = (
    404,
    b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n",
    HTML_HEADERS,
)


class RestApi:
    """ASGI application over a repository; work that may take long runs in threads of `executor`."""

    def __init__(
        self,
        repository: Repository,
        executor: Executor,
        *,
        options: Options | None = None,
        metrics: Metrics | None = None,
        page: Page | None = None,
        record: Record | None = None,
    ) -> None:
        self._repository = repository
        self._options = options = options or Options()
        self._metrics = metrics
        self._page = page
        self._headers = JSON_HEADERS + (CORS_HEADERS if options.cors else [])
        self._in_work = 0
        self.not_ready = ""
        """Why /readyz answers 503 whatever the models do; empty when it depends on them alone."""
        self._calls = Calls(
            repository,
            executor,
            run_seconds=options.run_seconds,
            rules=options.rules,
            record=record,
            metrics=metrics,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"A '{scope['type']}' connection was found. This server answers plain HTTP requests only.")
        target = _target(scope)
        if routes.API.fullmatch(target):
            answer = await self._api(scope, target, receive)
            if answer is not None:
                await _reply(send, *answer)
        else:
            await _reply(send, *self._beside_the_api(scope))

    def drain(self) -> None:
        """Answer at /readyz that the server is stopping; calls are still answered."""
        self.not_ready = "stopping"

    async def _api(self, scope: Scope, target: str, receive: Receive) -> Answer | None:
        """Answer a path under /v1/; None when the client has gone."""
        if scope["method"] == "OPTIONS":
            return (200 if ORIGIN.match(header(scope, b"origin")) else 400), b"", self._headers
        headers = self._headers
        if self._options.trace_ids:
            span = trace.context(header(scope, b"traceparent"))
            headers = [*headers, (b"traceparent", span.header().encode())]
        try:
            body, kind = await self._admitted(scope, target, receive)
        except (ServingError, asyncio.CancelledError) as caught:
            error = caught if isinstance(caught, ServingError) else STOPPED
            if self._options.trace_ids:
                log.warning("%s %s: %s [%s]", scope["method"], target, error, span.header())
            status = error.status if isinstance(error, HttpError) else HTTP_STATUS[error.code]
            return status, json_answer.error(error), headers + MORE_HEADERS.get(status, [])
        if body is None:
            return None
        return 200, body, [(b"content-type", kind.encode()), *headers[1:]] if kind else headers

    async def _admitted(self, scope: Scope, target: str, receive: Receive) -> tuple[bytes | None, str]:
        """Check and make a call; return the body of the answer and, if it is not JSON, its content type."""
        try:
            call, spec = routes.find(scope["method"], target)
        except ServingError:
            self._check_token(scope)  # without it a client learns nothing else
            raise
        clock = _Clock()
        try:
            self._check_token(scope)
            body = await self._body(scope, receive)
            if body is None:
                return None, ""
            clock.start()
            return await self._made(scope, call, spec, body)
        except asyncio.CancelledError:
            clock.code = Code.UNAVAILABLE
            raise
        except Exception as error:  # a bug of this server is answered as INTERNAL instead of ending the connection
            problem = from_exception(error)
            clock.code = problem.code
            if problem.code is Code.INTERNAL:
                log.exception("A call on %s failed inside the server.", spec)
            raise problem from error
        finally:
            if self._metrics is not None and call in COUNTED:
                clock.count(self._metrics, spec.name, call)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read the body, if there is room for the call; None when the client has gone."""
        options = self._options
        self._check_load()
        body = await request_body.read(scope, receive, most_bytes=options.max_body_bytes, seconds=options.body_seconds)
        self._check_load()  # again, because a body may take long, and counts as a call only when it is complete
        if body is not None and "gzip" in header(scope, b"content-encoding"):
            return await asyncio.to_thread(request_body.inflate, body, most_bytes=options.max_body_bytes)
        return body

    async def _made(self, scope: Scope, call: str, spec: ModelSpec, body: bytes) -> tuple[bytes, str]:
        """Make a call; return as `_admitted` does."""
        content_type = header(scope, b"content-type") if self._options.binary_bodies and call == "predict" else ""
        kind = binary_bodies.kind(content_type)
        self._in_work += 1
        try:
            return await self._called(call, spec, body, content_type if kind else ""), kind
        finally:
            self._in_work -= 1

    async def _called(self, call: str, spec: ModelSpec, body: bytes, content_type: str) -> bytes:
        """Write the body of the answer."""
        if call == "predict":
            if content_type:
                return await self._calls.predict_binary(spec, body, content_type)
            return await self._calls.predict(spec, body)
        if call == "classify":
            return await self._calls.classify(spec, body)
        if call == "regress":
            return await self._calls.regress(spec, body)
        if call == "models":
            return self._list()
        if call == "status":
            return model_info.status(self._repository, spec)
        return model_info.metadata(self._repository, spec)

    def _list(self) -> bytes:
        """Answer `GET /v1/models` with the names of the models, if that is enabled."""
        if not self._options.model_list:
            raise invalid_argument("Missing model name in request.")
        return json_answer.dumps({"models": sorted(self._repository.models())})

    def _check_load(self) -> None:
        if self._options.max_concurrent and self._in_work >= self._options.max_concurrent:
            raise ServingError(
                Code.UNAVAILABLE, f"{self._in_work} calls are in work, which is the limit. Try again in a moment."
            )

    def _check_token(self, scope: Scope) -> None:
        if self._options.token and not bearer.holds(header(scope, b"authorization"), self._options.token):
            raise ServingError(
                Code.UNAUTHENTICATED, "The token is missing or wrong. Send the header 'Authorization: Bearer TOKEN'."
            )

    def _beside_the_api(self, scope: Scope) -> Answer:
        """Answer paths outside the API: health, metrics and the page; only the metrics are TensorFlow Serving's too."""
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == "/healthz":
            return 200, b'{"status": "ok"}', JSON_HEADERS
        if method == "GET" and path == "/readyz":
            return self._ready()
        try:
            if self._metrics is not None and path == self._options.metrics_path:
                self._check_token(scope)
                return self._measurements(scope, self._metrics)
            if self._page is not None:
                if path.endswith(".json"):  # which models are served is not for everyone
                    self._check_token(scope)
                return self._page.answer(method, path) or NOT_FOUND
        except ServingError as error:
            return HTTP_STATUS[error.code], json_answer.error(error), JSON_HEADERS
        return NOT_FOUND

    def _measurements(self, scope: Scope, metrics: Metrics) -> Answer:
        """Answer Prometheus; as in TensorFlow Serving with any method, and without a query."""
        if scope["query_string"]:
            path = self._options.metrics_path
            return 400, f"Unexpected path: {_target(scope)}. Should be {path}".encode(), TEXT_HEADERS
        return 200, metrics.text().encode(), TEXT_HEADERS

    def _ready(self) -> Answer:
        """Answer whether every model has an available version."""
        reason = self.not_ready or ("" if self._repository.ready() else "loading")
        return 503 if reason else 200, json_answer.dumps({"status": reason or "ok"}), JSON_HEADERS


class _Clock:
    """Measures a call from its last byte on, and keeps how it ended."""

    __slots__ = ("_start", "code")

    def __init__(self) -> None:
        self.code = Code.OK
        self._start = 0.0

    def start(self) -> None:
        self._start = time.perf_counter()

    def count(self, metrics: Metrics, model: str, call: str) -> None:
        """Count the call, unless its client went before the body was complete."""
        if self.code is Code.OK and not self._start:
            return
        metrics.count_request(model, self.code)
        if self.code is Code.OK:
            metrics.time_request(model, call, "REST", time.perf_counter() - self._start)


def _target(scope: Scope) -> str:
    """Read path and query as they came, without a host in front."""
    target: bytes = scope.get("target", b"")  # from our HTTP server: in ASGI `/path?` and `/path` are the same
    if not target.startswith(b"/"):
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = path + (b"?" + query if query else b"")
    return target.decode("latin-1")


async def _reply(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})

"""Ask a server that speaks TensorFlow Serving's REST API, this one or the stock one, without TensorFlow.

    with Client("http://localhost:8501", model="photos") as client:
        client.wait_until_ready(60)
        [answer] = client.predict(instances=[{"image_bytes": Path("cat.jpg").read_bytes()}])

Needs the standard library only; orjson and NumPy are used where they are installed.
"""

import http.client
import random
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

from serving.client import answers, bodies
from serving.client.answers import Answer, Metadata, NoAnswerError, NotConnectedError, VersionStatus

BUSY = (429, 503)
"""Answers that were given before the model ran: the request may be sent again."""
BROKEN = (ConnectionError, ssl.SSLEOFError)
"""What a connection does that the other side has closed."""
POLL_SECONDS = 0.2


class Client:
    """Calls of one model over kept connections; safe to use from several threads.

    url: "http://host:8501" or https, with a path in front of /v1 if there is one. model, and version or label: which one answers;
    the newest available version when neither is given. token: sent as `Authorization: Bearer`. timeout: seconds that the
    server may let pass without a byte. tls: for a certificate authority or a client certificate of your own.

    A connection that cannot be made and the answers 429 and 503 are tried again, `retries` times at most. Before the n-th
    repetition it waits as long as the server's Retry-After says, if it says so, and a random share of
    first_wait * 2**(n-1) seconds (of longest_wait at most); a Retry-After above longest_wait ends the attempts. Other
    answers are never asked for again, nor is a request that the server may have begun to work on, with one exception:
    a kept connection that breaks before the first byte of the answer, since servers close idle ones. Then the request is
    sent once more, on a new connection. A model that keeps state between calls could see it twice.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str = "",
        version: int | None = None,
        label: str = "",
        token: str = "",
        timeout: float = 30.0,
        retries: int = 4,
        first_wait: float = 0.1,
        longest_wait: float = 10.0,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        parts = _parts(url)
        if version is not None and label:
            raise ValueError(f"found version {version} and label {label!r}; give one of them, or neither")
        self.url, self.model = url.rstrip("/"), model
        secure = parts.scheme == "https"
        self._host, self._port = str(parts.hostname), parts.port or (443 if secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if secure else None
        self._chosen = f"/labels/{quote(label, safe='')}" if label else ""
        if version is not None:
            self._chosen = f"/versions/{version}"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._timeout, self._retries = timeout, retries
        self._first_wait, self._longest_wait, self._sleep = first_wait, longest_wait, sleep
        self._idle: list[http.client.HTTPConnection] = []

    def predict(
        self,
        *,
        instances: Any = None,
        inputs: Any = None,
        signature: str = "",
        output_filter: Sequence[str] = (),
        arrays: bool = False,
    ) -> Any:
        """The predictions (for `instances`, one entry a row) or the outputs (for `inputs`, named columns) of the model.

        Give one of the two: NumPy arrays, lists, bytes, text, and dicts of them by input name where there are several.
        output_filter: only these outputs; servers with --enable_output_filter, others ignore it. arrays: answer with NumPy
        arrays (see `client_json.arrays`). Raises AnswerError and NoAnswerError, as all calls do.
        """
        if (instances is None) == (inputs is None):
            raise ValueError("give instances (rows) or inputs (named columns), one of them")
        asked = {"instances": instances} if inputs is None else {"inputs": inputs}
        only = {"output_filter": list(output_filter)} if output_filter else {}
        answer = self._call("predict", signature, {**only, **asked})
        found = answer["predictions" if inputs is None else "outputs"]
        return bodies.arrays(found) if arrays else found

    def classify(
        self, examples: Sequence[Mapping[str, Any]], *, signature: str = "", context: Mapping[str, Any] | None = None
    ) -> list[list[tuple[str, float]]]:
        """Labels and scores of each example (feature to value; 80 is an integer feature, 80.0 a float one)."""
        return [
            [(name, score) for name, score in row] for row in self._examples("classify", signature, examples, context)
        ]

    def regress(
        self, examples: Sequence[Mapping[str, Any]], *, signature: str = "", context: Mapping[str, Any] | None = None
    ) -> list[float]:
        """One number for each example; see `classify`."""
        return self._examples("regress", signature, examples, context)

    def status(self) -> list[VersionStatus]:
        """The versions of the model, highest first."""
        return answers.versions(answers.content(self._ask("GET", self._path())))

    def metadata(self) -> Metadata:
        """The signatures of the model; an input or output has `dtype`, such as DT_FLOAT, and `tensor_shape`."""
        found = answers.content(self._ask("GET", self._path() + "/metadata"))
        return Metadata(int(found["model_spec"]["version"]), found["metadata"]["signature_def"]["signature_def"])

    def models(self) -> list[str]:
        """The names of the models: servers with --enable_model_list, and KServe; others answer 400."""
        return list(self.get("/v1/models")["models"])

    def get(self, path: str) -> dict[str, Any]:
        """The JSON object at another path of the server, such as /page/models.json."""
        return dict(answers.content(self._ask("GET", path)))

    def ready(self) -> bool:
        """Asked once: is every model available (this server), or this one (a server without /readyz)?

        Raises AnswerError where waiting does not help, such as 401.
        """
        try:
            answer = self._exchange("GET", "/readyz")
            if answer.status == 404:
                answer = self._exchange("GET", self._path())
        except NoAnswerError:
            return False
        if answer.status in (404, *BUSY):
            return False
        found = answers.content(answer)
        return "model_version_status" not in found or any(each.state == "AVAILABLE" for each in answers.versions(found))

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Return as soon as `ready`; NoAnswerError when it is not so after `seconds`."""
        end = time.monotonic() + seconds
        while not self.ready():
            if time.monotonic() >= end:
                raise NoAnswerError(f"{self.url} was not ready after {seconds:g} s; look at the server's log")
            self._sleep(POLL_SECONDS)

    def close(self) -> None:
        """Close the connections that no call is using."""
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _path(self) -> str:
        if not self.model:
            raise ValueError("no model was named; write Client(url, model=...)")
        return f"/v1/models/{quote(self.model, safe='')}{self._chosen}"

    def _call(self, verb: str, signature: str, body: Mapping[str, Any]) -> Any:
        named = {"signature_name": signature} if signature else {}
        return answers.content(self._ask("POST", f"{self._path()}:{verb}", bodies.encode({**named, **body})))

    def _examples(
        self, verb: str, signature: str, examples: Sequence[Mapping[str, Any]], context: Mapping[str, Any] | None
    ) -> list[Any]:
        given = {"context": context} if context else {}
        return list(self._call(verb, signature, {**given, "examples": list(examples)})["results"])

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One answer, tried again as the class says."""
        attempt = 0
        while True:
            at_least = 0.0
            try:
                answer = self._exchange(method, path, body)
            except NotConnectedError:
                if attempt == self._retries:
                    raise
            else:
                at_least = answers.waiting_seconds(answer.retry_after)
                if answer.status not in BUSY or attempt == self._retries or at_least > self._longest_wait:
                    return answer
            # "Full jitter": clients that were refused together do not come back together.
            longest = min(self._longest_wait, self._first_wait * 2**attempt)
            self._sleep(at_least + random.random() * longest)  # noqa: S311  no secret is made of it
            attempt += 1

    def _exchange(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One request and its answer, over a kept connection when there is one."""
        try:
            connection, kept = self._idle.pop(), True
        except IndexError:
            connection, kept = self._connect(), False
        try:
            try:
                response = self._send(connection, method, path, body)
            except BROKEN:
                if not kept:
                    raise
                connection.close()
                connection = self._connect()
                response = self._send(connection, method, path, body)
            answer = Answer(response.status, response.headers.get("Retry-After", ""), response.read())
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | http.client.HTTPException) and not isinstance(error, NoAnswerError):
                raise NoAnswerError(self._what_happened(error)) from error
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return answer

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, self._prefix + path, body, self._headers)
        except BROKEN as broken:
            # A server may answer before it has taken the whole body, as to one above its limit.
            try:
                response = connection.getresponse()
            except (OSError, http.client.HTTPException):
                raise broken from None
            response.will_close = True
            return response
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        else:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            kind = NoAnswerError if isinstance(error, ssl.SSLError) else NotConnectedError
            raise kind(
                f"cannot connect to {self.url} ({error}); is the server running, and is this its REST port?"
            ) from error
        return connection

    def _what_happened(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError):
            return f"{self.url} sent nothing for {self._timeout:g} s; it may still be at work on the request"
        if isinstance(error, http.client.BadStatusLine) and not isinstance(error, ConnectionError):
            return f"what answers at {self.url} is no HTTP/1.1 server; is this the REST port?"
        return f"the connection to {self.url} broke before the whole answer was there ({error or type(error).__name__})"


def _parts(url: str) -> SplitResult:
    """Scheme, host, port and path of an address; ValueError when it is none."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        right = False
    if not right:
        raise ValueError(f"found the address {url!r}; expected something like http://localhost:8501")
    return parts

"""Ask a server that speaks TensorFlow Serving's REST API, this one or the stock one, without TensorFlow.

    with Client("http://localhost:8501", model="photos") as client:
        client.wait_until_ready(60)
        [answer] = client.predict(instances=[{"image_bytes": Path("cat.jpg").read_bytes()}])

Needs the standard library only; orjson and NumPy are used where they are installed.
"""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from serving.client import answers, bodies
from serving.client.answers import Metadata, NoAnswerError, VersionStatus
from serving.client.connection import Connections
from serving.client.retries import BUSY, Retry

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

    # More than seven parameters: each is an option that users name, and most name one or two.
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
        if version is not None and label:
            raise ValueError(f"found version {version} and label {label!r}; give one of them, or neither")
        self.url, self.model = url.rstrip("/"), model
        self._connections = Connections(url, token=token, timeout=timeout, tls=tls)
        self._retry = Retry(times=retries, first_wait=first_wait, longest_wait=longest_wait, sleep=sleep)
        self._chosen = f"/labels/{quote(label, safe='')}" if label else ""
        if version is not None:
            self._chosen = f"/versions/{version}"

    def predict(
        self,
        *,
        instances: Any = None,
        inputs: Any = None,
        signature: str = "",
        output_filter: Sequence[str] = (),
        arrays: bool = False,
    ) -> Any:
        """The predictions (for `instances`, one entry per row) or the outputs (for `inputs`, named columns) of the model.

        Give one of the two: NumPy arrays, lists, bytes, text, and dicts of them by input name where there are several.
        output_filter: only these outputs; servers with --enable_output_filter, others ignore it. arrays: answer with NumPy
        arrays (see `bodies.arrays`). Raises AnswerError and NoAnswerError, as all calls do.
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
        return answers.versions(answers.content(self._retry.ask(self._connections, "GET", self._path())))

    def metadata(self) -> Metadata:
        """The signatures of the model; an input or output has `dtype`, such as DT_FLOAT, and `tensor_shape`."""
        found = answers.content(self._retry.ask(self._connections, "GET", self._path() + "/metadata"))
        return Metadata(int(found["model_spec"]["version"]), found["metadata"]["signature_def"]["signature_def"])

    def models(self) -> list[str]:
        """The names of the models: servers with --enable_model_list, and KServe; others answer 400."""
        return list(self.get("/v1/models")["models"])

    def get(self, path: str) -> dict[str, Any]:
        """The JSON object at another path of the server, such as /page/models.json."""
        return dict(answers.content(self._retry.ask(self._connections, "GET", path)))

    def ready(self) -> bool:
        """Asked once: is every model available (this server), or this one (a server without /readyz)?

        Raises AnswerError where waiting does not help, such as 401.
        """
        try:
            answer = self._connections.exchange("GET", "/readyz")
            if answer.status == 404:
                answer = self._connections.exchange("GET", self._path())
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
            self._retry.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Close the connections that no call is using."""
        self._connections.close()

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
        return answers.content(
            self._retry.ask(self._connections, "POST", f"{self._path()}:{verb}", bodies.encode({**named, **body}))
        )

    def _examples(
        self, verb: str, signature: str, examples: Sequence[Mapping[str, Any]], context: Mapping[str, Any] | None
    ) -> list[Any]:
        given = {"context": context} if context else {}
        return list(self._call(verb, signature, {**given, "examples": list(examples)})["results"])

"""Connections to one server, kept while they are idle; safe to use from several threads."""

import http.client
import ssl
from urllib.parse import SplitResult, urlsplit

from serving.client.answers import Answer, NoAnswerError, NotConnectedError

BROKEN = (ConnectionError, ssl.SSLEOFError)
"""Errors of a connection that the other side has closed."""


class Connections:
    """The connections, and the headers that every request has."""

    def __init__(self, url: str, *, token: str, timeout: float, tls: ssl.SSLContext | None) -> None:
        """See `Client` for the arguments. ValueError for an address that is none."""
        parts = _parts(url)
        secure = parts.scheme == "https"
        self.url = url.rstrip("/")
        self._host, self._port = str(parts.hostname), parts.port or (443 if secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if secure else None
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._timeout = timeout
        self._idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close the connections that no call is using."""
        while self._idle:
            self._idle.pop().close()

    def exchange(self, method: str, path: str, body: bytes | None = None) -> Answer:
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
            return f"what answers at {self.url} is not an HTTP/1.1 server; is this the REST port?"
        return f"the connection to {self.url} broke before the whole answer was there ({error or type(error).__name__})"


def _parts(url: str) -> SplitResult:
    """Scheme, host, port and path of an address; ValueError when it is none."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is not a number, a bracket that is not closed
        right = False
    if not right:
        raise ValueError(f"found the address {url!r}; expected something like http://localhost:8501")
    return parts

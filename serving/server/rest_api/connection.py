"""One HTTP connection: uvicorn's, with limits of size and time for headers, and an end that loses no request."""

import asyncio
from http import HTTPStatus

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.server.errors import invalid_argument
from serving.server.json_bodies import answer

LINGER_SECONDS = 1.0
"""How long an idle connection may still send a request after the signal to stop; the answer then says that it is the last."""

KEEP_ALIVE_SECONDS = 75
"""Idle connections are closed after this time, later than clients and proxies usually close them."""

MOST_HEAD_BYTES = 65_536
"""Limit of request line and headers, and of the trailers of a body. Bytes received together with their start are not counted."""


class Shared(ServerState):
    """State that the connections of one server share."""

    draining = False
    """Whether each connection ends after its next answer."""


class Connection(HttpToolsProtocol):
    """Parses requests and writes answers. Beyond uvicorn's, it

    * answers clients that close their side once the request is sent;
    * ignores offers to change the protocol, and so reads the bodies of such requests;
    * refuses headers that are too large (431) or too slow (408), and never answers two requests in the wrong order;
    * closes the connection of a client that goes on sending a refused body, or does not read its answers, for too long;
    * answers requests that are on their way when the server stops.
    """

    server_state: Shared

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        super().connection_made(transport)
        self._arriving = True  # a request, or the first one is waited for
        self._since = self.loop.time()
        self._silent_bytes = 0  # since the parser last reported something
        self._unsent = 0
        self._leaving = False
        self._offered = False  # to change the protocol
        if self.server_state.draining:
            self.shutdown()

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that came; headers must not be endless."""
        self._unset_keepalive_if_required()
        self._silent_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self._silent_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            message = f"More than {MOST_HEAD_BYTES} bytes of headers were found. Send less."
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._arriving = True
        self._since = self.loop.time()
        self._silent_bytes = 0

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._silent_bytes = 0
        self._offered = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._offered:
            return
        self.scope["target"] = self.url  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        if self.server_state.draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Hand a part of the body to the application."""
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        self._arriving = False
        self._silent_bytes = 0
        if not self._offered:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Note that the answer was handed to the transport."""
        self._since = self.loop.time()
        super().on_response_complete()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection open for the answer, when a client closes its side after the request."""
        if self.scheme != "http" or not self._answering() or self.cycle.more_body:
            return None
        self.cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def shutdown(self) -> None:
        """Make the next answer the last one, and wait a moment for a request that is on its way."""
        if self._answering():
            self.cycle.keep_alive = False
        elif not self._leaving:
            self.loop.call_later(LINGER_SECONDS, self._close_if_idle)
        self._leaving = True

    def check(self, seconds: float) -> None:
        """Close the connection if the client has been too slow for `seconds`; called now and then. The application limits bodies."""
        now = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._since = unsent, now
        if now - self._since <= seconds:
            return
        if unsent:
            self.transport.abort()
        elif self._arriving and not self._answering():
            refused = self.cycle is not None and self.cycle.more_body  # and answered already
            if refused or self.headers is None:  # or nothing ever came
                self.transport.close()
                return
            message = f"The headers did not arrive within {seconds:g} s. Send them faster."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, message)

    def _answering(self) -> bool:
        """Whether a request was read whose answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        """Answer with an error and close; a request before it is answered first."""
        if self._answering() and (self.pipeline or not self.cycle.more_body):
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        body = answer.error(invalid_argument(message))
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _close_if_idle(self) -> None:
        if not self._answering():
            self.transport.close()
            if self.scheme == "https":  # where closing waits half a minute for the client
                self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _decline(self, rest: bytes) -> None:
        """Read a request that offers to change the protocol, as Java's client does, as if it made no offer.

        The parser leaves the body of such a request unread; so it gets the headers again, without the offer.
        """
        head = [self.parser.get_method() + b" " + self.url + b" HTTP/" + self.parser.get_http_version().encode()]
        head += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join([*head, b"", rest]))

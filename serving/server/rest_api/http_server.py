"""The HTTP server under the REST API: uvicorn, with an end that loses no request."""

import asyncio
import contextlib
import ctypes
import socket
import ssl
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from serving.server.errors import StartError
from serving.server.rest_api.connection import KEEP_ALIVE_SECONDS, LINGER_SECONDS, Connection, Shared

HANDSHAKE_SECONDS = 0.1
"""How long new connections may still take to be made at the end."""

SO_ATTACH_FILTER = 26  # <asm-generic/socket.h>
DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFF_FFFF))
"""Classic BPF over a TCP segment: load byte 13 (the flags); if SYN is set, drop the segment; else keep it."""


class HttpServer(uvicorn.Server):
    """uvicorn on sockets of ours; `on_stop` is called after the signal to stop.

    `slow_seconds`: longest wait for the headers of a request, and for a client to read its answer; 0 for no limit.
    """

    def __init__(
        self,
        app: Any,
        *,
        on_stop: Callable[[], None],
        tls: ssl.SSLContext | None = None,
        drain_seconds: int = 30,
        slow_seconds: float = 60,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=drain_seconds,
            )
        )
        self.server_state = self._shared = Shared()
        self._on_stop = on_stop
        self._tls = tls
        self._slow_seconds = slow_seconds

    @property
    def draining(self) -> bool:
        """Whether the server has begun to end."""
        return self._shared.draining

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, with TLS when there is a context."""
        self.config.ssl = self._tls
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Check for slow clients once per second; uvicorn calls this ten times per second."""
        if self._slow_seconds and counter % 10 == 0:
            for connection in list(self._shared.connections):
                if isinstance(connection, Connection):
                    connection.check(self._slow_seconds)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, accept the clients that have connected, and answer them all."""
        self._on_stop()
        self._shared.draining = True
        # Copies, because closing the last one would reset the connections that are not accepted yet.
        waiting = [listener.dup() for listener in sockets or []]
        for listener in waiting:
            drop_new_connections(listener)
        for server in self.servers:
            server.close()
        for connection in list(self._shared.connections):
            connection.shutdown()
        await asyncio.gather(*(self._accept_rest(listener) for listener in waiting))
        await super().shutdown(sockets)

    async def _accept_rest(self, listener: socket.socket) -> None:
        """Accept the connections that the kernel has made for us, or is about to make."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (LINGER_SECONDS if self._tls else HANDSHAKE_SECONDS)
        taken = []
        with listener:
            listener.setblocking(False)
            while True:
                last = loop.time() >= end
                while (connection := _accept(listener)) is not None:
                    taken.append(asyncio.ensure_future(self._take(connection)))
                if last:
                    break
                await asyncio.sleep(0.01)
        await asyncio.gather(*taken, return_exceptions=True)  # a client whose TLS fails is not our error

    async def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().connect_accepted_socket(self._connection, connection, ssl=self._tls)

    def _connection(self) -> Connection:
        return Connection(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _accept(listener: socket.socket) -> socket.socket | None:
    """Accept the next connection; None when there is none, or its client has gone."""
    try:
        return listener.accept()[0]
    except OSError:
        return None


def drop_new_connections(listener: socket.socket) -> None:
    """Let the kernel drop requests for new connections, and still complete those that are half made.

    Otherwise a busy server would get connections between the last accept and the close, some microseconds of Python,
    which the close resets. Linux only; elsewhere that gap stays.
    """
    if sys.platform != "linux":
        return
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in DROP_SYN)
    held = ctypes.create_string_buffer(program, len(program))
    with contextlib.suppress(OSError):  # a sandbox may not support it
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(DROP_SYN), ctypes.addressof(held))
        )


def tls_context(*, key: str, certificate: str, client_ca: str = "", verify_client: bool = False) -> ssl.SSLContext:
    """Make the TLS context that an SSLConfig describes, all in PEM. Raises ValueError when a part cannot be read."""
    if verify_client and not client_ca:
        raise ValueError("client_verify needs custom_ca, the certificate that signs those of the clients.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:  # readable by this user only; the ssl module reads keys from files
        chain = Path(folder) / "chain.pem"
        chain.write_text(f"{key}\n{certificate}\n")
        try:
            context.load_cert_chain(chain)
            if client_ca:
                context.load_verify_locations(cadata=client_ca)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError(
                f"The key or a certificate cannot be read ({error}). Give server_key, server_cert and custom_ca as PEM text."
            ) from error
    if verify_client:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def context_from(config: Any, flag: str) -> ssl.SSLContext:
    """Make the TLS context of an SSLConfig message. Raises StartError with the flag when a part cannot be read."""
    try:
        return tls_context(
            key=config.server_key,
            certificate=config.server_cert,
            client_ca=config.custom_ca,
            verify_client=config.client_verify,
        )
    except ValueError as error:
        raise StartError(f"{flag}: {error}") from error


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket to the port. Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on every connection; without it an answer can wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener

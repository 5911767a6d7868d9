"""Start `python -m serving` on free ports, call it, and show its output when something goes wrong."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import warm

ROOT = Path(__file__).parents[2]
START_SECONDS = 90
"""Longest time for a server to have its models ready; TensorFlow alone takes some seconds to import."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which may hold bare NaN and Infinity."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an error answer, which must have the form of one."""
        found = self.json
        assert list(found) == ["error"], f"an error answer holds 'error' alone, found {found}"
        assert isinstance(found["error"], str)
        assert self.headers["content-type"] == "application/json"
        return str(found["error"])


@dataclass
class Server:
    """A running server: its two ports, its process and what it prints."""

    process: "subprocess.Popen[bytes]"
    rest: int
    grpc: int
    log: Path
    root: bytes = b""
    """PEM of the certificate authority when the gRPC port speaks TLS."""
    _channels: list[Any] = field(default_factory=list)

    def ask(
        self,
        path: str,
        body: str | bytes | None = None,
        *,
        method: str = "",
        headers: Mapping[str, str] | None = None,
        seconds: float = 60,
    ) -> Answer:
        """One request on a connection of its own: GET without a body, POST with one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.rest, timeout=seconds)
        data = body.encode() if isinstance(body, str) else body
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, data, dict(headers or {}))
            found = connection.getresponse()
            lowered = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, lowered, found.read())
        except OSError as error:
            pytest.fail(f"{path}: {error!r}. The server printed:\n{self.tail()}")
        finally:
            connection.close()

    def until(self, path: str, wanted: Any, *, seconds: float = 30) -> None:
        """Ask again and again until the JSON of the answer is `wanted` (or until `wanted`, called with it, is true)."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.ask(path).json
            if wanted(found) if callable(wanted) else found == wanted:
                return
            if time.monotonic() > deadline:
                pytest.fail(f"{path} still answers {found} after {seconds} s. The server printed:\n{self.tail()}")
            time.sleep(0.05)

    def channel(self) -> Any:
        """The channel to the gRPC port."""
        import grpc

        if not self._channels and self.root:
            credentials = grpc.ssl_channel_credentials(self.root)
            self._channels.append(grpc.secure_channel(f"localhost:{self.grpc}", credentials))
        elif not self._channels:
            self._channels.append(grpc.insecure_channel(f"127.0.0.1:{self.grpc}"))
        return self._channels[0]

    def tail(self, characters: int = 4000) -> str:
        """The end of what the server printed."""
        return self.log.read_text(errors="replace")[-characters:]

    def stop(self) -> None:
        """End the process, and only this one."""
        for channel in self._channels:
            channel.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[Server]:
    """A server with these flags, ready to answer; its log stands in `folder`."""
    server = launch(folder, *flags)
    try:
        _wait(server)
        yield server
    finally:
        server.stop()


def launch(folder: Path, *flags: str) -> Server:
    """Start the process and do not wait for it."""
    rest, grpc = free_ports(2)
    log = folder / f"server-{rest}.log"
    command = [warm.python(), "-m", "serving", f"--rest_api_port={rest}", f"--port={grpc}", "--page=false", *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env=_environment(), start_new_session=True
        )
    return Server(process, rest, grpc, log)


def wait_for_end(server: Server, seconds: float = START_SECONDS) -> tuple[int, str]:
    """Exit code and output of a server that should refuse to start."""
    try:
        return server.process.wait(seconds), server.tail()
    except subprocess.TimeoutExpired:
        pytest.fail(f"The server still runs after {seconds} s; it should have ended. It printed:\n{server.tail()}")
    finally:
        server.stop()


def _wait(server: Server) -> None:
    """Until every model is available (`/readyz` is this server's own path for it) and the gRPC port is open."""
    deadline = time.monotonic() + START_SECONDS
    while not (_ready(server) and _open(server.grpc)):
        if server.process.poll() is not None:
            pytest.fail(f"The server ended with {server.process.returncode}. It printed:\n{server.tail()}")
        if time.monotonic() > deadline:
            pytest.fail(f"The server is not ready after {START_SECONDS} s. It printed:\n{server.tail()}")
        time.sleep(0.05)


def _ready(server: Server) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.rest, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on; all are held until all are found, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _environment() -> dict[str, str]:
    """Our own environment; no proxy may stand between a test and its server."""
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}

"""Helpers for the tests of the HTTP server: requests as plain bytes over sockets, a server in a thread or as a process."""

import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from serving.server.rest_api import http_server
from serving.server.rest_api.http_server import HttpServer
from tests.serving.live import free_port

SECONDS = 20.0
"""Longest wait of a socket for something that must happen."""

READY_SECONDS = 120.0


class Answer(NamedTuple):
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The message of an error answer, which must have this one key."""
        document = json.loads(self.body)
        assert list(document) == ["error"]
        return str(document["error"])


def post(path: str, body: Any = b"", *headers: str) -> bytes:
    """A POST request; a body that is no bytes is JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", "Host: test", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def get(path: str, *headers: str) -> bytes:
    """A GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *headers]).encode() + b"\r\n\r\n"


class Connection:
    """A client that sends what it is told and reads answers one by one; `with` closes it."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._left = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def answer(self, *, body: bool = True) -> Answer:
        """The next answer, interim ones left out; EOFError when the server closes before it is whole."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        if status == 100:
            return self.answer(body=body)
        headers = dict(line.lower().split(": ", 1) for line in head[1:])
        size = int(headers["content-length"]) if body else 0
        return Answer(status, headers, self._exactly(size))

    def closed(self) -> bool:
        """Whether the server has closed, or does so within the time limit, without another byte."""
        return not self._left and self._read() == b""

    def _until(self, end: bytes) -> bytes:
        while end not in self._left:
            self._more()
        found, self._left = self._left.split(end, 1)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            self._more()
        found, self._left = self._left[:size], self._left[size:]
        return found

    def _more(self) -> None:
        data = self._read()
        if not data:
            raise EOFError(f"the server closed after {self._left!r}")
        self._left += data

    def _read(self) -> bytes:
        return self.socket.recv(1 << 20)


def ask(port: int, request: bytes, **options: Any) -> Answer:
    """The answer to one request on a connection of its own."""
    with Connection(port, **options) as connection:
        connection.send(request)
        return connection.answer()


def predict(port: int, path: str, *numbers: float) -> Any:
    """The predictions of a model for these rows."""
    answer = ask(port, post(f"/v1/models/{path}:predict", {"instances": list(numbers)}))
    assert answer.status == 200, answer
    return json.loads(answer.body)["predictions"]


@contextmanager
def in_thread(app: Any, **options: Any) -> Iterator[tuple[HttpServer, int]]:
    """The server over an ASGI application, in a thread of this process; it and its port."""
    listener = http_server.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = HttpServer(app, **{"on_stop": lambda: None, "drain_seconds": 10, **options})
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        yield server, port
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Process:
    """`python -m serving` on a port of its own."""

    popen: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def said(self) -> str:
        """Read what it has logged so far."""
        return self.log.read_text(encoding="utf-8")

    def memory(self) -> int:
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def sockets(self) -> int:
        """Open sockets."""
        files = Path(f"/proc/{self.popen.pid}/fd")
        return sum(1 for file in files.iterdir() if file.is_symlink() and str(file.readlink()).startswith("socket:"))

    def stop(self, number: int, seconds: float = 60) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(seconds)


@contextmanager
def process(
    log: Path, *flags: str, ready: bytes = get("/readyz"), tls: ssl.SSLContext | None = None
) -> Iterator[Process]:
    """The server with these flags, once it is ready; killed at the end if it still runs."""
    chosen = free_port()
    command = [sys.executable, "-m", "serving", "--rest_api_host=127.0.0.1", f"--rest_api_port={chosen}"]
    with log.open("wb") as said:
        popen = subprocess.Popen(
            [*command, *([] if _has_port(flags) else ["--port=0"]), *flags], stdout=said, stderr=said
        )
    made = Process(popen, chosen, log)
    try:
        if ready:
            wait_ready(made, ready, tls)
        yield made
    finally:
        popen.kill()
        popen.wait()


def wait_ready(server: Process, request: bytes, tls: ssl.SSLContext | None) -> None:
    """Wait until the request is answered with 200."""
    end = time.monotonic() + READY_SECONDS
    while True:
        assert server.popen.poll() is None, server.said()
        assert time.monotonic() < end, server.said()
        try:
            if ask(server.port, request, tls=tls).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)


def _has_port(flags: tuple[str, ...]) -> bool:
    return any(flag.startswith("--port=") for flag in flags)

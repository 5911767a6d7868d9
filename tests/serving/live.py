"""The server as a process of its own, on a port that was free."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.client import Client
from tests import warm

READY_SECONDS = 120


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(*flags: str, log: Path) -> Iterator[str]:
    """The address of `python -m serving` with these flags, REST only, once it is ready; what it logs stands in `log`."""
    port = free_port()
    command = [warm.python(), "-m", "serving", "--rest_api_host=127.0.0.1", "--port=0", f"--rest_api_port={port}"]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as said:
        process = subprocess.Popen([*command, *flags], stdout=said, stderr=said)
    try:
        with Client(url) as client:
            end = time.monotonic() + READY_SECONDS
            while not client.ready():
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < end, log.read_text(encoding="utf-8")
                time.sleep(0.05)
        yield url
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()

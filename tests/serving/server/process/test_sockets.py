"""Ports that are taken or have no address, and the limit of open files."""

import socket

import pytest

from serving.server.errors import StartError
from serving.server.process import flags, sockets

resource = pytest.importorskip("resource")


def test_a_port_is_bound() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with sockets.listen(flags.parse(["--rest_api_host=127.0.0.1", f"--port={port}"]), "port") as listener:
        assert listener.getsockname() == ("127.0.0.1", port)


@pytest.mark.parametrize("name", ["port", "rest_api_port"])
def test_a_taken_port_is_named_with_its_flag(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"0\.0\.0\.0:{port}: Address already in use.* --{name}\."):
            sockets.listen(flags.parse([f"--{name}={port}"]), name)


def test_an_unknown_host_is_named() -> None:
    given = flags.parse(["--rest_api_port=1", "--rest_api_host=no.such.host.invalid"])
    with pytest.raises(StartError, match=r"--rest_api_host=no\.such\.host\.invalid: .* such as 127\.0\.0\.1"):
        sockets.listen(given, "rest_api_port")


def test_the_limit_of_open_files_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, pair: limits.append(pair))
    for now, most in ((1024, 4096), (1024, resource.RLIM_INFINITY), (sockets.MOST_FILES, 1_000_000), (4096, 4096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _kind, pair=(now, most): pair)
        sockets.raise_file_limit()
    assert limits == [(4096, 4096), (sockets.MOST_FILES, resource.RLIM_INFINITY)]

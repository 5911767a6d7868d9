"""The parts of a server put together from the flags; the process itself is tested in test_main."""

import socket
from pathlib import Path

import pytest

from serving.server.errors import StartError
from serving.server.grpc_api.server import GrpcServer
from serving.server.process import flags, service, settings
from serving.server.process.watching import Watcher


def test_taken_ports_are_reported_before_anything_is_loaded(half_plus_two: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        base = f"--model_base_path={half_plus_two}"
        rest = settings.read(flags.parse([base, "--port=0", f"--rest_api_port={port}"]))
        with pytest.raises(StartError, match=r"Address already in use.*--rest_api_port"):
            service.Service(rest)
        with pytest.raises(StartError, match=r"Address already in use.* --port"):
            service.Service(settings.read(flags.parse([base, f"--port={port}"])))


def test_request_log_that_cannot_be_written_is_reported_at_the_start(half_plus_two: Path, tmp_path: Path) -> None:
    given = ["--port=0", f"--model_base_path={half_plus_two}", f"--request_log_prefix={tmp_path}/file/log"]
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="--request_log_prefix: "):
        service.Service(settings.read(flags.parse(given)))


def test_wrong_grpc_settings_are_reported_before_anything_is_loaded(half_plus_two: Path, tmp_path: Path) -> None:
    (tmp_path / "ssl.txt").write_text('server_key: "no key"')
    for flag in ("--grpc_channel_arguments=abc", f"--ssl_config_file={tmp_path}/ssl.txt"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = f"--port={probe.getsockname()[1]}"
        chosen = settings.read(flags.parse([f"--model_base_path={half_plus_two}", port, flag]))
        with pytest.raises(StartError):
            service.Service(chosen)


def test_a_stop_while_models_load_opens_no_grpc(half_plus_two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = f"--port={probe.getsockname()[1]}"
    made = service.Service(settings.read(flags.parse([f"--model_base_path={half_plus_two}", port])))
    monkeypatch.setattr(Watcher, "apply", lambda watcher, _configs: watcher.stopping.set())
    monkeypatch.setattr(GrpcServer, "start", lambda *_: pytest.fail("gRPC was opened"))
    made.serve()
    made.close()

"""Start of the server: the socket and the loading of one version by the flags."""

import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.server import flags, run
from serving.server.errors import ServingError
from serving.warmup import FILE


def test_connections_do_not_wait_for_full_packets() -> None:
    with run.listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio looks at before it sets TCP_NODELAY


def test_taken_port_is_named() -> None:
    with run.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        listener.listen()
        with pytest.raises(run.StartError, match=rf"127\.0\.0\.1:{port}: Address already in use"):
            run.listen("127.0.0.1", port)


def test_load_passes_the_flags_on(echo: Path) -> None:
    told = flags.parse(["--rest_api_timeout_in_ms=50", "--tensorflow_session_parallelism=1"])
    with (
        run.load(echo / "1", told) as model,
        pytest.raises(tf.errors.DeadlineExceededError, match="Timed out"),
    ):
        model.run("slow", {"default": np.ones(1, np.float32)})


def test_failing_warmup_fails_the_load(half_plus_two: Path, tmp_path: Path) -> None:
    folder = tmp_path / "1"
    shutil.copytree(half_plus_two / "00000123", folder)
    (folder / FILE).parent.mkdir()
    with tf.io.TFRecordWriter(str(folder / FILE)) as writer:
        writer.write(b"")
    with pytest.raises(ServingError, match="Unsupported log_type"):
        run.load(folder, flags.parse([]))
    run.load(folder, flags.parse(["--enable_model_warmup=false"])).close()

"""`python -m serving` as a process of its own."""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving import __main__ as command
from tests import warm
from tests.serving.live import free_port


def ask(port: int, path: str, body: object = None) -> Any:
    """One request; the status and the JSON of the answer, or (0, None) while nobody listens."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except urllib.error.URLError:
        return 0, None


def wait_for(port: int, path: str, expected: object, seconds: float = 60) -> None:
    """Ask again until the answer is as expected."""
    deadline = time.monotonic() + seconds
    while (found := ask(port, path)) != expected:
        if time.monotonic() > deadline:
            pytest.fail(f"{path} still answers {found}")
        time.sleep(0.05)


@contextmanager
def served(*flags: str, python: str = sys.executable) -> Iterator["subprocess.Popen[str]"]:
    """The server process, killed at the end if it still runs."""
    process = subprocess.Popen(
        [python, "-m", "serving", "--port=0", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def base(half_plus_two: Path, tmp_path: Path) -> Path:
    """A base path of our own with version 123."""
    shutil.copytree(half_plus_two, tmp_path / "half")
    return tmp_path / "half"


def state(version: int, name: str) -> dict[str, Any]:
    return {"version": str(version), "state": name, "status": {"error_code": "OK", "error_message": ""}}


def test_serves_swaps_and_stops(base: Path) -> None:
    from tests.serving import models

    port = free_port()
    with served("--model_name=half", f"--model_base_path={base}", f"--rest_api_port={port}") as process:
        wait_for(port, "/readyz", (200, {"status": "ok"}))
        assert ask(port, "/v1/models/half") == (200, {"model_version_status": [state(123, "AVAILABLE")]})
        assert ask(port, "/v1/models/half:predict", {"instances": [1.0, 2.0]}) == (200, {"predictions": [2.5, 3.0]})
        assert ask(port, "/v1/models/half:predict", {"instances": ["x"]})[0] == 400

        models.write_half_plus_two(base.parent / "new", addend=3.0)
        (base.parent / "new").rename(base / "124")
        swapped = {"model_version_status": [state(124, "AVAILABLE"), state(123, "END")]}
        wait_for(port, "/v1/models/half", (200, swapped))
        assert ask(port, "/v1/models/half:predict", {"instances": [1.0, 2.0]}) == (200, {"predictions": [3.5, 4.0]})

        taken = main("--model_name=half", f"--model_base_path={base}", f"--rest_api_port={port}")
        assert taken.returncode == 1
        assert f"0.0.0.0:{port}: Address already in use" in taken.stderr
        assert "Traceback" not in taken.stderr

        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        log = process.stderr.read() if process.stderr else ""
        assert f"Exporting HTTP/REST API at:localhost:{port} ..." in log
        assert "Loaded model half, version 124" in log
        assert "Unloaded model half, version 123" in log
        assert "Traceback" not in log


def test_stop_lets_calls_finish(echo: Path) -> None:
    port = free_port()
    flags = [f"--model_base_path={echo}", f"--rest_api_port={port}", "--rest_api_timeout_in_ms=1500"]
    body = {"signature_name": "slow", "instances": [1.0]}
    with served(*flags, python=warm.python()) as process, ThreadPoolExecutor(1) as pool:
        wait_for(port, "/readyz", (200, {"status": "ok"}))
        slow = pool.submit(ask, port, "/v1/models/default:predict", body)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        status, answer = slow.result(30)
        assert (status, list(answer)) == (504, ["error"])  # the run's own time limit, and not a cut connection
        assert process.wait(30) == 0


def test_ctrl_c_while_the_model_loads(base: Path) -> None:
    port = free_port()
    with served("--model_name=half", f"--model_base_path={base}", f"--rest_api_port={port}") as process:
        wait_for(port, "/healthz", (200, {"status": "ok"}))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "Traceback" not in (process.stderr.read() if process.stderr else "")


def test_broken_model_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"no protocol buffer")
    result = main("--model_name=bad", f"--model_base_path={tmp_path}", f"--rest_api_port={free_port()}")
    assert result.returncode == 1
    assert (
        "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: bad" in result.stderr
    )
    assert "version: 1} due to error: DATA_LOSS: Can't parse" in result.stderr
    assert "Traceback" not in result.stderr


def main(*flags: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [warm.python(), "-m", "serving", "--port=0", *flags], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--rest_api_prot=8501"], "Did you mean --rest_api_port?"),
        (["--rest_api_port=8501"], "No --model_base_path"),
        (["--port=8501", "--rest_api_port=8501"], "are both 8501"),
    ],
)
def test_mistakes_end_at_once(flags: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(flags) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_missing_base_path_is_one_line(tmp_path: Path) -> None:
    result = main("--rest_api_port=8501", f"--model_base_path={tmp_path / 'none'}")
    assert result.returncode == 1
    assert result.stderr.startswith("Failed to start server. Error: Model 'default': Could not find base path")
    assert result.stderr.count("\n") == 1


def test_help_and_version_leave_tensorflow_alone() -> None:
    code = "import sys; from serving.__main__ import main; main([sys.argv[1]]); sys.exit('tensorflow' in sys.modules)"
    for flag, words in (("--help", "--rest_api_timeout_in_ms=30000"), ("--version", "TensorFlow Library: 2.")):
        result = subprocess.run([sys.executable, "-c", code, flag], capture_output=True, text=True, check=False)
        assert result.returncode == 0
        assert words in result.stdout

"""The Dockerfile's own install, start and health lines, run in a fresh virtual environment.

No Docker engine is asked: this shows that the lines work on this machine, not that an image was built.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from serving.client import Client
from serving.server.process import flags
from tests.serving import live, models

ROOT = Path(__file__).parents[1]
READY_SECONDS = 120


def _instructions() -> dict[str, list[str]]:
    """Instruction to its arguments, in order; continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, argument = line.split(maxsplit=1)
            found.setdefault(name, []).append(argument.strip())
    return found


def test_the_image_is_not_root_and_holds_only_serving() -> None:
    found = _instructions()
    assert found["USER"] == ["10001:10001"]
    assert [line.split()[0] for line in found["COPY"]] == ["requirements-serving.lock", "serving"]
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[0] == "*"


def test_its_variables_ports_and_paths_are_those_of_tensorflow_servings_image() -> None:
    found = _instructions()
    assert found["ENV"] == ["MODEL_NAME=model MODEL_BASE_PATH=/models"]
    assert found["EXPOSE"] == ["8500 8501"]
    assert found["VOLUME"] == ["/models"]
    shell, option, line, name = json.loads(found["ENTRYPOINT"][0])
    assert (shell, option, name, found["CMD"]) == ("sh", "-c", "serving", ["[]"])
    assert line.startswith("exec ")


def test_compose_mounts_and_publishes_what_the_image_expects() -> None:
    service: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["serving"]
    assert service["ports"] == [f"{port}:{port}" for port in _instructions()["EXPOSE"][0].split()]
    mount = service["volumes"][0]
    assert (mount["target"], mount["read_only"]) == ("/models/${MODEL_NAME:-digits}", True)
    assert "MODEL_NAME" in service["environment"]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert int(service["stop_grace_period"].removesuffix("s")) >= flags.Flags().drain_seconds + 10


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for the image: app/ with serving/ and a virtual environment with the serving lock only."""
    root = tmp_path_factory.mktemp("image")
    shutil.copytree(ROOT / "serving", root / "app" / "serving", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements-serving.lock", root / "app")
    subprocess.run([sys.executable, "-m", "venv", root / "venv"], check=True)
    install = next(line for line in _instructions()["RUN"] if "pip install" in line)
    _run(shlex.split(install), root)
    return root


def _environment(root: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PATH": f"{root / 'venv' / 'bin'}:{os.environ['PATH']}"} | more


def _run(command: list[str], root: Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        command, cwd=root / "app", env=_environment(root), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_its_lines_install_serve_and_answer_the_health_check(image: Path, tmp_path: Path) -> None:
    models.write_half_plus_two(tmp_path / "the digits" / "1")
    rest, grpc = str(live.free_port()), str(live.free_port())
    start = json.loads(_instructions()["ENTRYPOINT"][0])
    start[2] = start[2].replace("8501", rest).replace("8500", grpc)
    health = json.loads(re.split(r"\sCMD\s", _instructions()["HEALTHCHECK"][0])[1])
    health[-1] = health[-1].replace("8501", rest)
    environment = _environment(image, MODEL_NAME="the digits", MODEL_BASE_PATH=str(tmp_path))
    # What stands after the image's name goes to the server.
    server = subprocess.Popen([*start, "--enable_model_list"], cwd=image / "app", env=environment)
    try:
        assert _becomes_healthy(health, image, server)
        with Client(f"http://127.0.0.1:{rest}", model="the digits") as client:
            assert client.models() == ["the digits"]
            assert client.predict(instances=[1.0, 2.0]) == [2.5, 3.0]
        with socket.create_connection(("127.0.0.1", int(grpc)), timeout=5):
            pass
    finally:
        server.terminate()  # reaches the server itself, since the shell is gone
        assert server.wait(60) == 0


def _becomes_healthy(health: list[str], root: Path, server: "subprocess.Popen[bytes]") -> bool:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if (
            subprocess.run(
                health, cwd=root / "app", env=_environment(root), capture_output=True, check=False
            ).returncode
            == 0
        ):
            return True
        time.sleep(0.5)
    return False


def test_no_training_package_is_there(image: Path) -> None:
    listed = _run(["python", "-m", "pip", "list", "--format=freeze"], image).stdout.lower()
    assert "tensorflow==" in listed
    for name in ("scikit-learn", "matplotlib", "tyro", "ai-edge-litert", "pytest"):
        assert f"{name}==" not in listed

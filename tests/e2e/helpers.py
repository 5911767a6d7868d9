"""What the end-to-end tests of every pipeline share: a server in its own process, and requests to it."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import warm

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120


@contextmanager
def served(base: Path, *, name: str, grpc_port: int = 0) -> Iterator[str]:
    """Run `python -m serving` on an export folder; gives the model's URL, and ends the server with SIGTERM (exit code 0)."""
    port = free_port()
    flags = [
        f"--port={grpc_port}",
        f"--model_name={name}",
        f"--model_base_path={base}",
        f"--rest_api_port={port}",
    ]
    server = subprocess.Popen([warm.python(), "-m", "serving", *flags], cwd=ROOT)
    try:
        _wait(server, f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}/v1/models/{name}"
    finally:
        server.terminate()
        code = server.wait(60)
    assert code == 0


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def predict_grpc(port: int, name: str, inputs: Mapping[str, Any], *, signature: str = "") -> dict[str, Any]:
    """Ask the server by gRPC; outputs as arrays, by name."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
    return {key: tf.make_ndarray(value) for key, value in answer.outputs.items()}


def post(url: str, body: Any) -> Any:
    """POST JSON and return the JSON of the answer."""
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=60) as answer:
        return json.load(answer)


def get(url: str) -> Any:
    """GET JSON."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def b64(contents: bytes) -> dict[str, str]:
    """Bytes as TensorFlow Serving's JSON writes them."""
    return {"b64": base64.b64encode(contents).decode()}


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, f"the server ended with exit code {server.returncode}"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{url} did not answer within {READY_SECONDS} s")

"""SIGTERM under load, to the real process: no request is lost over HTTP or gRPC, and the exit code is 0."""

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from tests.serving.live import free_port
from tests.serving.server.http_kit import Answer, Connection, Process, ask, get, post, process

Work = Callable[[threading.Event], Counter[str]]
STEPS = 200_000


@pytest.fixture(scope="module")
def config(half_plus_two: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file of two models: `half`, and `slow`, whose answer takes a tenth of a second or more."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("drain")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "steps")])
    def count(steps: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.while_loop(lambda i: i < steps[0], lambda i: i + 1, [0])[0][None]}

    module = tf.Module()
    module.count = count
    tf.saved_model.save(module, str(folder / "slow" / "1"), signatures=count.get_concrete_function())
    models = {"half": half_plus_two, "slow": folder / "slow"}
    entries = (f'config {{ name: "{n}" base_path: "{p}" model_platform: "tensorflow" }}' for n, p in models.items())
    (folder / "models.txt").write_text(f"model_config_list {{ {' '.join(entries)} }}")
    return folder / "models.txt"


@contextmanager
def served(config: Path, log: Path, *flags: str, grpc_port: int = 0) -> Iterator[Process]:
    with process(log, f"--model_config_file={config}", f"--port={grpc_port}", *flags) as found:
        yield found


HALF = post("/v1/models/half:predict", {"instances": [1.0, 2.0]})
SLOW = post("/v1/models/slow:predict", {"inputs": [STEPS]})


def checked(answer: Answer, slow: bool) -> str:
    """Check the outcome of a request."""
    expected = {"outputs": [STEPS]} if slow else {"predictions": [2.5, 3.0]}
    right = answer.status == 200 and json.loads(answer.body) == expected
    return "answered" if right else f"wrong answer {answer}"


def anew(port: int, *, slow: bool) -> Work:
    """Requests, each on a new connection, until the server takes no more."""

    def work(stop: threading.Event) -> Counter[str]:
        seen: Counter[str] = Counter()
        while not stop.is_set():
            try:
                connection = Connection(port)
            except (ConnectionRefusedError, TimeoutError):
                break
            with connection:
                try:
                    connection.send(SLOW if slow else HALF)
                    seen[checked(connection.answer(), slow)] += 1
                except (OSError, EOFError) as error:
                    seen[f"new connection: {error!r}"] += 1
        return seen

    return work


def kept(port: int, *, slow: bool) -> Work:
    """Requests on one connection, until the server says that this was the last one."""

    def work(stop: threading.Event) -> Counter[str]:
        seen: Counter[str] = Counter()
        with Connection(port) as connection:
            while not stop.is_set():
                try:
                    connection.send(SLOW if slow else HALF)
                    answer = connection.answer()
                except (OSError, EOFError) as error:
                    seen[f"kept connection: {error!r}"] += 1
                    break
                seen[checked(answer, slow)] += 1
                if answer.headers.get("connection") == "close":
                    seen["told that it was the last"] += 1
                    break
        return seen

    return work


def over_grpc(port: int, *, slow: bool) -> Work:
    """Calls, until the server takes no more."""
    import numpy as np

    from tests.serving.server import grpc_kit

    request = grpc_kit.request("half", x=np.array([[1.0], [2.0]], np.float32))
    if slow:
        request = grpc_kit.request("slow", steps=np.array([STEPS], np.int32))

    def work(stop: threading.Event) -> Counter[str]:
        seen: Counter[str] = Counter()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            client = grpc_kit.Client(channel)
            while not stop.is_set():
                try:
                    (output,) = client.predict(request).values()
                except grpc.RpcError as error:
                    words = ("refused", "The server is stopping. Call another one.")
                    refused = error.code() is grpc.StatusCode.UNAVAILABLE and any(w in error.details() for w in words)
                    seen["refused over gRPC" if refused else f"gRPC: {error.details()}"] += 1
                    break
                right = output.tolist() == ([STEPS] if slow else [[2.5], [3.0]])
                seen["answered over gRPC" if right else f"wrong answer {output}"] += 1
        return seen

    return work


def test_drain_under_load(config: Path, tmp_path: Path) -> None:
    grpc_port = free_port()
    with served(config, tmp_path / "log", grpc_port=grpc_port) as server, ThreadPoolExecutor(16) as pool:
        works = [over_grpc(grpc_port, slow=False), over_grpc(grpc_port, slow=True)]
        for slow in (False, False, True):
            works += [anew(server.port, slow=slow), kept(server.port, slow=slow)]
        stop = threading.Event()
        wait_for_grpc(grpc_port)
        with Connection(server.port) as client:  # a model that never ran waits for TensorFlow's threads
            for _ in range(60):
                client.send(HALF)
                assert client.answer().status == 200
        futures = [pool.submit(work, stop) for work in works]
        time.sleep(1.0)
        with Connection(server.port) as idle:
            idle.send(get("/readyz"))
            assert idle.answer().status == 200
            server.popen.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            idle.send(get("/readyz"))
            answer = idle.answer()
            assert (answer.status, json.loads(answer.body)) == (503, {"status": "stopping"})
        code = server.popen.wait(30)
        stop.set()
        seen = sum((future.result() for future in futures), Counter[str]())
        assert seen.keys() == {"answered", "answered over gRPC", "refused over gRPC", "told that it was the last"}, seen
        assert seen["told that it was the last"] == 3
        assert min(seen["answered"], seen["answered over gRPC"]) > 20
        assert code == 0
        assert "Traceback" not in server.said()


def wait_for_grpc(port: int) -> None:
    """GRPC is there a moment after the models."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(30)


def test_drain_with_batches_and_a_limit(config: Path, tmp_path: Path) -> None:
    """Calls that wait for their batch are under way too; a call without end keeps no server, and its client is told."""
    (tmp_path / "batching.txt").write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 600000 } num_batch_threads { value: 2 }"
    )
    flags = ["--enable_batching", f"--batching_parameters_file={tmp_path / 'batching.txt'}"]
    flags += ["--drain_seconds=2", "--rest_api_timeout_in_ms=2500"]
    endless = post("/v1/models/slow:predict", {"inputs": [2_000_000_000]})
    with served(config, tmp_path / "log", *flags) as server, ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, server.port, request) for request in (HALF, HALF, HALF, endless)]
        time.sleep(0.3)
        assert not any(future.done() for future in waiting)
        start = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert 2 <= time.monotonic() - start < 12
        assert [checked(future.result(), slow=False) for future in waiting[:3]] == ["answered"] * 3
        answer = waiting[3].result()
        assert (answer.status, "no longer waits for this call" in answer.error) == (503, True)
        assert "Traceback" not in server.said()

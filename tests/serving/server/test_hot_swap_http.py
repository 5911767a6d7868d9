"""200 hot swaps over the real HTTP server under load: no request fails, and no memory stays with the versions that left."""

import gc
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving import saved_model
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.rest_api.app import RestApi
from tests.serving.server.http_kit import Connection, ask, in_thread, post

SWAPS = 200
WEIGHTS = 1_000_000
REQUEST = post("/v1/models/m:predict", {"instances": [1.0, 2.0]})


def write(folder: Path, addend: float) -> None:
    """A SavedModel of y = x + the last of the weights."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = tf.Variable(tf.fill([WEIGHTS], addend))
    add = tf.function(lambda x: {"y": x + module.weights[-1]})
    function = add.get_concrete_function(tf.TensorSpec([None], tf.float32, "x"))
    tf.saved_model.save(module, str(folder), signatures=function)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two SavedModels of 4 MB, y = x + 0 and y = x + 1."""
    folders = [tmp_path_factory.mktemp("kinds") / name for name in ("even", "odd")]
    for number, folder in enumerate(folders):
        write(folder, float(number))
    return folders


def anew(port: int, stop: threading.Event) -> Counter[str]:
    """Requests on new connections; what was answered, counted."""
    seen: Counter[str] = Counter()
    while not stop.is_set():
        answer = ask(port, REQUEST)
        seen[f"{answer.status} {json.loads(answer.body)}"] += 1
        time.sleep(0.002)  # the loads need the processor too
    return seen


def kept(port: int, stop: threading.Event) -> Counter[str]:
    """Requests on one connection."""
    seen: Counter[str] = Counter()
    with Connection(port) as connection:
        while not stop.is_set():
            connection.send(REQUEST)
            answer = connection.answer()
            seen[f"{answer.status} {json.loads(answer.body)}"] += 1
            time.sleep(0.002)
    return seen


def resident() -> int:
    """Memory of this process in bytes."""
    gc.collect()
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


def swap(repository: Repository, base: Path, kinds: list[Path], number: int) -> None:
    """A new version appears, is loaded and takes over; the old folder goes."""
    (base / str(number)).symlink_to(kinds[number % 2])
    assert repository.refresh() == []
    (base / str(number - 1)).unlink()


def test_hot_swaps_over_http(tmp_path: Path, kinds: list[Path]) -> None:
    repository = Repository(lambda _config, folder: saved_model.load(folder, intra_op_threads=1, inter_op_threads=1))
    (tmp_path / "1").symlink_to(kinds[1])
    repository.apply([ModelConfig(name="m", base_path=tmp_path)])
    stop, clients = threading.Event(), list[Callable[[int, threading.Event], Counter[str]]]([kept, kept, anew])
    memory: dict[int, int] = {}
    with (
        ThreadPoolExecutor(4) as executor,
        in_thread(RestApi(repository, executor)) as (_, port),
        ThreadPoolExecutor(len(clients)) as pool,
    ):
        futures = [pool.submit(client, port, stop) for client in clients]
        try:
            for number in range(2, SWAPS + 2):
                swap(repository, tmp_path, kinds, number)
                if number % 50 == 0:
                    memory[number] = resident()
        finally:
            stop.set()
        seen = sum((future.result() for future in futures), Counter[str]())
    repository.close()
    assert seen.keys() == {"200 {'predictions': [1.0, 2.0]}", "200 {'predictions': [2.0, 3.0]}"}
    assert min(seen.values()) > SWAPS / 2
    assert memory[200] - memory[100] < 5 * 4 * WEIGHTS, memory  # the weights of 5 of the 100 that left in between

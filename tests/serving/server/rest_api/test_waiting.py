"""serving.server.rest_api.waiting: calls on the event loop that wait for a batch."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.scheduler import BatchScheduler
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.rest_api import waiting as rest_api_waiting
from serving.server.rest_api.calls import Calls
from tests.serving.server.fakes import make_versions
from tests.serving.server.gated_model import HOUR, GatedModel


@contextmanager
def gated(base: Path, model: GatedModel, parameters: BatchingParameters | None = None) -> Iterator[Repository]:
    """A repository whose one model `m` is the given one, in batches if there are parameters."""
    scheduler = BatchScheduler(parameters) if parameters else None
    loaded: Any = BatchedModel(model, scheduler) if scheduler else model
    repository = Repository(lambda _config, _folder: loaded)
    repository.apply([ModelConfig(name="m", base_path=make_versions(base / "m", 1))])
    try:
        yield repository
    finally:
        repository.close()
        if scheduler:
            scheduler.close()


class NoThreads(Executor):
    """Batched calls must need no thread of the API's own."""

    def submit(self, *_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("a thread was asked for")


def batch_body(*numbers: float) -> bytes:
    return json.dumps({"signature_name": "s", "instances": list(numbers)}).encode()


M = ModelSpec(name="m")


def test_batched_calls_wait_without_threads_and_are_woken_at_once(tmp_path: Path, monkeypatch: Any) -> None:
    parameters = BatchingParameters(max_batch_size=4, batch_timeout_micros=HOUR, num_batch_threads=1)
    model, woken = GatedModel(), list[int]()
    wake = rest_api_waiting._wake

    def waking(pairs: Any) -> None:
        woken.append(len(pairs))
        wake(pairs)

    monkeypatch.setattr(rest_api_waiting, "_wake", waking)

    async def three(calls: Calls) -> list[bytes]:
        bodies = (batch_body(0.0), batch_body(2.0, 4.0), batch_body(6.0))
        return await asyncio.gather(*(calls.predict(M, body) for body in bodies))

    with gated(tmp_path, model, parameters) as repository:
        answers = asyncio.run(three(Calls(repository, NoThreads())))
        with repository.use(M) as version:
            assert version.runs == 1
    found = [[row["y"] for row in json.loads(answer)["predictions"]] for answer in answers]
    assert found == [[2.0], [3.0, 4.0], [5.0]]
    assert (model.sizes, woken) == ([4], [3])


def test_answer_after_the_loop_has_ended_is_dropped() -> None:
    async def waiting() -> rest_api_waiting.Waiting:
        return rest_api_waiting.Waiting(asyncio.get_running_loop())

    asyncio.run(waiting())({"y": np.zeros(1)})

"""Calls on the event loop that wait for a batch."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np

from serving.server.batching.parameters import BatchingParameters
from serving.server.rest_api.calls import Calls
from serving.server.rest_api.waiting import Waiting
from tests.serving.server.gated_model import HOUR, GatedModel, M, NoThreads, batch_body, gated


def test_batched_calls_wait_without_threads_and_are_woken_at_once(tmp_path: Path) -> None:
    parameters = BatchingParameters(max_batch_size=4, batch_timeout_micros=HOUR, num_batch_threads=1)
    model, woken = GatedModel(), list[int]()

    async def three(calls: Calls) -> list[bytes]:
        loop = asyncio.get_running_loop()
        call_soon = loop.call_soon_threadsafe

        def noting(wake: Any, pairs: Any) -> Any:
            woken.append(len(pairs))
            return call_soon(wake, pairs)

        loop.call_soon_threadsafe = noting  # type: ignore[method-assign, assignment]
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
    async def waiting() -> Waiting:
        return Waiting(asyncio.get_running_loop())

    asyncio.run(waiting())({"y": np.zeros(1)})

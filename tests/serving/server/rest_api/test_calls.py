"""The thread of each step, versions that are released whatever happens, and batched calls."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.server.batching.parameters import BatchingParameters
from serving.server.calls import prediction
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.rest_api import calls as rest_calls
from serving.server.rest_api.calls import Calls
from tests.serving.server.gated_model import HOUR, GatedModel, M, NoThreads, batch_body, gated

HALF = ModelSpec(name="half_plus_two")
ONE = b'{"instances": [1.0]}'


class Threads:
    """An executor's threads and what was seen to run where."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.seen: dict[str, str] = {}

    def watch(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        """Note the thread of each of these functions of `calls.prediction`."""
        for name in names:
            monkeypatch.setattr(prediction, name, self._noting(name, getattr(prediction, name)))

    def _noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any, **named: Any) -> Any:
            main = threading.current_thread() is threading.main_thread()
            self.seen[name] = "loop" if main else "thread"
            return function(*arguments, **named)

        return noting


@pytest.fixture
def threads() -> Iterator[Threads]:
    with ThreadPoolExecutor(2) as executor:
        yield Threads(executor)


def predict(calls: Calls, body: bytes = ONE, spec: ModelSpec = HALF) -> Any:
    return json.loads(asyncio.run(calls.predict(spec, body)))


def test_small_calls_stay_on_the_loop(repository: Repository, threads: Threads, monkeypatch: Any) -> None:
    threads.watch(monkeypatch, "prepare", "run", "answer")
    calls = Calls(repository, threads.executor)
    with repository.use(HALF) as version:
        for quick, place in ((True, "loop"), (False, "thread")):
            monkeypatch.setattr(version.model, "takes_at_most", lambda seconds, signature, quick=quick: quick)
            assert predict(calls) == {"predictions": [2.5]}
            assert threads.seen == {"prepare": "loop", "run": place, "answer": "loop"}


def test_large_calls_leave_the_loop_free(repository: Repository, threads: Threads, monkeypatch: Any) -> None:
    threads.watch(monkeypatch, "prepare", "run", "answer")
    calls = Calls(repository, threads.executor)
    rows = rest_calls.SMALL_BYTES // 4 + 1
    body = json.dumps({"instances": [1.0] * rows}).encode()
    with repository.use(HALF) as version:
        monkeypatch.setattr(version.model, "takes_at_most", lambda seconds, signature: True)
        assert predict(calls, body) == {"predictions": [2.5] * rows}
    assert threads.seen == dict.fromkeys(("prepare", "run", "answer"), "thread")


def test_model_that_never_ran_is_not_tried_on_the_loop(tmp_path: Path, threads: Threads, monkeypatch: Any) -> None:
    threads.watch(monkeypatch, "run")
    with gated(tmp_path, GatedModel()) as repository:
        calls = Calls(repository, threads.executor)
        predict(calls, b'{"signature_name": "s", "instances": [1.0]}', ModelSpec(name="m"))
    assert threads.seen == {"run": "thread"}


@pytest.mark.parametrize("step", ["prepare", "run", "answer"])
def test_version_is_let_go_of_when_a_step_fails(
    repository: Repository, threads: Threads, monkeypatch: Any, step: str
) -> None:
    body = b'{"signature_name": "classify", "instances": ["no example"]}' if step == "run" else ONE
    if step == "answer":
        monkeypatch.setattr(prediction, "answer", lambda *_: 1 / 0)
    calls = Calls(repository, threads.executor)
    with pytest.raises((ServingError, ZeroDivisionError)):
        predict(calls, b'{"instances": ["text"]}' if step == "prepare" else body)
    with repository.use(HALF) as version:
        assert version.runs == 1  # this one


def test_answered_calls_are_recorded(repository: Repository, threads: Threads) -> None:
    recorded: list[tuple[Any, ...]] = []
    calls = Calls(repository, threads.executor, record=lambda *what: recorded.append(what))
    predict(calls)
    with pytest.raises(ServingError):
        predict(calls, b'{"signature_name": "classify", "instances": ["no example"]}')
    [(version, kind, signature, inputs)] = recorded
    assert (version.name, kind, signature) == ("half_plus_two", "predict", "serving_default")
    assert {alias: array.tolist() for alias, array in inputs.items()} == {"x": [1.0]}
    examples = json.dumps({"signature_name": "regress", "examples": [{"x": 1.0}, {"x": 2.0}]}).encode()
    assert json.loads(asyncio.run(calls.regress(HALF, examples))) == {"results": [2.5, 3.0]}
    assert [what[1:3] for what in recorded[1:]] == [("regress", "regress")]


def test_error_of_one_batched_call_is_its_own(tmp_path: Path) -> None:
    def checked(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if (inputs["x"] < 0).any():
            raise invalid_argument("a negative number")
        return {"y": inputs["x"], "same": inputs["x"]}

    async def both(calls: Calls) -> list[Any]:
        good, bad = calls.predict(M, batch_body(1.0)), calls.predict(M, batch_body(-1.0))
        return list(await asyncio.gather(good, bad, return_exceptions=True))

    parameters = BatchingParameters(max_batch_size=2, batch_timeout_micros=HOUR, num_batch_threads=1)
    with gated(tmp_path, GatedModel(checked), parameters) as repository:
        good, bad = asyncio.run(both(Calls(repository, NoThreads())))
        assert json.loads(good) == {"predictions": [{"same": 1.0, "y": 1.0}]}
        assert isinstance(bad, ServingError)
        assert (bad.code, bad.message) == (Code.INVALID_ARGUMENT, "a negative number")


def test_cancelled_call_lets_go_of_its_version(tmp_path: Path) -> None:
    parameters = BatchingParameters(max_batch_size=4, batch_timeout_micros=HOUR, num_batch_threads=1)

    async def cancelled(calls: Calls) -> list[Any]:
        first = asyncio.create_task(calls.predict(M, batch_body(1.0)))
        await asyncio.sleep(0)
        first.cancel()
        rest = [asyncio.create_task(calls.predict(M, batch_body(number))) for number in (2.0, 4.0, 6.0)]
        return await asyncio.gather(first, *rest, return_exceptions=True)

    with gated(tmp_path, GatedModel(), parameters) as repository:
        first, *rest = asyncio.run(cancelled(Calls(repository, NoThreads())))
        assert isinstance(first, asyncio.CancelledError)
        assert [json.loads(answer)["predictions"][0]["y"] for answer in rest] == [3.0, 4.0, 5.0]
        with repository.use(M) as version:
            assert version.runs == 1


def test_large_body_that_is_cut_off_lets_go_of_its_version(
    repository: Repository, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    prepare = prediction.prepare

    def slow(*arguments: Any, **named: Any) -> prediction.Prediction:
        entered.set()
        assert go_on.wait(10)
        return prepare(*arguments, **named)

    async def cut_off(calls: Calls) -> None:
        task = asyncio.create_task(calls.predict(HALF, b" " * rest_calls.SMALL_BYTES + ONE))
        await asyncio.to_thread(entered.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    monkeypatch.setattr(prediction, "prepare", slow)
    asyncio.run(cut_off(Calls(repository, threads.executor)))
    go_on.set()
    threads.executor.shutdown()  # the thread has ended
    with repository.use(HALF) as version:
        assert version.runs == 1


def test_time_limit_becomes_the_deadline_of_a_batched_call(tmp_path: Path, monkeypatch: Any) -> None:
    parameters = BatchingParameters(max_batch_size=1, batch_timeout_micros=0, num_batch_threads=1)
    with gated(tmp_path, GatedModel(), parameters) as repository, repository.use(M) as version:
        deadlines: list[Any] = []
        submit = version.model.submit  # type: ignore[union-attr]

        def noting(*arguments: Any, deadline: Any, **named: Any) -> None:
            deadlines.append(deadline)
            submit(*arguments, deadline=deadline, **named)

        monkeypatch.setattr(version.model, "submit", noting)
        for seconds in (0, 30):
            asyncio.run(Calls(repository, NoThreads(), run_seconds=seconds).predict(M, batch_body(1.0)))
        assert deadlines[0] is None
        assert 25 < deadlines[1] - time.monotonic() <= 30


def test_size_of_outputs() -> None:
    assert rest_calls.size_of({"y": np.zeros((2, 3), np.float32), "z": np.zeros(2, np.int64)}) == 40
    assert rest_calls.size_of({"y": np.array([b"a", b"b"], object)}) == 512

"""Calls that run together: models held back by an event for the order of things, and SavedModels for the answers."""

import gc
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import ServingError
from serving.server.metrics import Metrics
from tests.serving.server.gated_model import HOUR, Answers, Arrays, GatedModel, half_plus_two, held, start, values, x


def test_batching_gathers_while_the_thread_is_busy(schedulers: list[BatchScheduler]) -> None:
    model, batched = held(start(schedulers))
    answers = Answers()
    for number in range(1, 4):
        batched.submit("s", x(*[number] * number), answers.done(number))
    model.gate.set()
    outcomes = answers.wait(3)
    assert model.sizes == [1, 6]
    assert {number: values(outcome) for number, outcome in outcomes.items()} == {
        number: [0.5 * number + 2] * number for number in range(1, 4)
    }


def test_batching_idle_thread_takes_a_call_at_once(schedulers: list[BatchScheduler]) -> None:
    batched = BatchedModel(GatedModel(), start(schedulers))
    assert values(batched.run("s", x(4))) == [4.0]
    assert values(batched.run("s", x(6, 8), outputs=["same"]), "same") == [6.0, 8.0]


def test_batching_waits_for_the_timeout(schedulers: list[BatchScheduler]) -> None:
    batched = BatchedModel(GatedModel(), start(schedulers, threads=2, batch_timeout_micros=30_000))
    for _ in range(3):
        before = time.monotonic()
        batched.run("s", x(1))
        assert time.monotonic() - before >= 0.03


def test_batching_full_batch_does_not_wait(schedulers: list[BatchScheduler]) -> None:
    model = GatedModel()
    batched = BatchedModel(model, start(schedulers, threads=2, batch_timeout_micros=HOUR, max_batch_size=3))
    answers = Answers()
    for number in range(9):
        batched.submit("s", x(number), answers.done(number))
    outcomes = answers.wait(9)
    assert model.sizes == [3, 3, 3]
    assert [values(outcomes[number]) for number in range(9)] == [[0.5 * number + 2] for number in range(9)]


def test_batching_serves_models_in_turn(schedulers: list[BatchScheduler]) -> None:
    scheduler = start(schedulers, max_batch_size=1)
    model, batched = held(scheduler)
    order: SimpleQueue[str] = SimpleQueue()

    def named(name: str) -> Any:
        def function(inputs: Mapping[str, np.ndarray]) -> Arrays:
            order.put(name)
            return half_plus_two(inputs)

        return function

    model.function = named("first")
    other = BatchedModel(GatedModel(named("second")), scheduler)
    answers = Answers()
    for number, target in enumerate([batched, batched, batched, other, other]):
        target.submit("s", x(number), answers.done(number))
    model.gate.set()
    answers.wait(5)
    assert [order.get() for _ in range(6)] == ["first", "first", "second", "first", "second", "first"]


def test_batching_threads_run_side_by_side(schedulers: list[BatchScheduler]) -> None:
    meeting = threading.Barrier(2)

    def meet(inputs: Mapping[str, np.ndarray]) -> Arrays:
        meeting.wait(20)  # passes only while two runs are under way
        return half_plus_two(inputs)

    batched = BatchedModel(GatedModel(meet), start(schedulers, threads=2, max_batch_size=1))
    answers = Answers()
    for number in range(6):
        batched.submit("s", x(number), answers.done(number))
    assert all(isinstance(outcome, dict) for outcome in answers.wait(6).values())


def test_batching_timeouts_of_several_queues(schedulers: list[BatchScheduler]) -> None:
    # The thread that waits for one queue's time is called away by the other's full batch; the time is still kept.
    scheduler = start(schedulers, threads=2, max_batch_size=2, batch_timeout_micros=50_000)
    slow, quick = BatchedModel(GatedModel(), scheduler), BatchedModel(GatedModel(), scheduler)
    answers = Answers()
    for _ in range(5):
        slow.submit("s", x(1), answers.done(1))
        quick.submit("s", x(2), answers.done(2))
        quick.submit("s", x(3), answers.done(3))
        assert sorted(answers.wait(3)) == [1, 2, 3]


def test_batching_deadline_passes_in_the_queue(schedulers: list[BatchScheduler]) -> None:
    model, batched = held(start(schedulers))
    answers = Answers()
    batched.submit("s", x(1), answers.done(0), deadline=time.monotonic())
    model.gate.set()
    message = "RESOURCE_EXHAUSTED: Run() timeout exceeded while waiting in batching queue"
    assert values(answers.wait(1)[0]) == message
    assert model.sizes == [1]
    assert values(batched.run("s", x(2), deadline=time.monotonic() + 60)) == [3.0]


def test_batching_forgets_hundreds_of_versions(schedulers: list[BatchScheduler]) -> None:
    scheduler = start(schedulers, threads=2)
    models = []
    for version in range(300):
        model = GatedModel()
        models.append(weakref.ref(model))
        batched = BatchedModel(model, scheduler)
        assert values(batched.run("s", x(version))) == [0.5 * version + 2]
        batched.close()
        del model, batched
    limit = time.monotonic() + 20
    while any(model() is not None for model in models) and time.monotonic() < limit:
        gc.collect()
        time.sleep(0.001)  # a thread may still be on its way back to waiting
    assert sum(model() is not None for model in models) == 0


@pytest.mark.parametrize("timeout", [0, 200])
def test_batching_concurrent_callers_get_their_own_rows(schedulers: list[BatchScheduler], timeout: int) -> None:
    scheduler = start(
        schedulers,
        threads=3,
        max_batch_size=16,
        batch_timeout_micros=timeout,
        max_enqueued_batches=1000,
        enable_large_batch_splitting=True,
        max_execution_batch_size=8,
        allowed_batch_sizes=(2, 8),
    )
    models = [BatchedModel(GatedModel(), scheduler) for _ in range(2)]

    def call(number: int) -> bool:
        rows = np.random.default_rng(number).standard_normal((number % 17, 2)).astype(np.float32)
        answer = models[number % 2].run("st"[number % 3 == 0], {"x": rows})
        return np.array_equal(answer["same"], rows) and np.array_equal(answer["y"], rows * np.float32(0.5) + 2)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(call, range(600)))
    assert all(len(run["x"]) in (0, 2, 8) for batched in models for run in batched.model.runs)  # type: ignore[attr-defined]


def test_batching_scheduler_close_ends_the_threads() -> None:
    before = set(threading.enumerate())
    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=3, batch_timeout_micros=HOUR, thread_pool_name="p"))
    threads = set(threading.enumerate()) - before
    assert sorted(thread.name for thread in threads) == ["p_0", "p_1", "p_2"]
    batched = BatchedModel(GatedModel(), scheduler)
    answers = Answers()
    batched.submit("s", x(2), answers.done(0))
    scheduler.close()
    assert values(answers.wait(1)[0]) == [3.0]
    assert not any(thread.is_alive() for thread in threads)
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        batched.run("s", x(1))
    batched.close()


def test_batching_counts_in_the_metrics() -> None:
    metrics = Metrics()
    scheduler = BatchScheduler(
        BatchingParameters(
            num_batch_threads=1,
            thread_pool_name="pool",
            max_batch_size=4,
            allowed_batch_sizes=(4,),
            batch_timeout_micros=HOUR,
        ),
        metrics=metrics,
    )
    batched = BatchedModel(GatedModel(), scheduler)
    answers = Answers()
    batched.submit("s", x(1), answers.done(0))
    batched.submit("s", x(1, 2), answers.done(1))
    batched.close()
    scheduler.close()
    text = metrics.text()
    family = ":tensorflow:serving:batching_session:"
    assert f'{family}queuing_latency_count{{thread_pool_name="pool"}} 2' in text
    assert f"{family}input_batch_size_sum{{}} 3" in text
    assert f"{family}processed_batch_size_sum{{}} 4" in text
    assert f'{family}padding_size_sum{{execution_batch_size="4"}} 1' in text


def test_batching_scheduler_checks_its_parameters() -> None:
    with pytest.raises(ServingError, match="num_batch_threads must be positive"):
        BatchScheduler(BatchingParameters(num_batch_threads=0))

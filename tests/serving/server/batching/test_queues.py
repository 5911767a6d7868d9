"""The times when batches close and are ready: TensorFlow's SharedBatchScheduler, replayed with times written by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.queues import Batch, BatchQueue, Outcome, Task, Whole
from serving.server.errors import Code, ServingError
from tests.serving.server.gated_model import GatedModel


def ignore(outcome: Outcome) -> None:
    """A `done` that nobody waits for."""


def queue(**parameters: Any) -> BatchQueue:
    return BatchQueue(GatedModel(), BatchingParameters(**parameters), signature="s", inputs=["x"], outputs=None)


def task(size: int, *, at: float = 0.0, first: float = 0.0, done: Callable[[Outcome], None] = ignore) -> Task:
    rows = np.arange(first, first + size, dtype=np.float32)[:, None]
    return Task({"x": rows}, size, done, deadline=None, enqueued=at)


def sizes(batch: Batch | None) -> list[int]:
    assert batch is not None
    assert batch.size == sum(task.size for task in batch.tasks)
    return [task.size for task in batch.tasks]


def test_batching_without_timeout_takes_what_is_there() -> None:
    waiting = queue(max_batch_size=8)
    assert not waiting
    assert waiting.take(0.0) is None
    waiting.put(task(1, at=5.0))
    waiting.put(task(2, at=6.0))
    assert waiting
    assert waiting.ready_at() == 5.0
    assert sizes(waiting.take(6.0)) == [1, 2]
    assert not waiting


def test_batching_timeout_counts_from_the_first_task() -> None:
    waiting = queue(max_batch_size=8, batch_timeout_micros=2_000_000)
    waiting.put(task(1, at=10.0))
    waiting.put(task(1, at=11.5))
    assert waiting.ready_at() == 12.0
    assert waiting.take(11.9) is None
    assert sizes(waiting.take(12.0)) == [1, 1]
    waiting.put(task(1, at=20.0))
    assert waiting.ready_at() == 22.0


def test_batching_full_batch_is_ready_before_its_time() -> None:
    waiting = queue(max_batch_size=3, batch_timeout_micros=10**15)
    waiting.put(task(1))
    assert waiting.take(1.0) is None
    waiting.put(task(2))
    assert sizes(waiting.take(1.0)) == [1, 2]


def test_batching_wakes_a_thread_for_a_new_and_for_a_full_batch() -> None:
    waiting, wakes = queue(max_batch_size=4, batch_timeout_micros=10**15), []
    for size in (1, 1, 2, 1, 4, 3):
        waiting.put(task(size))
        wakes.append(waiting.wakes())
    assert wakes == [True, False, True, True, True, True]


def test_batching_task_that_does_not_fit_closes_the_batch() -> None:
    waiting = queue(max_batch_size=3, batch_timeout_micros=10**15)
    for size in (2, 2, 3):
        waiting.put(task(size))
    assert [sizes(waiting.take(1.0)) for _ in range(3)] == [[2], [2], [3]]
    assert not waiting


def test_batching_hurry_takes_an_open_batch() -> None:
    waiting = queue(max_batch_size=3, batch_timeout_micros=10**15)
    assert waiting.take(1.0, hurry=True) is None
    waiting.put(task(1))
    assert sizes(waiting.take(1.0, hurry=True)) == [1]


def test_batching_tasks_without_rows_do_not_wait_for_ever() -> None:
    waiting = queue(max_batch_size=3, batch_timeout_micros=1_000_000)
    waiting.put(task(0))
    assert waiting.ready_at() == 1.0
    assert sizes(waiting.take(1.0)) == [0]


def test_batching_too_large_task() -> None:
    with pytest.raises(
        ServingError, match=r"^INVALID_ARGUMENT: Task size 4 is larger than maximum input batch size 3$"
    ):
        queue(max_batch_size=3).put(task(4))
    splitting = queue(max_batch_size=3, enable_large_batch_splitting=True, max_execution_batch_size=2)
    with pytest.raises(ServingError, match="Task size 4 is larger than maximum input batch size 3"):
        splitting.put(task(4))


@pytest.mark.parametrize("enqueued", [0, 1, 3])
def test_batching_full_queue(enqueued: int) -> None:
    most = max(enqueued, 1)  # 0 is read as 1
    waiting = queue(max_batch_size=2, max_enqueued_batches=enqueued)
    for _ in range(most):
        waiting.put(task(2))
    message = (
        "The batch scheduling queue to which this task was submitted is full; "
        f"currently {most} batches enqueued and max_enqueued_batches is {most}"
    )
    with pytest.raises(ServingError) as raised:
        waiting.put(task(1))
    assert (raised.value.code, raised.value.message) == (Code.UNAVAILABLE, message)
    assert sizes(waiting.take(1.0)) == [2]
    waiting.put(task(1))


def test_batching_splits_large_tasks_over_batches() -> None:
    waiting = queue(max_batch_size=9, enable_large_batch_splitting=True, max_execution_batch_size=4)
    waiting.put(task(1, first=100.0))
    waiting.put(task(9))
    waiting.put(task(2, first=200.0))
    batches = [waiting.take(1.0) for _ in range(3)]
    assert [sizes(batch) for batch in batches] == [[1, 3], [4], [2, 2]]
    rows = [[one.inputs["x"][:, 0].tolist() for one in batch.tasks] for batch in batches if batch]
    assert rows == [[[100.0], [0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0, 6.0]], [[7.0, 8.0], [200.0, 201.0]]]


def test_batching_splits_after_a_full_batch() -> None:
    waiting = queue(max_batch_size=8, enable_large_batch_splitting=True, max_execution_batch_size=4)
    waiting.put(task(4))
    waiting.put(task(8))
    assert [sizes(waiting.take(1.0)) for _ in range(3)] == [[4], [4], [4]]
    assert waiting.unfinished == 3


def test_batching_full_queue_with_splitting() -> None:
    waiting = queue(
        max_batch_size=10, enable_large_batch_splitting=True, max_execution_batch_size=4, max_enqueued_batches=2
    )
    waiting.put(task(1))
    message = (
        "The batch scheduling queue to which this task was submitted is full; task size is 8 but scheduling capacity is "
        "only 7 (num_enqueued_batches=1, max_enqueued_batches=2, open_batch_size=1, max_execution_batch_size=4)"
    )
    with pytest.raises(ServingError) as raised:
        waiting.put(task(8))
    assert (raised.value.code, raised.value.message) == (Code.UNAVAILABLE, message)
    assert waiting.unfinished == 1
    waiting.put(task(7))


def test_batching_joins_parts_in_their_order() -> None:
    whole = Whole(3)
    for part in (2, 0):
        assert whole.add(part, {"y": np.array([part])}) is None
    joined = whole.add(1, {"y": np.array([1, 1])})
    assert isinstance(joined, dict)
    assert joined["y"].tolist() == [0, 1, 1, 2]


def test_batching_first_error_of_the_parts_is_the_calls() -> None:
    whole, problems = Whole(3), [ServingError(Code.INTERNAL, "one"), ServingError(Code.UNAVAILABLE, "two")]
    assert whole.add(2, problems[0]) is None
    assert whole.add(0, {"y": np.array([0])}) is None
    assert whole.add(1, problems[1]) is problems[0]


def test_batching_parts_padded_to_other_lengths() -> None:
    whole = Whole(2)
    whole.add(0, {"y": np.ones((1, 2))})
    outcome = whole.add(1, {"y": np.ones((1, 3))})
    assert isinstance(outcome, ServingError)
    assert outcome.code is Code.INTERNAL
    assert outcome.message.startswith("Tensor concat operation failed: ")

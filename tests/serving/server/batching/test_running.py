"""One batch of calls on a model without TensorFlow: who gets which rows, and who gets which error."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from serving.server.batching import running
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.queues import BatchQueue, Outcome, Task
from serving.server.errors import Code, ServingError, invalid_argument
from tests.serving.server.gated_model import Arrays, GatedModel


def answer(
    model: GatedModel, *inputs: Any, deadlines: tuple[float | None, ...] = (), **parameters: Any
) -> list[Outcome]:
    """The outcomes of one batch, a call for each array of `x`."""
    queue = BatchQueue(model, BatchingParameters(**parameters), signature="s", inputs=["x"], outputs=("y",))
    limits = deadlines or (None,) * len(inputs)
    tasks = [
        Task({"x": array}, len(array), print, deadline=deadline, enqueued=0.0)
        for array, deadline in zip(inputs, limits, strict=True)
    ]
    return running.answer(queue, tasks)


def floats(*values: object) -> np.ndarray:
    return np.array(values, np.float32)


def lists(outcomes: list[Outcome]) -> list[Any]:
    return [one.code if isinstance(one, ServingError) else one["y"].tolist() for one in outcomes]


def test_batching_gives_each_call_its_rows() -> None:
    # batching_session_test.cc, Basic: y = 0.5 x + 2.
    model = GatedModel()
    outcomes = answer(model, floats(100, 42), floats(), floats(71.5, 18.3))
    assert model.sizes == [4]
    assert all(isinstance(one, dict) and list(one) == ["y"] for one in outcomes)
    assert lists(outcomes) == [[52.0, 23.0], [], pytest.approx([37.75, 11.15])]


def test_batching_pads_variable_lengths() -> None:
    # batching_session_test.cc, BatchingWithPadding: the padded answer goes to the client.
    inputs = [floats([[1, 2], [3, 4]]), floats([[5, 6, 7], [8, 9, 10], [11, 12, 13]])]
    outcomes = answer(GatedModel(), *inputs, pad_variable_length_inputs=True)
    assert lists(outcomes) == [
        [[[2.5, 3, 2.5], [3.5, 4, 2.5], [2.5, 2.5, 2.5]]],
        [[[4.5, 5, 5.5], [6, 6.5, 7], [7.5, 8, 8.5]]],
    ]


def test_batching_unequal_shapes_without_padding_fail_together() -> None:
    model = GatedModel()
    assert lists(answer(model, np.ones((1, 2, 2)), np.ones((1, 3, 3)))) == [Code.FAILED_PRECONDITION] * 2
    assert model.runs == []


def test_batching_fills_up_to_an_allowed_size() -> None:
    model = GatedModel()
    outcomes = answer(model, floats(1, 2), floats(3, 4, 5), allowed_batch_sizes=(4, 8, 1000))
    assert model.runs[0]["x"].tolist() == [1, 2, 3, 4, 5, 3, 3, 3]
    assert lists(outcomes) == [[2.5, 3.0], [3.5, 4.0, 4.5]]


def test_batching_no_rows_need_no_filling_up() -> None:
    model = GatedModel()
    assert lists(answer(model, floats(), allowed_batch_sizes=(4, 1000))) == [[]]
    assert model.sizes == [0]


def test_batching_other_dtypes_run_alone() -> None:
    model = GatedModel()
    outcomes = answer(model, floats(2), np.array([4.0]), floats(6))
    assert [run["x"].dtype.name for run in model.runs] == ["float32", "float64", "float32"]
    assert lists(outcomes) == [[3.0], [4.0], [5.0]]


def test_batching_finds_the_guilty_call() -> None:
    def no_negatives(inputs: Mapping[str, np.ndarray]) -> Arrays:
        if inputs["x"].min() < 0:
            raise invalid_argument("x must not be negative")
        return {"y": inputs["x"] + 1}

    model = GatedModel(no_negatives)
    assert lists(answer(model, floats(1), floats(-1), floats(3))) == [[2.0], Code.INVALID_ARGUMENT, [4.0]]
    assert model.sizes == [3, 1, 1, 1]


def test_batching_other_errors_are_everybodys() -> None:
    def broken(inputs: Mapping[str, np.ndarray]) -> Arrays:
        raise RuntimeError("out of order")

    model = GatedModel(broken)
    first, second = answer(model, floats(1), floats(2))
    assert model.sizes == [2]
    assert isinstance(first, ServingError)
    assert isinstance(second, ServingError)
    assert (first.code, first.message) == (second.code, second.message) == (Code.INTERNAL, "out of order")
    assert first is not second  # raised in two threads, one would grow the other's traceback


def test_batching_outputs_need_the_batch() -> None:
    scalar = answer(GatedModel(lambda inputs: {"y": np.float32(1) + np.zeros(())}), floats(1), floats(2))
    assert [str(one) for one in scalar] == ["FAILED_PRECONDITION: Batched output tensor has 0 dimensions"] * 2
    short = answer(GatedModel(lambda inputs: {"y": inputs["x"][1:]}), floats(1, 2))
    assert [str(one) for one in short] == [
        "FAILED_PRECONDITION: Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes "
        "of the input tensors"
    ]


def test_batching_runs_when_one_call_still_has_time() -> None:
    now = time.monotonic()
    model = GatedModel()
    expired = answer(model, floats(1), floats(2), deadlines=(now - 1, now))
    assert [str(one) for one in expired] == [
        "RESOURCE_EXHAUSTED: Run() timeout exceeded while waiting in batching queue"
    ] * 2
    assert model.runs == []
    assert lists(answer(model, floats(1), floats(2), deadlines=(now - 1, now + 3600))) == [[2.5], [3.0]]
    assert lists(answer(model, floats(1), floats(2), deadlines=(now - 1, None))) == [[2.5], [3.0]]


class Listener:
    """A `done` with a `deliver`."""

    def __init__(self, loop: "Loop") -> None:
        self.deliver = loop.deliver

    def __call__(self, outcome: Outcome) -> None:
        raise AssertionError("deliver takes its place")


class Loop:
    """Stands for an event loop; counts what reaches it."""

    def __init__(self) -> None:
        self.deliveries: list[list[tuple[Any, Outcome]]] = []

    def deliver(self, answers: list[tuple[Any, Outcome]]) -> None:
        self.deliveries.append(answers)


def tasks_for(*listeners: Any) -> list[Task]:
    return [Task({}, 1, done, deadline=None, enqueued=0.0) for done in listeners]


def test_batching_delivers_a_batch_with_one_call() -> None:
    loop = Loop()
    listeners = [Listener(loop) for _ in range(3)]
    outcomes: list[Outcome] = [{}, ServingError(Code.INTERNAL, "no"), {}]
    running.deliver(tasks_for(*listeners), outcomes)
    assert loop.deliveries == [list(zip(listeners, outcomes, strict=True))]


def test_batching_delivers_one_by_one_to_mixed_listeners(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Outcome] = []
    outcomes: list[Outcome] = [{}, {}, {}]
    running.deliver(tasks_for(heard.append, Listener(Loop()), heard.append), outcomes)
    assert heard == [{}, {}]  # a listener that fails keeps nobody from his answer
    assert "could not be delivered" in caplog.text


def test_batching_delivers_a_split_call_once() -> None:
    loop = Loop()
    listener = Listener(loop)
    parts = Task({"x": floats(1, 2, 3)}, 3, listener, deadline=None, enqueued=0.0).split([2, 1])
    running.deliver(parts[1:], [{"y": floats(3)}])
    assert loop.deliveries == []
    running.deliver(parts[:1], [{"y": floats(1, 2)}])
    (((done, outcome),),) = loop.deliveries
    assert done is listener
    assert isinstance(outcome, dict)
    assert outcome["y"].tolist() == [1, 2, 3]

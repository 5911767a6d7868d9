"""A model whose calls run in batches: what it refuses, its own parameters, its end, and SavedModels behind it."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import saved_model
from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import Code, ServingError
from tests.serving.server.gated_model import HOUR, Answers, Arrays, GatedModel, held, start, values, x


def test_batching_separates_signatures_and_outputs(schedulers: list[BatchScheduler]) -> None:
    model, batched = held(start(schedulers))
    answers = Answers()
    wanted: list[tuple[str, list[str] | None]] = [("s", None), ("t", None), ("s", ["y"]), ("s", ["y", "same"])]
    for number, (name, outputs) in enumerate([*wanted, ("s", ["same", "y", "y"])]):
        batched.submit(name, x(number), answers.done(number), outputs=outputs)
    model.gate.set()
    outcomes = answers.wait(5)
    assert model.sizes == [1, 1, 1, 1, 2]
    assert [sorted(outcome) for _, outcome in sorted(outcomes.items()) if isinstance(outcome, dict)] == [
        ["same", "y"],
        ["same", "y"],
        ["y"],
        ["same", "y"],
        ["same", "y"],
    ]


def test_batching_splits_and_joins_large_calls(schedulers: list[BatchScheduler]) -> None:
    scheduler = start(schedulers, max_batch_size=10, enable_large_batch_splitting=True, max_execution_batch_size=4)
    model, batched = held(scheduler)
    answers = Answers()
    batched.submit("s", x(50), answers.done(0))
    batched.submit("s", x(*range(10)), answers.done(1))
    model.gate.set()
    outcomes = answers.wait(2)
    assert model.sizes == [1, 4, 4, 3]
    assert values(outcomes[0]) == [27.0]
    assert values(outcomes[1]) == [0.5 * number + 2 for number in range(10)]


def test_batching_refuses_at_once(schedulers: list[BatchScheduler]) -> None:
    model, batched = held(start(schedulers, max_batch_size=3, max_enqueued_batches=1))
    pair = {"x": np.ones((2, 1)), "z": np.ones((3, 1))}
    wrong: list[tuple[str, Any, str]] = [
        ("s", x(1, 2, 3, 4), "INVALID_ARGUMENT: Task size 4 is larger than maximum input batch size 3"),
        ("s", {"x": np.array(1.0)}, "INVALID_ARGUMENT: Batching Run() input tensors must have at least one dimension"),
        ("pair", pair, "INVALID_ARGUMENT: Batching Run() input tensors must have equal 0th-dimension size"),
        ("none", {}, "INVALID_ARGUMENT: Batching Run() must have at least one input tensor"),
        ("u", x(1), "INVALID_ARGUMENT: Signature 'u' was not found. This SavedModel has: none, pair, s, t."),
        (
            "s",
            {"z": np.ones(1)},
            "INVALID_ARGUMENT: Signature 's' got the inputs ['z'], but takes ['x']. Give exactly these names.",
        ),
    ]
    for signature, inputs, message in wrong:
        with pytest.raises(ServingError) as raised:
            batched.submit(signature, inputs, lambda outcome: None)
        assert str(raised.value) == message
    with pytest.raises(ServingError, match=r"no outputs \['q'\], but \['same', 'y'\]"):
        batched.submit("s", x(1), lambda outcome: None, outputs=["y", "q"])
    batched.submit("s", x(1, 2, 3), lambda outcome: None)
    with pytest.raises(ServingError, match="is full; currently 1 batches enqueued and max_enqueued_batches is 1"):
        batched.run("s", x(1))
    model.gate.set()


def test_batching_run_raises_the_models_error(schedulers: list[BatchScheduler]) -> None:
    def broken(inputs: Mapping[str, np.ndarray]) -> Arrays:
        raise ValueError("no such colour")

    batched = BatchedModel(GatedModel(broken), start(schedulers))
    with pytest.raises(ServingError, match="INVALID_ARGUMENT: no such colour"):
        batched.run("s", x(1))


def test_batching_model_with_its_own_parameters(schedulers: list[BatchScheduler]) -> None:
    scheduler = start(schedulers, max_batch_size=100)
    model, batched = held(scheduler, max_batch_size=2)
    answers = Answers()
    for number in range(4):
        batched.submit("s", x(number), answers.done(number))
    model.gate.set()
    answers.wait(4)
    assert model.sizes == [1, 2, 2]
    with pytest.raises(ServingError, match="last entry was 1; expected 1000"):
        BatchedModel(model, scheduler, BatchingParameters(allowed_batch_sizes=(1,)))


def test_batching_close_answers_what_is_queued(schedulers: list[BatchScheduler]) -> None:
    model, batched = held(start(schedulers), max_batch_size=1, batch_timeout_micros=HOUR)
    answers = Answers()
    batched.submit("s", x(1), answers.done(1))
    batched.submit("t", x(2), answers.done(2))
    closing = threading.Thread(target=batched.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    model.gate.set()
    closing.join(20)
    assert not closing.is_alive()
    assert {number: values(outcome) for number, outcome in answers.wait(2).items()} == {1: [2.5], 2: [3.0]}


def test_batching_close_wakes_open_batches(schedulers: list[BatchScheduler]) -> None:
    batched = BatchedModel(GatedModel(), start(schedulers, threads=2, batch_timeout_micros=HOUR))
    answers = Answers()
    batched.submit("s", x(2), answers.done(0))
    batched.close()
    assert values(answers.wait(1)[0]) == [3.0]
    batched.close()
    for signature in ("s", "t"):
        with pytest.raises(ServingError, match="UNAVAILABLE: The model is being unloaded"):
            batched.run(signature, x(1))


def test_batching_a_saved_model(schedulers: list[BatchScheduler], half_plus_two: Path) -> None:
    scheduler = start(
        schedulers, threads=2, max_batch_size=8, allowed_batch_sizes=(1, 2, 4, 8), max_enqueued_batches=100
    )
    with saved_model.load(half_plus_two / "00000123", intra_op_threads=1, inter_op_threads=1) as model:
        batched = BatchedModel(model, scheduler)
        assert batched.signatures is model.signatures
        assert batched.metadata is model.metadata

        def call(number: int) -> float:
            return batched.run("serving_default", {"x": np.array([[number]], np.float32)})["y"].item()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(call, range(200))) == [0.5 * number + 2 for number in range(200)]
        wrong = {"x": np.zeros((1, 1), np.float64)}
        with pytest.raises(ServingError, match=r"double vs\. expect float") as raised:
            batched.run("serving_default", wrong)
        assert raised.value.code is Code.INVALID_ARGUMENT
        batched.close()


def test_batching_saved_model_together(schedulers: list[BatchScheduler], half_plus_two: Path, echo: Path) -> None:
    # Two calls are a full batch, and nothing runs before it is full: the two must have run together.
    scheduler = start(schedulers, max_batch_size=2, batch_timeout_micros=HOUR, pad_variable_length_inputs=True)
    half = BatchedModel(saved_model.load(half_plus_two / "00000123"), scheduler)
    answers = Answers()
    half.submit("serving_default", {"x": np.zeros((0, 1), np.float32)}, answers.done(2))
    half.submit("serving_default", {"x": np.array([[1, 2]], np.float32)}, answers.done(0))
    half.submit("serving_default", {"x": np.array([[5, 6, 7]], np.float32)}, answers.done(1))
    outcomes = answers.wait(3)
    assert values(outcomes[0]) == [[2.5, 3.0, 2.5]]
    assert values(outcomes[1]) == [[4.5, 5.0, 5.5]]
    half.close()
    echoing = BatchedModel(saved_model.load(echo / "1"), scheduler)
    echoing.submit("number", {"default": np.array([b"12"], object)}, answers.done(0))
    echoing.submit("number", {"default": np.array([b"twelve"], object)}, answers.done(1))
    outcomes = answers.wait(2)
    assert values(outcomes[0], "out") == [12.0]
    assert "INVALID_ARGUMENT" in values(outcomes[1])
    assert "could not correctly convert string: twelve" in values(outcomes[1])
    echoing.close()

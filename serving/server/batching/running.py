"""Run one batch: join the inputs of its tasks, run the model once, and give each task its rows."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from serving.server import errors
from serving.server.batching import padding
from serving.server.batching.padding import NotAlikeError
from serving.server.batching.queues import BatchQueue, Done, Outcome, Task
from serving.server.errors import Code, ServingError

log = logging.getLogger(__name__)


def answer(queue: BatchQueue, tasks: Sequence[Task]) -> list[Outcome]:
    """Compute the outcome of each task; never raises.

    Tasks that cannot be joined, and those of a run that ended with INVALID_ARGUMENT, run again one by one, so that an
    error reaches only the call that caused it.
    """
    now = time.monotonic()
    if all(task.deadline is not None and task.deadline <= now for task in tasks):
        message = "Run() timeout exceeded while waiting in batching queue"
        return _to_all(tasks, ServingError(Code.RESOURCE_EXHAUSTED, message))
    try:
        return _together(queue, tasks)
    except NotAlikeError:
        pass
    except Exception as problem:  # whatever a model raises is its callers' answer
        error = errors.from_exception(problem)
        if error.code is not Code.INVALID_ARGUMENT or len(tasks) == 1:
            return _to_all(tasks, error)
    return [outcome for task in tasks for outcome in answer(queue, [task])]


def deliver(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> None:
    """Deliver the outcomes: all at once when the tasks share one `deliver`, else each to its `done`; never raises."""
    answers = [pair for pair in map(_finish, tasks, outcomes) if pair is not None]
    if not answers:
        return
    at_once: Any = getattr(answers[0][0], "deliver", None)
    if at_once is not None and all(getattr(done, "deliver", None) == at_once for done, _ in answers):
        _tell(at_once, answers)
        return
    for done, outcome in answers:
        _tell(done, outcome)


def filler(queue: BatchQueue, rows: int) -> int:
    """Count the rows that fill a batch of `rows` up to an allowed size; 0 if there is no row to copy."""
    return padding.allowed_size(rows, queue.parameters.allowed_batch_sizes) - rows if rows else 0


def _together(queue: BatchQueue, tasks: Sequence[Task]) -> list[Outcome]:
    """Run the tasks together; raises the error of the run."""
    rows = sum(task.size for task in tasks)
    added, pad = filler(queue, rows), queue.parameters.pad_variable_length_inputs
    merged = {
        alias: padding.join(alias, [task.inputs[alias] for task in tasks], filler=added, pad=pad)
        for alias in tasks[0].inputs
    }
    deadlines = [task.deadline for task in tasks]
    last = max((deadline for deadline in deadlines if deadline is not None), default=0.0)
    timeout_ms = 0 if None in deadlines else queue.model.timeout_until(last)
    outputs = queue.model.run(queue.signature, merged, outputs=queue.outputs, timeout_ms=timeout_ms)
    for array in outputs.values():
        _check_output(array, rows + added)
    answers: list[Outcome] = []
    start = 0
    for task in tasks:
        end = start + task.size
        answers.append({alias: array[start:end] for alias, array in outputs.items()})
        start = end
    return answers


def _check_output(array: np.ndarray, rows: int) -> None:
    """Refuse outputs that have not one row per row of the input, in TensorFlow Serving's words."""
    if not array.ndim:
        raise ServingError(Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
    if len(array) != rows:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors",
        )


def _finish(task: Task, outcome: Outcome) -> tuple[Done, Outcome] | None:
    """Pair a `done` with its outcome; None for a part that is not the last of its call."""
    if task.whole is None:
        return task.done, outcome
    whole = task.whole.add(task.part, outcome)
    return None if whole is None else (task.done, whole)


def _tell(listener: Callable[[Any], None], message: object) -> None:
    """Call back; a listener that fails (its event loop is closed) must not keep the answers from the others."""
    try:
        listener(message)
    except Exception:
        log.exception("An answer could not be delivered.")


def _to_all(tasks: Sequence[Task], error: ServingError) -> list[Outcome]:
    """Make an error object for each task, because several threads may raise them."""
    return [ServingError(error.code, error.message) for _ in tasks]

"""The queue of one signature: calls gather in batches, which wait for a thread.

The rules are those of TensorFlow's SharedBatchScheduler (tensorflow/core/kernels/batching_util/shared_batch_scheduler.h):
calls go into the last batch, which is open; when one does not fit, the batch is closed and another one opened, until
there are too many. A batch is ready for a thread when it is closed, full, or old enough. Nothing here takes a lock; the
scheduler does.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from serving.saved_model import LoadedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.errors import Code, ServingError, invalid_argument

Outcome = dict[str, np.ndarray] | ServingError
"""The outcome of a call: the outputs by alias, or the error."""

Done = Callable[[Outcome], None]


class Task:
    """One call, or one part of a call that is split over several batches."""

    __slots__ = ("deadline", "done", "enqueued", "inputs", "part", "size", "whole")

    def __init__(
        self, inputs: Mapping[str, np.ndarray], size: int, done: Done, *, deadline: float | None, enqueued: float
    ) -> None:
        self.inputs = inputs
        self.size = size
        self.done = done
        self.deadline = deadline
        self.enqueued = enqueued
        self.whole: Whole | None = None
        self.part = 0

    def split(self, sizes: Sequence[int]) -> list["Task"]:
        """Split into parts of these sizes, which are views of the inputs."""
        whole, parts, start = Whole(len(sizes)), [], 0
        for number, size in enumerate(sizes):
            rows = {alias: array[start : start + size] for alias, array in self.inputs.items()}
            part = Task(rows, size, self.done, deadline=self.deadline, enqueued=self.enqueued)
            part.whole, part.part = whole, number
            parts.append(part)
            start += size
        return parts


class Whole:
    """The outcomes of the parts of one call, until all are there."""

    def __init__(self, parts: int) -> None:
        self._outcomes: dict[int, Outcome] = {}
        self._parts = parts
        self._lock = threading.Lock()

    def add(self, part: int, outcome: Outcome) -> Outcome | None:
        """Add one part's outcome; return the joined outcome after the last part. The first error is the outcome of all."""
        with self._lock:
            self._outcomes[part] = outcome
            if len(self._outcomes) < self._parts:
                return None
        for one in self._outcomes.values():
            if isinstance(one, ServingError):
                return one
        answers: list[Any] = [self._outcomes[number] for number in range(self._parts)]
        try:
            return {alias: np.concatenate([answer[alias] for answer in answers]) for alias in answers[0]}
        except ValueError as error:  # padding gave the parts different shapes
            return ServingError(Code.INTERNAL, f"Tensor concat operation failed: {error}")


class Batch:
    """Tasks that run together."""

    __slots__ = ("opened", "queue", "size", "tasks")

    def __init__(self, queue: "BatchQueue") -> None:
        self.queue = queue
        self.tasks: list[Task] = []
        self.size = 0
        self.opened = 0.0
        """Time of the first task, in seconds of the monotonic clock."""


class BatchQueue:
    """Batches of one signature and set of outputs; all but the last are closed."""

    def __init__(
        self,
        model: LoadedModel,
        parameters: BatchingParameters,
        *,
        signature: str,
        inputs: Sequence[str],
        outputs: tuple[str, ...] | None,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.signature = signature
        self.inputs = frozenset(inputs)
        self.outputs = outputs
        self.active = False
        """Whether the scheduler knows that there are tasks here."""
        self.announced = False
        """Whether a thread was woken for this queue and has not reached it yet."""
        self.closed = False
        """Whether it takes no more tasks."""
        self.unfinished = 0
        """Tasks that are not answered yet."""
        self._splits = parameters.enable_large_batch_splitting
        self._largest = parameters.largest_batch
        self._most = max(parameters.max_enqueued_batches, 1)
        self._timeout = parameters.batch_timeout_micros / 1e6
        self._batches = deque([Batch(self)])

    def __bool__(self) -> bool:
        """Whether any task waits."""
        return bool(self._batches[0].tasks)

    def put(self, task: Task) -> None:
        """Add a task, perhaps in parts. Raises ServingError when it is too large or there is no room."""
        room = self._largest - self._batches[-1].size
        if task.size <= room:  # most calls; they are below every limit then
            self._add(task)
            return
        self._check(task.size, room)
        if not self._splits:
            self._batches.append(Batch(self))
            self._add(task)
            return
        full, rest = divmod(task.size - room, self._largest)
        sizes = [room, *[self._largest] * full, rest]
        for part in task.split([size for size in sizes if size]):
            if self._batches[-1].size + part.size > self._largest:
                self._batches.append(Batch(self))
            self._add(part)

    def take(self, now: float, *, hurry: bool = False) -> Batch | None:
        """Remove the first batch that is ready at the time `now`, if any; with `hurry` an open batch is ready too."""
        if len(self._batches) == 1:
            if not self or not (hurry or now >= self.ready_at()):
                return None
            self._batches.append(Batch(self))
        return self._batches.popleft()

    def ready_at(self) -> float:
        """Tell when the first batch is ready, in seconds of the monotonic clock; there must be a task."""
        first = self._batches[0]
        return first.opened if len(self._batches) > 1 or first.size >= self._largest else first.opened + self._timeout

    def wakes(self) -> bool:
        """Whether the last `put` opened or filled a batch, so that a waiting thread has a batch to take or to wait for."""
        last = self._batches[-1]
        return len(last.tasks) == 1 or last.size >= self._largest

    def _add(self, task: Task) -> None:
        """Put a task that fits into the open batch."""
        batch = self._batches[-1]
        if not batch.tasks:
            batch.opened = task.enqueued
        batch.tasks.append(task)
        batch.size += task.size
        self.unfinished += 1

    def _check(self, size: int, room: int) -> None:
        """Refuse a call that is too large for a call, or for the room in the queue, in TensorFlow's words."""
        largest = self.parameters.max_batch_size
        if size > largest:
            raise invalid_argument(f"Task size {size} is larger than maximum input batch size {largest}")
        waiting = len(self._batches)
        full = "The batch scheduling queue to which this task was submitted is full; "
        if not self._splits and waiting >= self._most:
            raise ServingError(
                Code.UNAVAILABLE,
                f"{full}currently {waiting} batches enqueued and max_enqueued_batches is {self._most}",
            )
        capacity = (self._most - waiting) * self._largest + room
        if self._splits and size > capacity:
            raise ServingError(
                Code.UNAVAILABLE,
                f"{full}task size is {size} but scheduling capacity is only {capacity} "
                f"(num_enqueued_batches={waiting}, max_enqueued_batches={self._most}, "
                f"open_batch_size={self._largest - room}, max_execution_batch_size={self._largest})",
            )


def closed() -> ServingError:
    """Make the error for calls on a model that is being unloaded."""
    return ServingError(Code.UNAVAILABLE, "The model is being unloaded and takes no more calls.")

"""A model whose calls run in batches."""

import threading
import time
from collections.abc import Mapping, Sequence
from queue import SimpleQueue

import numpy as np

from serving.saved_model import LoadedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.queues import BatchQueue, Done, Outcome, Task, closed
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import ServingError, invalid_argument


class BatchedModel:
    """A model whose calls run together with others; it has the attributes of LoadedModel."""

    def __init__(
        self, model: LoadedModel, scheduler: BatchScheduler, parameters: BatchingParameters | None = None
    ) -> None:
        """parameters: for this model; the scheduler's when absent. The parameters about threads are ignored."""
        if parameters is not None:
            parameters.check()
        self.model = model
        self.signatures = model.signatures
        self.metadata = model.metadata
        self._scheduler = scheduler
        self._parameters = parameters or scheduler.parameters
        self._queues: dict[tuple[str, tuple[str, ...] | None], BatchQueue] = {}
        self._lock = threading.Lock()
        self._closed = False

    def submit(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        done: Done,
        *,
        outputs: Sequence[str] | None = None,
        deadline: float | None = None,
    ) -> None:
        """Queue a call and return; `done` is called once, in a batch thread, with the outputs or a ServingError.

        inputs: alias to array [rows, ...], with the same number of rows. `outputs`: only these aliases. `deadline`: time
        of the monotonic clock, in seconds, after which the call need not start. When the `done` of all calls in a batch
        have the same attribute `deliver`, that is called instead, with a list of pairs (done, outcome).
        Raises ServingError at once for a call that cannot be queued: INVALID_ARGUMENT for a wrong one, UNAVAILABLE when
        the queue is full or the model is closed.
        """
        key = (signature, None if outputs is None else tuple(outputs))
        queue = self._queues.get(key) or self._open_queue(*key)
        size = _rows(queue, inputs)
        self._scheduler.put(queue, Task(inputs, size, done, deadline=deadline, enqueued=time.monotonic()))

    def run(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        *,
        outputs: Sequence[str] | None = None,
        deadline: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Submit a call and wait for its outputs; raises ServingError."""
        answers: SimpleQueue[Outcome] = SimpleQueue()
        self.submit(signature, inputs, answers.put, outputs=outputs, deadline=deadline)
        outcome = answers.get()
        if isinstance(outcome, ServingError):
            raise outcome
        return outcome

    def input_types(self, signature: str) -> dict[str, int]:
        """Return what the model itself returns."""
        return self.model.input_types(signature)

    def takes_at_most(self, seconds: float, signature: str) -> bool:
        """Return False: a call waits for others, however quick the model is."""
        return False

    def close(self) -> None:
        """Answer the queued calls, refuse new ones, and free the model; not to be called from a `done`."""
        with self._lock:
            self._closed = True
            queues = list(self._queues.values())
        self._scheduler.drain(queues)
        self.model.close()

    def _open_queue(self, signature: str, outputs: tuple[str, ...] | None) -> BatchQueue:
        """Open the queue of a signature and of some of its outputs, in any order. Raises ServingError for other names."""
        described = self.signatures.get(signature)
        if described is None:
            known = ", ".join(sorted(self.signatures)) or "none"
            raise invalid_argument(f"Signature '{signature}' was not found. This SavedModel has: {known}.")
        unknown = sorted(set(outputs or ()) - set(described.outputs))
        if unknown:
            raise invalid_argument(
                f"Signature '{signature}' has no outputs {unknown}, but {sorted(described.outputs)}. Ask for these."
            )
        if outputs is not None:
            outputs = tuple(sorted(set(outputs)))
        with self._lock:
            if self._closed:
                raise closed()
            queue = self._queues.get((signature, outputs))
            if queue is None:
                queue = BatchQueue(
                    self.model, self._parameters, signature=signature, inputs=tuple(described.inputs), outputs=outputs
                )
                self._queues[signature, outputs] = queue
            return queue


def _rows(queue: BatchQueue, inputs: Mapping[str, np.ndarray]) -> int:
    """Count the rows of each input. Raises ServingError, with TensorFlow Serving's words, when they cannot be batched."""
    if inputs.keys() != queue.inputs:
        raise invalid_argument(
            f"Signature '{queue.signature}' got the inputs {sorted(inputs)}, but takes {sorted(queue.inputs)}. "
            "Give exactly these names."
        )
    if not inputs:
        raise invalid_argument("Batching Run() must have at least one input tensor")
    rows = -1
    for array in inputs.values():
        if not array.ndim:
            raise invalid_argument("Batching Run() input tensors must have at least one dimension")
        if rows not in (-1, len(array)):
            raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
        rows = len(array)
    return rows

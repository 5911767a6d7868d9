"""TensorFlow Serving's batching: calls that wait for the same signature run together, and each gets its own rows.

One pool of threads serves the queues of all models in turn. With a timeout of 0 a free thread takes the waiting calls at
once, so batches form while all threads are busy; nothing is polled.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Sequence

from serving.server.batching import running
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.queues import Batch, BatchQueue, Task, closed
from serving.server.metrics import Metrics


class BatchScheduler:
    """The threads that run batches, shared by all models."""

    def __init__(self, parameters: BatchingParameters, *, metrics: Metrics | None = None) -> None:
        parameters.check()
        self._metrics = metrics
        self.parameters = parameters
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._drained = threading.Condition(self._lock)
        self._active: deque[BatchQueue] = deque()
        """Queues with tasks, in the order in which they are served; without those of unloaded versions."""
        self._idle = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{parameters.thread_pool_name}_{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, queue: BatchQueue, task: Task) -> None:
        """Queue a task. Raises ServingError when there is no room or the queue is closed."""
        with self._lock:
            if self._closed or queue.closed:
                raise closed()
            queue.put(task)
            if not queue.active:
                queue.active = True
                self._active.append(queue)
            if self._idle and not queue.announced and queue.wakes():
                queue.announced = True
                self._wake.notify()

    def drain(self, queues: Sequence[BatchQueue]) -> None:
        """Accept no more tasks in these queues, and wait until all their tasks are answered."""
        with self._lock:
            for queue in queues:
                queue.closed = True
            self._wake.notify_all()  # open batches are ready from now on
            self._drained.wait_for(lambda: not any(queue.unfinished for queue in queues))

    def close(self) -> None:
        """Accept no more tasks, answer the queued ones, and end the threads."""
        with self._lock:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        """Run batches until the scheduler is closed and no task is left; each thread does."""
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Run one batch; False when there will be none. A method of its own, so that a waiting thread keeps no model alive."""
        batch = self._take()
        if batch is None:
            return False
        queue, tasks, start = batch.queue, batch.tasks, time.monotonic()
        running.deliver(tasks, running.answer(queue, tasks))
        with self._lock:
            queue.unfinished -= len(tasks)
            if queue.closed:
                self._drained.notify_all()
        if self._metrics is not None:
            self._record(self._metrics, batch, start)
        return True

    def _record(self, metrics: Metrics, batch: Batch, start: float) -> None:
        """Count a batch that ran from `start`."""
        metrics.batch(
            self.parameters.thread_pool_name,
            waited=[start - task.enqueued for task in batch.tasks],
            sizes=[task.size for task in batch.tasks],
            rows=batch.size,
            padded=running.filler(batch.queue, batch.size),
        )

    def _take(self) -> Batch | None:
        """Wait for the next batch."""
        with self._lock:
            while True:
                now = time.monotonic()
                batch, ready_at = self._next(now)
                if batch is not None:
                    if self._active and self._idle:
                        self._wake.notify()  # another thread should take the rest, or wait until it is ready
                    return batch
                if self._closed:
                    return None
                self._idle += 1
                self._wake.wait(min(ready_at - now, threading.TIMEOUT_MAX))
                self._idle -= 1

    def _next(self, now: float) -> tuple[Batch | None, float]:
        """Find the first ready batch in the order of the queues, or else the time when there will be one."""
        ready_at = math.inf
        for _ in range(len(self._active)):
            queue = self._active.popleft()
            queue.announced = False
            batch = queue.take(now, hurry=self._closed or queue.closed)
            if queue:
                self._active.append(queue)
            else:
                queue.active = False
            if batch is not None:
                return batch, now
            ready_at = min(ready_at, queue.ready_at())
        return None, ready_at

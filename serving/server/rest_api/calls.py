"""The calls of the REST API on an event loop: each step runs on the loop itself or in a thread.

A thread costs tens of microseconds per call, more than it takes to read a small body or to run a small model; so these
run on the loop. All other work is done in threads, and leaves the loop free.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

import numpy as np

from serving.server.batching.model import BatchedModel
from serving.server.calls import examples as example_calls
from serving.server.calls import prediction as prediction_calls
from serving.server.calls.prediction import Prediction
from serving.server.calls.rules import PLAIN, Rules
from serving.server.metrics import Metrics
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import Version
from serving.server.recording.request_log import Kind, Record
from serving.server.rest_api import binary_bodies
from serving.server.rest_api.waiting import Outputs, Waiting

T = TypeVar("T")
SMALL_BYTES = 65_536
"""Bodies up to this size are read and written on the loop: a millisecond at most."""

INLINE_SECONDS = 0.0002
"""Signatures whose recent runs took less than this run on the loop."""


class Calls:
    """The calls on a repository, with the threads of `executor`."""

    def __init__(
        self,
        repository: Repository,
        executor: Executor,
        *,
        run_seconds: float = 0,
        rules: Rules = PLAIN,
        record: Record | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._repository = repository
        self._executor = executor
        self._run_seconds = run_seconds
        self._prepare = functools.partial(prediction_calls.prepare, repository, rules=rules)
        self._record = record
        self._metrics = metrics
        self._rules = rules

    async def predict(self, spec: ModelSpec, body: bytes) -> bytes:
        """Answer `:predict`."""
        prediction = self._prepare(spec, body) if len(body) <= SMALL_BYTES else await self._prepared(spec, body)
        try:
            start = time.perf_counter()
            outputs = await self._run(prediction, small=len(body) <= SMALL_BYTES)
            self._note(prediction.version, "predict", prediction.signature, prediction.inputs, start)
            return await self._sized(size_of(outputs), prediction_calls.answer, prediction, outputs)
        finally:
            self._repository.release(prediction.version)

    async def predict_binary(self, spec: ModelSpec, body: bytes, content_type: str) -> bytes:
        """Answer `:predict` on a body that is not JSON, in the same format."""
        return await self._threaded(self._binary, spec, body, content_type)

    async def classify(self, spec: ModelSpec, body: bytes) -> bytes:
        """Answer `:classify`."""
        return await self._threaded(self._on_examples, "classify", spec, body)

    async def regress(self, spec: ModelSpec, body: bytes) -> bytes:
        """Answer `:regress`."""
        return await self._threaded(self._on_examples, "regress", spec, body)

    async def _prepared(self, spec: ModelSpec, body: bytes) -> Prediction:
        """Read a large body in a thread; a call that is cancelled meanwhile releases its version."""
        running = self._executor.submit(self._prepare, spec, body)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            running.add_done_callback(self._release)
            raise

    def _release(self, ended: Future[Prediction]) -> None:
        if not ended.cancelled() and ended.exception() is None:
            self._repository.release(ended.result().version)

    def _binary(self, spec: ModelSpec, body: bytes, content_type: str) -> bytes:
        with self._repository.use(spec) as version:
            name, inputs, wanted = binary_bodies.parse(content_type, body, version, rules=self._rules)
            start = time.perf_counter()
            outputs = prediction_calls.run(version, name, inputs, outputs=wanted, deadline=self._deadline())
            self._note(version, "predict", name, inputs, start)
            return binary_bodies.write(content_type, outputs, version, name)

    def _on_examples(self, kind: Kind, spec: ModelSpec, body: bytes) -> bytes:
        name, examples = example_calls.read(body)
        answer = example_calls.classify if kind == "classify" else example_calls.regress
        with self._repository.use(spec) as version:
            start = time.perf_counter()
            text = answer(version, name, examples, rules=self._rules, deadline=self._deadline())
            self._note(version, kind, name, {"inputs": examples}, start)
            if self._metrics is not None:
                self._metrics.count_examples(version.name, len(examples))
            return text

    def _note(
        self, version: Version, kind: Kind, signature: str, inputs: Mapping[str, np.ndarray], start: float
    ) -> None:
        """Measure and record a run that began at `start`."""
        if self._metrics is not None:
            seconds = time.perf_counter() - start
            self._metrics.time_run(version.name, kind.capitalize(), "TF1", seconds, signature)
        if self._record is not None:
            self._record(version, kind, signature, inputs)

    async def _run(self, prediction: Prediction, *, small: bool) -> Outputs:
        """Run the model: in a batch, on the loop or in a thread."""
        version, signature, inputs, _, outputs, _ = prediction
        model = version.model
        if isinstance(model, BatchedModel):
            return await self._batched(model, prediction)
        run = functools.partial(
            prediction_calls.run, version, signature, inputs, outputs=outputs, deadline=self._deadline()
        )
        if small and outputs is None and model.takes_at_most(INLINE_SECONDS, signature):
            return run()
        return await self._threaded(run)

    async def _batched(self, model: BatchedModel, prediction: Prediction) -> Outputs:
        """Hand the inputs to the batch threads, and wait without a thread."""
        waiting = Waiting(asyncio.get_running_loop())
        model.submit(
            prediction.signature, prediction.inputs, waiting, outputs=prediction.outputs, deadline=self._deadline()
        )
        return await waiting.future

    def _deadline(self) -> float | None:
        return time.monotonic() + self._run_seconds if self._run_seconds else None

    async def _sized(self, size: int, work: Callable[..., T], *arguments: Any) -> T:
        """Do small work here and large work in a thread."""
        return work(*arguments) if size <= SMALL_BYTES else await self._threaded(work, *arguments)

    def _threaded(self, work: Callable[..., T], *arguments: Any, **named: Any) -> Awaitable[T]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._executor, functools.partial(work, *arguments, **named))


def size_of(outputs: Outputs) -> int:
    """Estimate the size of outputs in bytes; each string counts as 256."""
    return sum(array.nbytes if array.dtype != object else 256 * array.size for array in outputs.values())

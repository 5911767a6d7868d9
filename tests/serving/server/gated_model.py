"""A model without TensorFlow that writes down its runs and can be held back, so that batches form as a test wants."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import numpy as np

from serving.saved_model import LoadedModel
from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.queues import Outcome
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from tests.serving.server.fakes import make_versions

Arrays = dict[str, np.ndarray]
HOUR = 3_600_000_000
"""In microseconds: a timeout that no test waits for."""

FLOAT = SimpleNamespace(dtype=1)


def half_plus_two(inputs: Mapping[str, np.ndarray]) -> Arrays:
    return {"y": inputs["x"] * np.float32(0.5) + np.float32(2), "same": inputs["x"]}


def signature(*inputs: str) -> Any:
    return SimpleNamespace(inputs=dict.fromkeys(inputs, FLOAT), outputs={"y": FLOAT, "same": FLOAT})


class GatedModel(LoadedModel):
    """Signatures `s` (input `x`), `t` (input `x`) and `pair` (inputs `x`, `z`), all answered by `function`."""

    def __init__(self, function: Callable[[Mapping[str, np.ndarray]], Arrays] = half_plus_two) -> None:
        signatures = {"s": signature("x"), "t": signature("x"), "pair": signature("x", "z"), "none": signature()}
        super().__init__(None, signatures)
        self.function = function
        self.runs: list[Arrays] = []
        self.started: SimpleQueue[str] = SimpleQueue()
        """The signature of each run, put when it starts."""
        self.gate = threading.Event()
        """Runs go on while it is set."""
        self.gate.set()

    @property
    def sizes(self) -> list[int]:
        """Rows of each run."""
        return [len(next(iter(inputs.values()))) for inputs in self.runs]

    def timeout_until(self, deadline: float) -> int:
        """A limit that is never looked at."""
        return int(deadline)

    def run(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        *,
        outputs: Sequence[str] | None = None,
        timeout_ms: int = 0,
    ) -> Arrays:
        self.runs.append(dict(inputs))
        self.started.put(signature)
        if not self.gate.wait(20):
            raise TimeoutError("The test did not open the gate.")
        answers = self.function(inputs)
        return answers if outputs is None else {alias: answers[alias] for alias in outputs}


class Answers:
    """Takes outcomes as they come."""

    def __init__(self) -> None:
        self._outcomes: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()

    def done(self, number: int) -> Any:
        return lambda outcome: self._outcomes.put((number, outcome))

    def wait(self, count: int) -> dict[int, Outcome]:
        return dict(self._outcomes.get(timeout=20) for _ in range(count))


def values(outcome: Outcome, alias: str = "y") -> Any:
    return str(outcome) if isinstance(outcome, ServingError) else outcome[alias].tolist()


@contextmanager
def gated(base: Path, model: GatedModel, parameters: BatchingParameters | None = None) -> Iterator[Repository]:
    """A repository whose one model `m` is the given one, in batches if there are parameters."""
    scheduler = BatchScheduler(parameters) if parameters else None
    loaded: Any = BatchedModel(model, scheduler) if scheduler else model
    repository = Repository(lambda _config, _folder: loaded)
    repository.apply([ModelConfig(name="m", base_path=make_versions(base / "m", 1))])
    try:
        yield repository
    finally:
        repository.close()
        if scheduler:
            scheduler.close()


class NoThreads(Executor):
    """Batched calls must need no thread of the API's own."""

    def submit(self, *_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("a thread was asked for")


def batch_body(*numbers: float) -> bytes:
    return json.dumps({"signature_name": "s", "instances": list(numbers)}).encode()


M = ModelSpec(name="m")
"""The model of `gated`."""


def start(schedulers: list[BatchScheduler], *, threads: int = 1, **parameters: Any) -> BatchScheduler:
    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=threads, **parameters))
    schedulers.append(scheduler)
    return scheduler


def held(scheduler: BatchScheduler, **parameters: Any) -> tuple[GatedModel, BatchedModel]:
    """A model whose first call keeps the only thread busy until the gate opens."""
    model = GatedModel()
    batched = BatchedModel(model, scheduler, BatchingParameters(**parameters) if parameters else None)
    model.gate.clear()
    batched.submit("s", x(0), lambda outcome: None)
    assert model.started.get(timeout=20) == "s"
    return model, batched


def x(*values: float) -> dict[str, np.ndarray]:
    return {"x": np.array(values, np.float32)}

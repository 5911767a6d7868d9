"""A model without TensorFlow that writes down its runs and can be held back, so that batches form as a test wants."""

import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import numpy as np

from serving.saved_model import LoadedModel
from serving.server.batching.queues import Outcome
from serving.server.errors import ServingError

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

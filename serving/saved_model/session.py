"""A SavedModel in a version 1 session: the way TensorFlow Serving runs it.

Eager loading (`tf.saved_model.load`) hides exports that TensorFlow Serving cannot run, and costs ten times as much.
TensorFlow is imported inside the functions, so that importing this module costs nothing.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np

from serving.saved_model import prepared
from serving.saved_model.names import INIT_SIGNATURE
from serving.saved_model.prepared import Prepared

QUICK_SECONDS = 0.002
"""A signature whose runs stay below this is not worth the way through TensorFlow's thread pool."""

PREEMPTED_SECONDS = 0.02
"""Up to this, a run in the calling thread counts with its processor time: the rest was spent waiting for others."""

RECENT = 0.9
"""The factor by which the longest run of a signature is forgotten per run: 50 quick runs make up for the first, 100 times as long."""

_CORES = os.cpu_count() or 1
_under_way: list[None] = []
"""One entry for each run of any model; a list, because append and pop need no lock."""


class LoadedModel:
    """The signatures of one SavedModel and the session that answers them; safe to use from several threads."""

    def __init__(
        self,
        session: Any,
        signatures: Mapping[str, Any],
        *,
        usual_timeout_ms: int = 0,
        fragile: bool = False,
        few_runs: bool = False,
    ) -> None:
        """`fragile`: missing dimensions can end the process. `few_runs`: see `load`."""
        self.metadata: Mapping[str, Any] = MappingProxyType(dict(signatures))
        """The signatures of the graph, the initialiser included: TensorFlow Serving lists it too."""
        self.signatures: Mapping[str, Any] = MappingProxyType(
            {name: signature for name, signature in signatures.items() if name != INIT_SIGNATURE}
        )
        self._input_types = {
            name: {alias: int(info.dtype) for alias, info in sorted(signature.inputs.items())}
            for name, signature in signatures.items()
        }
        self.usual_timeout_ms = usual_timeout_ms
        """Time limit of most runs, see `timeout_until`."""
        self._session = session
        self._fragile, self._few_runs = fragile, few_runs
        self._prepared: dict[tuple[str, tuple[str, ...] | None], Prepared] = {}
        self._lock = threading.Lock()

    def run(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        *,
        outputs: Sequence[str] | None = None,
        timeout_ms: int = 0,
    ) -> dict[str, np.ndarray]:
        """Answer `inputs` (alias to array) with the outputs, or those named; strings are object arrays of bytes.

        The shape is not compared with the signature's, as in TensorFlow Serving: the graph decides. Only missing
        dimensions are refused, where they can end the process (see FRAGILE_OPS). Raises ValueError for those, for an unknown
        signature and for other input or output names, and the `tf.errors` of the run itself (InvalidArgumentError for
        a wrong dtype or shape, DeadlineExceededError after `timeout_ms`, 0 for no limit). Each other limit costs memory
        and time once: see `timeout_until`.
        """
        key = (signature, None if outputs is None else tuple(sorted(set(outputs))))
        ready = self._prepared.get(key) or self._prepare(*key)
        arrays = prepared.in_order(signature, ready, inputs)
        alone = len(_under_way) + 1 < _CORES
        # Only a run that is far below its limit may leave TensorFlow's threads, and with them the limit.
        far_below = not timeout_ms or ready.recent * 20_000 < timeout_ms
        here = far_below and (ready.recent < QUICK_SECONDS or not alone)
        call = ready.here if here else ready.pooled.get(timeout_ms) or self._limited(key, timeout_ms)
        start, work = time.perf_counter(), time.thread_time()
        _under_way.append(None)
        try:
            answers = call(*arrays)
        except Exception as error:
            _explain(error)
            raise
        finally:
            _under_way.pop()
            seconds = time.perf_counter() - start
            if here and seconds < PREEMPTED_SECONDS:
                seconds = time.thread_time() - work
            ready.recent = seconds if ready.recent == math.inf else max(seconds, ready.recent * RECENT)
        return {alias: _as_array(answers[position]) for alias, position in ready.outputs}

    def timeout_until(self, deadline: float) -> int:
        """The `timeout_ms` for a run that nobody waits for after `deadline`, in seconds of the monotonic clock.

        Rounded up to a power of two or to the usual limit, so that there are only a few. At least 1.
        """
        left = math.ceil((deadline - time.monotonic()) * 1000)
        rounded = 1 << (left - 1).bit_length() if left > 1 else 1
        return min(rounded, self.usual_timeout_ms) if 0 < left <= self.usual_timeout_ms else rounded

    def input_types(self, signature: str) -> dict[str, int]:
        """TensorFlow's data type number of each input of a signature, sorted by alias."""
        return self._input_types[signature]

    def takes_at_most(self, seconds: float, signature: str) -> bool:
        """Whether the recent runs of a signature (with all its outputs) took no longer; False when it never ran."""
        ready = self._prepared.get((signature, None))
        return ready is not None and ready.recent <= seconds

    def close(self) -> None:
        """Free the session; the caller sees to it that no run is under way."""
        with self._lock:
            self._prepared.clear()
            if self._session is not None:
                self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self, signature: str, outputs: tuple[str, ...] | None) -> Prepared:
        """Make the session callables of a signature and of some of its outputs, once."""
        if signature not in self.signatures:
            known = ", ".join(sorted(self.signatures)) or "none"
            raise ValueError(f"Signature '{signature}' was not found. This SavedModel has: {known}.")
        with self._lock:
            if self._session is None:
                raise ValueError("This model is closed. Load it again to run it.")
            key = (signature, outputs)
            if key not in self._prepared:
                self._prepared[key] = prepared.prepare(
                    self._session,
                    self.signatures[signature],
                    outputs,
                    fragile=self._fragile,
                    few_runs=self._few_runs,
                )
            return self._prepared[key]

    def _limited(self, key: tuple[str, tuple[str, ...] | None], timeout_ms: int) -> Callable[..., list[Any]]:
        """The pooled callable with another time limit, made once."""
        ready = self._prepare(*key)
        with self._lock:
            if timeout_ms not in ready.pooled:
                if self._session is None:
                    raise ValueError("This model is closed. Load it again to run it.")
                ready.pooled[timeout_ms] = prepared.session_callable(
                    self._session, ready.feeds, ready.fetches, timeout_in_ms=timeout_ms
                )
            return ready.pooled[timeout_ms]


def _as_array(value: Any) -> np.ndarray:
    """A rank 0 answer comes back as a NumPy scalar or as bytes; bytes need dtype object to keep trailing zeros."""
    return np.asarray(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)


def _explain(error: Exception) -> None:
    """Say what the usual broken Keras export looks like from here; other errors speak for themselves."""
    import tensorflow as tf

    if isinstance(error, UnicodeDecodeError):  # TensorFlow's message quotes bytes of the input; its code is lost
        message = error.object.decode("utf-8", "backslashreplace")
        raise tf.errors.InvalidArgumentError(None, None, message) from None
    if not isinstance(error, tf.errors.FailedPreconditionError) or "Could not find variable" not in error.message:
        return
    message = (
        f"{error.message}\nThis export answers only in eager mode: its variables are not tracked, so TensorFlow "
        "Serving cannot run it. Export the Keras model again with model.export(folder), not with tf.saved_model.save."
    )
    raise tf.errors.FailedPreconditionError(None, None, message) from error

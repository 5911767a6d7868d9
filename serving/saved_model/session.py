"""A SavedModel in a version 1 session: the way TensorFlow Serving runs it.

Eager loading (`tf.saved_model.load`) hides exports that TensorFlow Serving cannot run, and costs ten times as much.
TensorFlow is imported inside the functions, so that importing this module costs nothing.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np

from serving.saved_model.names import INIT_SIGNATURE

QUICK_SECONDS = 0.002
"""A signature whose runs stay below this is not worth the way through TensorFlow's thread pool."""

PREEMPTED_SECONDS = 0.02
"""Up to this, a run in the calling thread counts with its processor time: the rest was spent waiting for others."""

RECENT = 0.9
"""How slowly the longest run of a signature is forgotten: 50 quick runs make up for the first, 100 times as long."""

_CORES = os.cpu_count() or 1
_under_way: list[None] = []
"""One entry for each run of any model; a list, because append and pop need no lock."""


@dataclass
class _Prepared:
    """One signature, ready to run: aliases in the order in which the callables take and give arrays."""

    pooled: dict[int, Callable[..., list[Any]]]
    """Time limit in milliseconds (0: none) to what runs ops side by side in TensorFlow's threads, and ends then."""
    here: Callable[..., list[Any]]
    """Runs one op after the other in the calling thread, without a time limit, but with less overhead."""
    feeds: tuple[str, ...]
    fetches: tuple[str, ...]
    """Names of the tensors in the graph."""
    inputs: tuple[str, ...]
    names: frozenset[str]
    outputs: tuple[tuple[str, int], ...]
    """Output alias and its position in the answer; two aliases may share one tensor."""
    fewest_dims: tuple[int, ...]
    """For each input, see `_fewest_dims`."""
    recent: float = math.inf
    """Longest of the recent runs, in seconds, slowly forgotten."""


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
        """What the graph declares, the initialiser included: TensorFlow Serving lists it too."""
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
        self._prepared: dict[tuple[str, tuple[str, ...] | None], _Prepared] = {}
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
        prepared = self._prepared.get(key) or self._prepare(*key)
        arrays = _in_order(signature, prepared, inputs)
        alone = len(_under_way) + 1 < _CORES
        # Only a run that is far below its limit may leave TensorFlow's threads, and with them the limit.
        far_below = not timeout_ms or prepared.recent * 20_000 < timeout_ms
        here = far_below and (prepared.recent < QUICK_SECONDS or not alone)
        call = prepared.here if here else prepared.pooled.get(timeout_ms) or self._limited(key, timeout_ms)
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
            prepared.recent = seconds if prepared.recent == math.inf else max(seconds, prepared.recent * RECENT)
        return {alias: _as_array(answers[position]) for alias, position in prepared.outputs}

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
        prepared = self._prepared.get((signature, None))
        return prepared is not None and prepared.recent <= seconds

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

    def _prepare(self, signature: str, outputs: tuple[str, ...] | None) -> _Prepared:
        """Make the session callables of a signature and of some of its outputs, once."""
        if signature not in self.signatures:
            known = ", ".join(sorted(self.signatures)) or "none"
            raise ValueError(f"Signature '{signature}' was not found. This SavedModel has: {known}.")
        with self._lock:
            if self._session is None:
                raise ValueError("This model is closed. Load it again to run it.")
            key = (signature, outputs)
            if key not in self._prepared:
                self._prepared[key] = _prepare(
                    self._session,
                    self.signatures[signature],
                    outputs,
                    fragile=self._fragile,
                    few_runs=self._few_runs,
                )
            return self._prepared[key]

    def _limited(self, key: tuple[str, tuple[str, ...] | None], timeout_ms: int) -> Callable[..., list[Any]]:
        """The pooled callable with another time limit, made once."""
        prepared = self._prepare(*key)
        with self._lock:
            if timeout_ms not in prepared.pooled:
                if self._session is None:
                    raise ValueError("This model is closed. Load it again to run it.")
                prepared.pooled[timeout_ms] = _callable(
                    self._session, prepared.feeds, prepared.fetches, timeout_in_ms=timeout_ms
                )
            return prepared.pooled[timeout_ms]


def _prepare(
    session: Any, signature: Any, chosen: tuple[str, ...] | None, *, fragile: bool, few_runs: bool
) -> _Prepared:
    """Look at a signature, and make the callable that runs it in the calling thread; for few runs the pooled one does for both."""
    inputs, outputs = sorted(signature.inputs), sorted(signature.outputs) if chosen is None else list(chosen)
    unknown = [alias for alias in outputs if alias not in signature.outputs]
    if unknown:
        raise ValueError(f"Output '{unknown[0]}' was not found. This signature has: {', '.join(signature.outputs)}.")
    names = [info.name for side in (signature.inputs, signature.outputs) for info in side.values()]
    if not all(names):
        raise ValueError("This signature has a sparse or ragged tensor; only dense tensors can be served.")
    fetches = tuple(dict.fromkeys(signature.outputs[alias].name for alias in outputs))
    feeds = tuple(signature.inputs[alias].name for alias in inputs)
    here = _callable(session, feeds, fetches, **({} if few_runs else {"inter_op_thread_pool": -1}))
    return _Prepared(
        here=here,
        pooled={0: here} if few_runs else {},
        feeds=feeds,
        fetches=fetches,
        inputs=tuple(inputs),
        names=frozenset(inputs),
        outputs=tuple((alias, fetches.index(signature.outputs[alias].name)) for alias in outputs),
        fewest_dims=tuple(_fewest_dims(signature.inputs[alias].tensor_shape) if fragile else 0 for alias in inputs),
    )


def _callable(
    session: Any, feeds: Sequence[str], fetches: Sequence[str], **run_options: int
) -> Callable[..., list[Any]]:
    """A session callable, by far the cheapest way into the graph: `Session.run` and eager signatures check more."""
    from tensorflow.core.protobuf import config_pb2

    options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
    for name, value in run_options.items():
        setattr(options.run_options, name, value)
    # Private, but what TensorFlow Serving does; the public make_callable feeds through the slow Session.run.
    return session._make_callable_from_options(options)


def _in_order(signature: str, prepared: _Prepared, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays as the callables take them, checked for names and missing dimensions."""
    if inputs.keys() != prepared.names:
        raise ValueError(
            f"Signature '{signature}' got the inputs {sorted(inputs)}, but takes {list(prepared.inputs)}. "
            "Give exactly these names."
        )
    arrays = [inputs[alias] for alias in prepared.inputs]
    for alias, array, fewest in zip(prepared.inputs, arrays, prepared.fewest_dims, strict=True):
        if array.ndim < fewest:
            raise ValueError(
                f"Input '{alias}' has the shape {list(array.shape)}, but signature '{signature}' takes {fewest} "
                "dimensions. Give all of them, the batch first."
            )
    return arrays


def _fewest_dims(shape: Any) -> int:
    """How many dimensions an input of a fragile graph must have at least.

    Where a row is one number ([-1] or [-1, 1]) any will do: TensorFlow Serving answers plain numbers there.
    """
    return len(shape.dim) if any(dim.size != 1 for dim in shape.dim[1:]) else 0


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

"""One signature of a session, ready to run: the callables of the session, and arrays in the order in which they take them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Prepared:
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


def prepare(session: Any, signature: Any, chosen: tuple[str, ...] | None, *, fragile: bool, few_runs: bool) -> Prepared:
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
    here = session_callable(session, feeds, fetches, **({} if few_runs else {"inter_op_thread_pool": -1}))
    return Prepared(
        here=here,
        pooled={0: here} if few_runs else {},
        feeds=feeds,
        fetches=fetches,
        inputs=tuple(inputs),
        names=frozenset(inputs),
        outputs=tuple((alias, fetches.index(signature.outputs[alias].name)) for alias in outputs),
        fewest_dims=tuple(_fewest_dims(signature.inputs[alias].tensor_shape) if fragile else 0 for alias in inputs),
    )


def session_callable(
    session: Any, feeds: Sequence[str], fetches: Sequence[str], **run_options: int
) -> Callable[..., list[Any]]:
    """A session callable, by far the cheapest way into the graph: `Session.run` and eager signatures check more."""
    from tensorflow.core.protobuf import config_pb2

    options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
    for name, value in run_options.items():
        setattr(options.run_options, name, value)
    # Private, but what TensorFlow Serving does; the public make_callable feeds through the slow Session.run.
    return session._make_callable_from_options(options)


def in_order(signature: str, prepared: Prepared, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
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
    """The fewest dimensions that an input of a fragile graph may have.

    Where a row is one number ([-1] or [-1, 1]) any will do: TensorFlow Serving answers plain numbers there.
    """
    return len(shape.dim) if any(dim.size != 1 for dim in shape.dim[1:]) else 0

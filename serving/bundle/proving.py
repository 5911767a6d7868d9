"""The proof of a bundle: its signatures run in a v1 session and compared with the Keras model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from serving import saved_model
from serving.bundle.reading import BundleError

TOLERANCE = 1e-5
"""Largest difference between the bundle's answers and the Keras model's; of an output whose values pass 1 (logits), as a share of its
largest, since float32 rounds in proportion."""


Arrays = Mapping[str, NDArray[Any]]
"""Arrays by name."""


class Proof(NamedTuple):
    """Requests with the answers that the Keras model gives to them."""

    signature: str
    inputs: Arrays
    outputs: Arrays
    """Expected values, for some or all outputs: numbers are held to TOLERANCE, strings (bytes) must be equal."""


def prove(folder: Path, proofs: Sequence[Proof]) -> float:
    """Load the SavedModel in a v1 session, run every proof, and return the largest difference.

    Raises BundleError when it does not load or run there, and when it answers otherwise than the proofs.
    """
    return proven(folder, proofs)[0]


def proven(folder: Path, proofs: Sequence[Proof]) -> tuple[float, Mapping[str, Any]]:
    """The largest difference of `prove`, and the SignatureDefs that were loaded, by name."""
    import tensorflow as tf

    largest = 0.0
    try:
        with saved_model.load(folder, few_runs=True) as loaded:
            answers = [loaded.run(proof.signature, proof.inputs) for proof in proofs]
            signatures = loaded.signatures
    except (ValueError, OSError, tf.errors.OpError) as error:
        raise BundleError(f"the export does not run in a v1 session, which is how it is served: {error}") from error
    for proof, answer in zip(proofs, answers, strict=True):
        for name, expected in proof.outputs.items():
            largest = max(largest, _difference(proof.signature, name, answer[name], expected))
    return largest, signatures


def _difference(signature: str, name: str, found: NDArray[Any], expected: NDArray[Any]) -> float:
    if found.shape != expected.shape:
        raise BundleError(f"signature {signature!r}: {name} has shape {found.shape}; the model gives {expected.shape}")
    if found.dtype == object:
        if not np.array_equal(found, expected):
            raise BundleError(
                f"signature {signature!r}: {name} is {found.tolist()}; the model gives {expected.tolist()}"
            )
        return 0.0
    other = found != expected  # Equal infinities (the logarithm of 0) have no difference.
    difference = float(np.max(np.abs(found[other].astype(np.float64) - expected[other]), initial=0.0))
    finite = expected[np.isfinite(expected)]
    allowed = TOLERANCE * max(1.0, float(np.max(np.abs(finite), initial=0.0)))
    if not difference <= allowed:
        raise BundleError(
            f"signature {signature!r}: {name} differs from the model by {difference:.3g}; expected at most {allowed:.3g}"
        )
    return difference

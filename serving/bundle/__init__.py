"""The bundle: write it, prove it, read it, and its warm-up requests."""

from serving.bundle.proving import TOLERANCE, Arrays, Proof, prove
from serving.bundle.reading import FORMAT, BundleError, find, read_description
from serving.bundle.writing import METHOD_CLASSIFY, write

__all__ = [
    "FORMAT",
    "METHOD_CLASSIFY",
    "TOLERANCE",
    "Arrays",
    "BundleError",
    "Proof",
    "find",
    "prove",
    "read_description",
    "write",
]

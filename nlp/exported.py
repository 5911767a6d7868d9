"""The types of an exported model's signatures, and of the requests that prove them."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

Signature = tuple[Callable[..., dict[str, Any]], dict[str, tf.TensorSpec]]
"""A function of named tensors, and the name, shape and dtype of each."""
Request = tuple[str, dict[str, NDArray[Any]], dict[str, NDArray[Any]]]
"""Signature, inputs, expected outputs."""

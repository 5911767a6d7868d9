"""One JSON value to one NumPy array, with a check of each element and the messages of TensorFlow Serving."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pybase64

from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.json_bodies import text as json_text
from serving.server.json_bodies.parser import RepeatedNames

MOST_DIMENSIONS = 63
"""Limit for one row: a NumPy array has 64 at most, and the batch is one of them."""


class Dtype(NamedTuple):
    """One TensorFlow data type: its name in messages and the types of its values."""

    name: str
    numpy: Any
    wide: Any
    """The type in which JSON numbers are collected, before they are converted to `numpy`."""
    limits: tuple[int, int] | None = None
    """Range of accepted integers; the narrow types wrap, as in TensorFlow Serving."""


STRING, BOOL = 7, 10
INT32 = (-(2**31), 2**31 - 1)
DTYPES = {
    1: Dtype("float", np.float32, np.float64),
    2: Dtype("double", np.float64, np.float64),
    3: Dtype("int32", np.int32, np.int64, INT32),
    4: Dtype("uint8", np.uint8, np.int64, INT32),
    5: Dtype("int16", np.int16, np.int64, INT32),
    6: Dtype("int8", np.int8, np.int64, INT32),
    STRING: Dtype("string", np.object_, np.object_),
    9: Dtype("int64", np.int64, np.int64, (-(2**63), 2**63 - 1)),
    BOOL: Dtype("bool", np.bool_, np.bool_),
    22: Dtype("uint32", np.uint32, np.int64, (0, 2**32 - 1)),
    23: Dtype("uint64", np.uint64, np.uint64, (0, 2**64 - 1)),
}
"""The types that TensorFlow Serving accepts in JSON, by their number in a TensorInfo (DT_FLOAT is 1)."""

FLOAT16 = {
    14: Dtype("bfloat16", ml_dtypes.bfloat16, np.float64),
    19: Dtype("half", np.float16, np.float64),
}
"""Types that TensorFlow Serving refuses in JSON; the parameter `float16` accepts them."""

OTHER_NAMES = {8: "complex64", 17: "uint16", 18: "complex128", 20: "resource", 21: "variant"}
"""More types that TensorFlow Serving refuses in JSON, as this server does."""

EMPTY = {number: dtype.numpy for number, dtype in FLOAT16.items()} | {
    8: np.complex64,
    17: np.uint16,
    18: np.complex128,
}
"""Array types for refused types: a tensor without elements is accepted."""


def dtype_of(number: int, *, float16: bool = False) -> Dtype | None:
    """Look up a TensorFlow data type number; None when JSON cannot hold the type."""
    return DTYPES.get(number) or (FLOAT16.get(number) if float16 else None)


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "<text>"}` and nothing else."""
    alone = isinstance(value, dict) and len(value) == 1 and not isinstance(value, RepeatedNames)
    return alone and isinstance(value.get("b64"), str)


def dtype_name(number: int) -> str:
    """Look up TensorFlow's short name of a data type number."""
    dtype = dtype_of(number, float16=True)
    return dtype.name if dtype else OTHER_NAMES.get(number, f"unknown dtype enum ({number})")


def converted(numbers: np.ndarray, dtype: Dtype) -> np.ndarray | None:
    """Convert numbers as they were read (int64, uint64 or float64) to a data type; None when it cannot hold them."""
    if dtype.wide is np.float64:
        return _narrowed(numbers.astype(np.float64, copy=False), dtype)
    if dtype.limits is None or (numbers.size and numbers.dtype.kind == "f"):
        return None
    fits = numbers.size == 0 or (numbers.min() >= dtype.limits[0] and numbers.max() <= dtype.limits[1])
    return numbers.astype(dtype.numpy, copy=False) if fits else None


def filled(value: Any, number: int, *, float16: bool = False) -> np.ndarray:
    """Make the array of one JSON value, with a check of each element; the first elements decide the shape."""
    shape, inner = [], value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if len(shape) > MOST_DIMENSIONS:
        raise invalid_argument(
            f"A list nested {len(shape)} deep was found; tensors have at most {MOST_DIMENSIONS} dims"
        )
    dtype = dtype_of(number, float16=float16)
    leaves: list[Any] = []
    _fill(value, 0, shape, lambda leaf: leaves.append(_element(leaf, number, dtype)))
    if dtype is None:
        return np.empty(shape, EMPTY.get(number, np.object_))
    if dtype.wide is np.object_:
        flat = np.empty(len(leaves), np.object_)
        flat[:] = leaves
        return flat.reshape(shape)
    return _narrowed(np.array(leaves, dtype.wide), dtype).reshape(shape)


@np.errstate(over="ignore")
def _narrowed(numbers: np.ndarray, dtype: Dtype) -> np.ndarray:
    """Convert to a narrower type; a double beyond float's range becomes infinite, as in TensorFlow Serving."""
    return numbers.astype(dtype.numpy, copy=False)


def _fill(value: Any, level: int, shape: list[int], add: Callable[[Any], None]) -> None:
    """Walk through the lists, and give every leaf to `add`."""
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {json_text.quote(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        add(value)
        return
    if level >= len(shape):
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for item in value:
        _fill(item, level + 1, shape, add)


def _element(value: Any, number: int, dtype: Dtype | None) -> Any:
    """Convert one leaf to a value of the data type."""
    if dtype is None and not isinstance(value, dict):
        message = f"Conversion of JSON Value: {json_text.quote(value)} to type: {dtype_name(number)}"
        raise ServingError(Code.UNIMPLEMENTED, message)
    if number == STRING and isinstance(value, dict):
        return decode_base64(value)
    if number == STRING and isinstance(value, str):
        return json_text.to_bytes(value)
    if number == BOOL and isinstance(value, bool):
        return value
    if dtype and isinstance(value, int | float) and not isinstance(value, bool):
        if dtype.wide is np.float64:
            return value
        if dtype.limits and isinstance(value, int) and dtype.limits[0] <= value <= dtype.limits[1]:
            return value
    raise invalid_argument(
        f"JSON Value: {json_text.quote(value)} Type: {json_text.type_name(value)} is not of expected type: "
        f"{dtype_name(number)}"
    )


def decode_base64(value: dict[str, Any]) -> bytes:
    """Decode the bytes of `{"b64": "<text>"}`, as absl::Base64Unescape does.

    White space is allowed anywhere. The padding, of `=` or `.`, is complete or absent.
    """
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {json_text.quote(value)} not formatted correctly for base64 data")
    try:
        text = json_text.to_bytes(value["b64"])
        with contextlib.suppress(ValueError):  # nearly always: no white space, and padded
            return pybase64.b64decode(text, validate=True)
        text = b"".join(text.split())
        data = text.rstrip(b"=.")
        padding = -len(data) % 4
        if len(text) - len(data) in (0, padding):
            return pybase64.b64decode(data + b"=" * padding, validate=True)
    except ValueError:  # binascii.Error, or a character that is not a byte
        pass
    raise invalid_argument("Unable to base64 decode")

"""One JSON value to one NumPy array, each element checked, with the messages of TensorFlow Serving."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from serving.server import json_text
from serving.server.errors import Code, ServingError, invalid_argument

MOST_DIMENSIONS = 63
"""Of one row: a NumPy array has 64 at most, and the batch is one of them."""


class Dtype(NamedTuple):
    """One TensorFlow data type: its name in messages and how its values are kept."""

    name: str
    numpy: Any
    limits: tuple[int, int] | None = None
    """Range of the integer tokens that are taken; the narrow types wrap, as in TensorFlow Serving."""


STRING = 7
INT32 = (-(2**31), 2**31 - 1)
DTYPES = {
    1: Dtype("float", np.float32),
    2: Dtype("double", np.float64),
    3: Dtype("int32", np.int32, INT32),
    4: Dtype("uint8", np.uint8, INT32),
    5: Dtype("int16", np.int16, INT32),
    6: Dtype("int8", np.int8, INT32),
    STRING: Dtype("string", np.object_),
    9: Dtype("int64", np.int64, (-(2**63), 2**63 - 1)),
    10: Dtype("bool", np.bool_),
    22: Dtype("uint32", np.uint32, (0, 2**32 - 1)),
    23: Dtype("uint64", np.uint64, (0, 2**64 - 1)),
}
"""Number in a TensorInfo (DT_FLOAT is 1) to the types that JSON can carry."""

OTHER_NAMES = {
    8: "complex64",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "half",
    20: "resource",
    21: "variant",
}
"""Types that TensorFlow Serving knows and refuses in JSON."""


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "<text>"}` and nothing else."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def dtype_name(number: int) -> str:
    """TensorFlow's short name of a data type number."""
    return DTYPES[number].name if number in DTYPES else OTHER_NAMES.get(number, f"unknown dtype enum ({number})")


def filled(value: Any, number: int) -> np.ndarray:
    """The array of one JSON value, each element checked; the first elements decide the shape."""
    shape, inner = [], value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if len(shape) > MOST_DIMENSIONS:
        raise invalid_argument(
            f"A list nested {len(shape)} deep was found; tensors have at most {MOST_DIMENSIONS} dims"
        )
    leaves: list[Any] = []
    _fill(value, 0, shape, lambda leaf: leaves.append(_element(leaf, number)))
    flat = np.empty(len(leaves), DTYPES[number].numpy if number in DTYPES else np.object_)
    with np.errstate(over="ignore"):
        flat[:] = leaves
    return flat.reshape(shape)


def _fill(value: Any, level: int, shape: list[int], add: Callable[[Any], None]) -> None:
    """Walk the lists and give every leaf to `add`."""
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


def _element(value: Any, number: int) -> Any:
    """One leaf as a value of the data type."""
    dtype = DTYPES.get(number)
    if dtype is None and not isinstance(value, dict):
        message = f"Conversion of JSON Value: {json_text.quote(value)} to type: {dtype_name(number)}"
        raise ServingError(Code.UNIMPLEMENTED, message)
    kind = dtype.name if dtype else ""
    if kind == "string" and isinstance(value, dict):
        return decode_base64(value)
    if kind == "string" and isinstance(value, str):
        return json_text.to_bytes(value)
    if kind == "bool" and isinstance(value, bool):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("float", "double") and is_number:
        return _as_float(value)
    if dtype and dtype.limits and isinstance(value, int) and is_number and dtype.limits[0] <= value <= dtype.limits[1]:
        return np.array(value).astype(dtype.numpy)  # wraps where int() would raise
    raise invalid_argument(
        f"JSON Value: {json_text.quote(value)} Type: {json_text.type_name(value)} is not of expected type: "
        f"{dtype_name(number)}"
    )


def _as_float(value: float) -> float:
    """A JSON number as a double; integers of any length come from the lenient parser."""
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def decode_base64(value: dict[str, Any]) -> bytes:
    """The bytes of `{"b64": "<text>"}`; padding may be left out, white space may stand between."""
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {json_text.quote(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None

"""Output arrays to the JSON of an answer, by the rules of tensorflow_serving/util/json_tensor.cc."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from serving.server.errors import ServingError, invalid_argument

WRITABLE = frozenset(map(np.dtype, ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u4", "u8", "bool", "object")))
FLOAT16 = ("float16", "bfloat16")
NAMES = {"float16": "half"}
"""Where TensorFlow's name of a type is not NumPy's."""


def predictions(outputs: Mapping[str, np.ndarray], *, float16: bool = False) -> bytes:
    """Write the answer to `instances`: a list with one value (or one object, for several outputs) per row.

    `float16`: write half and bfloat16 too.
    """
    _check_batch(outputs)
    if len(outputs) == 1:
        [(alias, array)] = outputs.items()
        return dumps({"predictions": jsonable(alias, array, float16=float16)})
    values = {alias: jsonable(alias, outputs[alias], rows=True, float16=float16) for alias in sorted(outputs)}
    return dumps({"predictions": [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]})


def columns(outputs: Mapping[str, np.ndarray], *, float16: bool = False) -> bytes:
    """Write the answer to `inputs`: the value of the one output, or an object of all outputs."""
    _check_any(outputs)
    values = {alias: jsonable(alias, outputs[alias], float16=float16) for alias in sorted(outputs)}
    return dumps({"outputs": next(iter(values.values())) if len(values) == 1 else values})


def jsonable(alias: str, array: np.ndarray, *, rows: bool = False, float16: bool = False) -> Any:
    """Convert an array to a value that orjson can write; an output named `..._bytes` becomes base64. `rows`: to a list of rows."""
    if float16 and array.dtype.name in FLOAT16:
        array = array.astype(np.float32)
    if not array.size:  # there is no element that could not be written
        return array.tolist()
    if array.dtype not in WRITABLE:
        name = NAMES.get(array.dtype.name, array.dtype.name)
        raise invalid_argument(f"Failed to write JSON value for tensor type: {name}")
    if array.dtype == object:
        return _strings(array, as_base64=alias.endswith("_bytes"))
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return [_with_bare_tokens(np.asarray(row)) for row in array] if rows else _with_bare_tokens(array)
    return list(array) if rows else array[()]  # orjson takes NumPy scalars, but no array without dimensions


def dumps(value: Any) -> bytes:
    """Write values made by `jsonable`, and plain containers, as JSON text."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def error(problem: ServingError) -> bytes:
    """Write the body of an error answer."""
    try:
        return orjson.dumps({"error": problem.message})
    except orjson.JSONEncodeError:  # the message repeats bytes that are not UTF-8
        return orjson.dumps({"error": problem.message.encode("utf-8", "replace").decode("utf-8")})


def _check_any(outputs: Mapping[str, np.ndarray]) -> None:
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    """Check that all outputs have the batch as their first dimension."""
    _check_any(outputs)
    size = -1
    for alias in sorted(outputs):
        if outputs[alias].ndim == 0:
            raise invalid_argument(f"Tensor name: {alias} has no shape information ")
        found = outputs[alias].shape[0]
        if size not in (-1, found):
            raise invalid_argument(f"Tensor name: {alias} has inconsistent batch size: {found} expecting: {size}")
        size = found


def _with_bare_tokens(array: np.ndarray) -> orjson.Fragment:
    """Write text with NaN, Infinity and -Infinity, where orjson writes null; an array has no other nulls."""
    parts = dumps(array[()]).split(b"null")
    odd = array[~np.isfinite(array)].ravel()
    tokens = [b"NaN" if np.isnan(x) else b"Infinity" if x > 0 else b"-Infinity" for x in odd]
    return orjson.Fragment(b"".join(part + token for part, token in zip(parts, [*tokens, b""], strict=True)))


def _strings(array: np.ndarray, *, as_base64: bool) -> Any:
    """Make nested lists of strings (or of base64 objects)."""
    values = np.empty(array.size, dtype=object)
    for position, value in enumerate(array.ravel()):
        values[position] = {"b64": base64.b64encode(value).decode()} if as_base64 else _text(value)
    return values.reshape(array.shape).tolist()


def _text(value: bytes) -> Any:
    """Convert to a string; bytes that are not UTF-8 stay as they are, but escaped, as in TensorFlow Serving."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return orjson.Fragment(json.dumps(value.decode("latin-1"), ensure_ascii=False).encode("latin-1"))

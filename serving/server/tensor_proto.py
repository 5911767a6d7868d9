"""tensorflow.TensorProto to NumPy array and back, by the rules of TensorFlow's Tensor::FromProto.

Numbers that the message keeps in one piece are copied in one piece, never one by one.
"""

import math
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np

MOST_FILLED_BYTES = 2**28
"""Largest array that is filled from fewer values: a message of 20 bytes must not take all the memory."""

MOST_DIMS = 64
"""NumPy's limit; TensorFlow's is 254."""

STRING = 7
"""Number of TensorFlow's DT_STRING."""

_FIELDS: dict[int, tuple[str, Any]] = {
    1: ("float_val", np.float32),
    2: ("double_val", np.float64),
    3: ("int_val", np.int32),
    4: ("int_val", np.uint8),
    5: ("int_val", np.int16),
    6: ("int_val", np.int8),
    STRING: ("string_val", np.object_),
    8: ("scomplex_val", np.complex64),
    9: ("int64_val", np.int64),
    10: ("bool_val", np.bool_),
    11: ("int_val", [("qint8", np.int8)]),
    12: ("int_val", [("quint8", np.uint8)]),
    13: ("int_val", [("qint32", np.int32)]),
    14: ("half_val", ml_dtypes.bfloat16),
    15: ("int_val", [("qint16", np.int16)]),
    16: ("int_val", [("quint16", np.uint16)]),
    17: ("int_val", np.uint16),
    18: ("dcomplex_val", np.complex128),
    19: ("half_val", np.float16),
    22: ("uint32_val", np.uint32),
    23: ("uint64_val", np.uint64),
    24: ("float8_val", ml_dtypes.float8_e5m2),
    25: ("float8_val", ml_dtypes.float8_e4m3fn),
    26: ("float8_val", ml_dtypes.float8_e4m3fnuz),
    27: ("float8_val", ml_dtypes.float8_e4m3b11fnuz),
    28: ("float8_val", ml_dtypes.float8_e5m2fnuz),
}
"""Field of the message and array type of each DataType, by number; quantised types as TensorFlow names them to NumPy."""

_DTYPES = {number: np.dtype(kind) for number, (_, kind) in _FIELDS.items()}
_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}
_QUANTISED = frozenset(number for number, dtype in _DTYPES.items() if dtype.names)
_WIRE: dict[str, np.dtype] = {
    "float_val": np.dtype(np.float32),
    "double_val": np.dtype(np.float64),
    "int_val": np.dtype(np.int32),
    "half_val": np.dtype(np.int32),
    "scomplex_val": np.dtype(np.float32),
    "int64_val": np.dtype(np.int64),
    "bool_val": np.dtype(np.bool_),
    "dcomplex_val": np.dtype(np.float64),
    "uint32_val": np.dtype(np.uint32),
    "uint64_val": np.dtype(np.uint64),
}
"""Type of the numbers in a typed field; complex numbers are stored as pairs."""

_PACKED = {"float_val": 5, "double_val": 6, "scomplex_val": 9, "bool_val": 11, "dcomplex_val": 12}
"""Fields whose packed form is the memory of the array, with their numbers in tensor.proto."""

_FEW = 64
"""Below this many values, taking them one by one is faster."""


def to_array(proto: Any) -> np.ndarray:
    """Read the array of a tensorflow.TensorProto; strings as an object array of bytes. It may be read-only.

    If there are fewer typed values (`float_val` ...) than elements, the last one fills the rest (zero when there is
    none); surplus values are cut. Raises ValueError for a type that no request can have, for a shape that is not fully
    known or that no array can have, for `tensor_content` of another size than the shape's, and when filling up would
    take more than MOST_FILLED_BYTES.
    """
    if proto.dtype not in _FIELDS:
        raise ValueError(f"A tensor of DataType {proto.dtype} was found, which no request can carry.")
    field, dtype = _FIELDS[proto.dtype][0], _DTYPES[proto.dtype]
    shape = _shape(proto.tensor_shape)
    count = math.prod(shape)
    if count == 0:
        return np.empty(shape, dtype)
    if proto.tensor_content:
        flat = _from_content(proto.tensor_content, dtype, count)
    else:
        flat = _fitted(_values(getattr(proto, field), field, dtype, count), dtype, count)
    return flat.reshape(shape)


def write(array: np.ndarray, proto: Any, *, declared: int = 0, content: bool = False) -> None:
    """Write `array` into the empty tensorflow.TensorProto `proto`: into the typed field, or into `tensor_content`.

    `declared` is the DataType of the signature: quantised numbers come out of a session as plain ones. Strings always
    go into `string_val`, which every client can read. Raises ValueError for an array type that no TensorProto carries.
    """
    number = declared if declared in _QUANTISED else _NUMBERS.get(array.dtype)
    if number is None:
        raise ValueError(f"An array of {array.dtype} was found, which no answer can carry.")
    field = _FIELDS[number][0]
    proto.dtype = number
    proto.tensor_shape.SetInParent()  # a scalar's shape is known too: no dimensions
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if field == "string_val":
        proto.string_val.extend(array.ravel().tolist())
    elif content:
        proto.tensor_content = array.tobytes()
    elif field == "float8_val":
        proto.float8_val = array.tobytes()
    elif field in _PACKED:
        # One copy of the memory: extend() would take 20 ns for each number.
        proto.MergeFromString(_packed(_PACKED[field], array.tobytes()))
    else:
        plain = array.view(np.uint16) if field == "half_val" else array
        getattr(proto, field).extend(plain.ravel().tolist())


def _shape(message: Any) -> tuple[int, ...]:
    """Read the sizes of a TensorShapeProto, which must all be known."""
    if len(message.dim) > MOST_DIMS:
        raise ValueError(f"A shape of {len(message.dim)} dimensions was found, at most {MOST_DIMS} are possible.")
    shape = tuple(dim.size for dim in message.dim)
    if message.unknown_rank or any(size < 0 for size in shape):
        raise ValueError(f"The shape {list(shape)} was found, but each size must be known and not negative.")
    return shape


def _from_content(content: bytes, dtype: np.dtype, count: int) -> np.ndarray:
    """Read the flat array of `count` elements in `tensor_content`."""
    if dtype.kind == "O":
        return _strings_from_content(content, count)
    if len(content) != count * dtype.itemsize:
        raise ValueError(f"tensor_content holds {len(content)} bytes, the shape needs {count * dtype.itemsize}.")
    if dtype.kind == "b":
        return np.frombuffer(content, np.uint8) != 0  # NumPy takes only the bytes 0 and 1 for bool
    return np.frombuffer(content, dtype)


def _strings_from_content(content: bytes, count: int) -> np.ndarray:
    """Read the strings of TensorFlow's EncodeStringList: all lengths as varints, then all bytes."""
    if count > len(content):
        raise ValueError(f"tensor_content holds {len(content)} bytes, the shape needs {count} strings.")
    position = 0
    lengths = []
    for _ in range(count):
        length, position = _varint(content, position)
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError(f"tensor_content holds {len(content)} bytes, its strings need {position + sum(lengths)}.")
    strings = np.empty(count, np.object_)
    strings[:] = list(_cut(content, position, lengths))
    return strings


def _cut(content: bytes, position: int, lengths: list[int]) -> Iterator[bytes]:
    for length in lengths:
        yield content[position : position + length]
        position += length


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """Read one varint of at most 32 bits, and return where it ends."""
    number = 0
    for shift, byte in zip(range(0, 35, 7), content[position : position + 5], strict=False):
        number |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return number, position
    raise ValueError("tensor_content is not a list of strings.")


def _values(values: Any, field: str, dtype: np.dtype, count: int) -> np.ndarray:
    """Read at most `count` values of a typed field as a flat array."""
    if field == "string_val":
        strings = np.empty(min(len(values), count), np.object_)
        strings[:] = values[:count]
        return strings
    if field == "float8_val":
        return np.frombuffer(values, dtype)[:count]
    wire = _WIRE[field]
    found = np.fromiter(values, wire, len(values)) if len(values) < _FEW else np.asarray(values, wire)
    if dtype.kind == "c":
        return found[: len(found) // 2 * 2].view(dtype)[:count]
    # Narrow types are cut as C++ does it: an int_val of 300 is a uint8 of 44; half_val holds bit patterns.
    held = np.dtype(f"u{dtype.itemsize}") if field == "half_val" or dtype.names else dtype
    return found[:count].astype(held, copy=False).view(dtype)


def _fitted(values: np.ndarray, dtype: np.dtype, count: int) -> np.ndarray:
    """Fill a flat array of `count` elements: the values, then the last of them repeated."""
    if len(values) == count:
        return values
    if count * dtype.itemsize > MOST_FILLED_BYTES:
        raise ValueError(f"{len(values)} values were found, the shape needs {count}. Send all of them.")
    last: Any = values[-1] if len(values) else (b"" if dtype.kind == "O" else np.zeros((), dtype))
    fitted = np.empty(count, dtype)
    fitted[: len(values)] = values
    fitted[len(values) :] = last
    return fitted


def _packed(number: int, data: bytes) -> bytes:
    """Write a message that has only the packed field `number`."""
    header = bytearray([number << 3 | 2])
    length = len(data)
    while length >= 0x80:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    header.append(length)
    return bytes(header) + data

"""JSON as TensorFlow Serving reads and writes it: bytes as `{"b64": ...}`, NaN and infinity bare; standard library, orjson if there.

NumPy is not imported here: who hands over an array has done so.
"""

import base64
import binascii
import json
from typing import Any

try:
    import orjson
except ImportError:  # the standard library answers too, only more slowly
    orjson = None  # type: ignore[assignment]


def encode(value: Any) -> bytes:
    """Lists, dicts, numbers, text, bytes and NumPy arrays as JSON; an array becomes no Python object for each number.

    TypeError for anything else.
    """
    if orjson is not None:
        try:
            text = orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
        except TypeError:  # what it cannot write, or integers of more than 64 bits
            text = b"null"
        if b"null" not in text:  # so it writes NaN and infinity too, which the server would refuse
            return text
    return json.dumps(value, default=_plain).encode()


def decode(text: bytes) -> Any:
    """The value of a JSON text; `{"b64": ...}` becomes bytes. Raises ValueError when it is not JSON."""
    if b'"b64"' in text:
        return json.loads(_characters(text), object_hook=_from_b64)
    if orjson is not None:
        try:
            return orjson.loads(text)
        except ValueError:  # NaN and infinity, or bytes that are not UTF-8
            pass
    return json.loads(_characters(text))


def arrays(answer: Any) -> Any:
    """The predictions or outputs of an answer as NumPy arrays: one, or a dict by output name. Text and bytes come as object arrays.

    JSON names no dtype: numbers become float64 or int64. Raises ValueError when the lists have different lengths.
    """
    if isinstance(answer, dict):
        return {name: _array(value) for name, value in answer.items()}
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        return {name: _array([row[name] for row in answer]) for name in answer[0]}
    return _array(answer)


def _plain(value: Any) -> Any:
    """A JSON value for a value that JSON does not know."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"b64": base64.b64encode(value).decode()}
    if not hasattr(value, "tolist"):
        raise TypeError(
            f"found a {type(value).__name__}; expected numbers, text, bytes, lists, dicts or NumPy arrays of them"
        )
    if getattr(value, "ndim", 0) and not (value.flags.c_contiguous and value.dtype.isnative):
        return value.astype(value.dtype.newbyteorder("="), order="C")  # which orjson takes
    return value.tolist()


def _characters(text: bytes) -> str:
    """A string output may hold any bytes; those that are not UTF-8 become lone surrogates."""
    return text.decode("utf-8", "surrogateescape")


def _from_b64(found: dict[str, Any]) -> Any:
    if found.keys() != {"b64"} or not isinstance(found["b64"], str):
        return found
    try:
        return base64.b64decode(found["b64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"a b64 value holds no base64: {error}") from error


def _array(value: Any) -> Any:
    import numpy as np

    found = np.asarray(value)
    # NumPy's own strings would lose the zeros at the end of an image.
    return np.array(value, object) if found.dtype.kind in "SU" else found

"""JSON objects to serialised tf.Example messages, for `:classify` and `:regress`."""

from typing import Any

import numpy as np

from serving.server.errors import invalid_argument
from serving.server.json_bodies import text
from serving.server.json_bodies.element import decode_base64, is_base64
from serving.server.json_bodies.parser import members

INT64 = (-(2**63), 2**63 - 1)
LISTS = {"bytes": "bytes_list", "float": "float_list", "int64": "int64_list"}


def from_document(document: dict[str, Any]) -> np.ndarray:
    """Read the examples of a request as strings, shape [n], each after the bytes of the `context`. Raises ServingError."""
    context = _serialised(document["context"]) if "context" in document else b""
    if "examples" not in document:
        raise invalid_argument(
            f"JSON Value: {text.quote(document)} When method is classify, key 'examples' is expected and was not found"
        )
    if not isinstance(document["examples"], list):
        raise invalid_argument(f"JSON Value: {text.quote(document)} Expecting 'examples' value to be an list/array")
    if not document["examples"]:
        raise invalid_argument(f"JSON Value: {text.quote(document)} 'examples' value is an empty array")
    return np.array([context + _serialised(example) for example in document["examples"]], dtype=object)


def _serialised(value: Any) -> bytes:
    """Serialise one example; features keep the kind of their JSON values."""
    from tensorflow.core.example import example_pb2

    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {text.type_name(value)}")
    example = example_pb2.Example()
    for name, content in members(value):
        feature = example.features.feature[text.to_bytes(name).decode("utf-8", "replace")]
        feature.Clear()  # of a repeated name the last counts here, as in TensorFlow Serving
        kind, values = "", []
        for item in content if isinstance(content, list) else [content]:
            kind = _kind(item, name, kind)
            values.append(_value(item, name))
        if kind:
            getattr(feature, LISTS[kind]).value.extend(values)
    return bytes(example.SerializeToString())


def _kind(value: Any, name: str, wanted: str) -> str:
    """Tell the kind of one element: a decimal is a float, a whole number or a boolean an int64, a string bytes.

    `wanted`: the kind of the elements before it, empty for the first.
    """
    if value is None or isinstance(value, list) or (isinstance(value, dict) and not is_base64(value)):
        raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {text.type_name(value)}")
    kind = "bytes" if isinstance(value, str | dict) else "float" if isinstance(value, float) else "int64"
    if wanted not in ("", kind):
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {wanted}")
    return kind


def _value(value: Any, name: str) -> Any:
    """Convert an element to a value of a tf.Example."""
    if isinstance(value, dict):
        return decode_base64(value)
    if isinstance(value, str):
        return text.to_bytes(value)
    if isinstance(value, float):
        with np.errstate(over="ignore"):  # beyond float's range becomes infinite
            return np.float32(value)
    if not INT64[0] <= value <= INT64[1]:
        raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
    return int(value)

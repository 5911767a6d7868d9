"""JSON text to values and back, with the leniency and the messages of TensorFlow Serving's parser (rapidjson).

orjson reads almost every body. Those that it refuses, and those that it would read in another way than TensorFlow
Serving (an object with a repeated name), go through `parser`.
"""

import json
import re
from typing import Any

import orjson

from serving.server.errors import invalid_argument
from serving.server.json_bodies import parser

QUOTED_LENGTH = 1000
"""Characters of a request that an error message quotes at most."""

STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
"""A string in a body that orjson has read."""


def parse(body: bytes) -> dict[str, Any]:
    """Parse a request body. Raises ServingError when it is not a JSON object."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = parser.parse(body)
    else:
        if _may_repeat_a_name(document, body):
            document = parser.parse(body)
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {quote(document)} Is not object")
    return document


def _may_repeat_a_name(document: Any, body: bytes) -> bool:
    """Whether an object may repeat a name: orjson keeps the last of the values, TensorFlow Serving the first.

    A body has one colon for each member of an object, and some more inside strings. So when there are as many members as
    colons, none was lost. Most bodies have no nested objects, and are settled by the first comparison.
    """
    colons = body.count(b":")
    if colons == (len(document) if isinstance(document, dict) else 0):
        return False
    found = _count_members(document)
    return colons != found and STRING.sub(b"", body).count(b":") != found


def _count_members(document: Any) -> int:
    """Count the members of all objects; lists that start with a number or a string are assumed to hold no objects."""
    count = 0
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            count += len(value)
            waiting += value.values()
        elif isinstance(value, list) and value:
            first = value[0][0] if isinstance(value[0], list) and value[0] else value[0]
            if isinstance(first, list | dict):
                waiting += value
    return count


def quote(value: Any) -> str:
    """Quote a value for an error message; a long one is cut, so that a deep value does no harm."""
    text = ""
    for part in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
        text += part
        if len(text) > QUOTED_LENGTH:  # without writing out the rest of a large request
            return text[:QUOTED_LENGTH] + "..."
    return text


def type_name(value: Any) -> str:
    """Name the JSON type of a value as rapidjson does."""
    if value is None or isinstance(value, bool):
        return {None: "Null", False: "False", True: "True"}[value]
    names = {str: "String", list: "Array", dict: "Object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "Number")


def to_bytes(text: str) -> bytes:
    """Encode a JSON string; bytes that were not UTF-8 come out unchanged."""
    return text.encode("utf-8", "surrogateescape")

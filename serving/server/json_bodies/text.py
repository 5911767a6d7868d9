"""JSON text to values and back, with the leniency and the messages of TensorFlow Serving's parser (rapidjson).

orjson reads almost every body. What it refuses, and what it would read otherwise than TensorFlow Serving (an object
with a name twice), goes through `json_parser`.
"""

import json
import re
from typing import Any

import orjson

from serving.server.errors import invalid_argument
from serving.server.json_bodies import parser

QUOTED_LENGTH = 1000
"""Characters of a request that an error message repeats at most."""

STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
"""Of a body that orjson has read."""


def parse(body: bytes) -> dict[str, Any]:
    """Read a request body, which must be a JSON object; ServingError otherwise."""
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
    """Whether an object may hold a name twice: orjson keeps the last of the values, TensorFlow Serving the first.

    A body has one colon for each member of an object, and some more inside strings. So when the members in hand are as
    many as the colons, none was lost; most bodies have no objects in objects and are settled by the first line.
    """
    colons = body.count(b":")
    if colons == (len(document) if isinstance(document, dict) else 0):
        return False
    found = _count_members(document)
    return colons != found and STRING.sub(b"", body).count(b":") != found


def _count_members(document: Any) -> int:
    """The members of all objects; lists that start with a number or a string are taken to hold none, unseen."""
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
    """A value as an error message repeats it, cut when long: so it never goes deep, however deep the value."""
    text = ""
    for part in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
        text += part
        if len(text) > QUOTED_LENGTH:  # the rest of a large request is not written out first
            return text[:QUOTED_LENGTH] + "..."
    return text


def type_name(value: Any) -> str:
    """The JSON type of a value as rapidjson names it."""
    if value is None or isinstance(value, bool):
        return {None: "Null", False: "False", True: "True"}[value]
    names = {str: "String", list: "Array", dict: "Object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "Number")


def to_bytes(text: str) -> bytes:
    """The bytes of a JSON string; those that are not UTF-8 come through the parser unchanged."""
    return text.encode("utf-8", "surrogateescape")

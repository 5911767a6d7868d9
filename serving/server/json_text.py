"""JSON text to values and back, with the leniency and the messages of TensorFlow Serving's parser (rapidjson)."""

import json
import re
from typing import Any

import orjson

from serving.server.errors import ServingError, invalid_argument

QUOTED_LENGTH = 1000
"""Characters of a request that an error message repeats at most."""

MESSAGES = {
    "Expecting value": "Invalid value.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting ',' delimiter": "Missing a comma or a closing bracket.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid control character at": "Invalid encoding in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
}
"""Message of Python's parser to that of rapidjson."""

_FIRST_VALUE = re.compile(r"[ \t\r\n]*")


def parse(body: bytes) -> dict[str, Any]:
    """Read a request body, which must be a JSON object; ServingError otherwise."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_leniently(body)
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {quote(document)} Is not object")
    return document


def quote(value: Any) -> str:
    """A value as an error message repeats it, cut when long."""
    text = ""
    try:
        for part in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
            text += part
            if len(text) > QUOTED_LENGTH:  # the rest of a large request is not written out first
                return text[:QUOTED_LENGTH] + "..."
    except RecursionError:
        return "(nested too deep)"
    return text


def type_name(value: Any) -> str:
    """The JSON type of a value as rapidjson names it."""
    if value is None or isinstance(value, bool):
        return {None: "Null", False: "False", True: "True"}[value]
    names: dict[type, str] = {str: "String", list: "Array", dict: "Object"}
    return names.get(type(value), "Number")


def to_bytes(text: str) -> bytes:
    """The bytes of a JSON string; bytes that are no UTF-8 come through the lenient parser unchanged."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid_argument("JSON Parse error: The surrogate pair in string is invalid.") from None


def _parse_leniently(body: bytes) -> Any:
    """Read what orjson refuses and TensorFlow Serving takes: NaN, Infinity, text after the first value, any bytes.

    The standard library's parser stands here until one of our own knows all of rapidjson's rules (bare Inf, first of
    two equal keys wins, any depth).
    """
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    start = re.match(_FIRST_VALUE, text).end()  # type: ignore[union-attr]  # the pattern matches the empty text too
    if start == len(text):
        raise invalid_argument(f"JSON Parse error: The document is empty. at offset: {start}")
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        raise _parse_error(error) from None
    except RecursionError:
        raise invalid_argument("JSON Parse error: The document is nested too deep for this server") from None
    except ValueError as error:  # an integer of thousands of digits
        raise invalid_argument("JSON Parse error: Number too big to be stored in double.") from error


def _parse_error(error: json.JSONDecodeError) -> ServingError:
    """The message of Python's parser in rapidjson's words; the offset counts characters, not bytes."""
    text = next((ours for theirs, ours in MESSAGES.items() if error.msg.startswith(theirs)), error.msg)
    return invalid_argument(f"JSON Parse error: {text} at offset: {error.pos}")

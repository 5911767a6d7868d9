"""A JSON parser with the leniency, the messages and the byte offsets of TensorFlow Serving's (rapidjson 1.1.0).

It reads bodies that `orjson` refuses: bare NaN and Infinity, text after the first value, bytes that are not UTF-8, any
depth. Nothing here recurses, so half a million brackets are no danger. The rules are those of rapidjson's
include/rapidjson/reader.h with kParseIterativeFlag, kParseNanAndInfFlag and kParseStopWhenDoneFlag, with three
exceptions: numbers are rounded correctly, while rapidjson may be off in the last bits; `Infinity.5` is not read as 0.5;
and the depth is limited to a million.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from serving.server.errors import invalid_argument

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LARGEST_INTEGERS = (-(2**63), 2**64 - 1)
"""Range of rapidjson's 64 bit integers; an integer token beyond it is a double."""

MOST_DEPTH = 1_000_000
"""rapidjson has no limit; each level costs Python a hundred times the memory of its bracket."""

SPACE = re.compile(rb"[ \t\r\n]*")
NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?")
PLAIN_NUMBERS = re.compile(
    rb"(?:-?(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]{1,17}+)?+(?:[eE][-+]?[0-9]{1,2}+)?+[ \t\r\n]*+,[ \t\r\n]*+)*+"
)
"""Numbers that every parser reads alike, each with the comma after it: orjson reads them all at once."""
PLAIN_TEXT = re.compile(rb'[^"\\\x00-\x1f]*')
HEX = re.compile(rb"[0-9a-fA-F]{4}")
LITERALS = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}
ESCAPES = {34: b'"', 47: b"/", 92: b"\\", 98: b"\b", 102: b"\f", 110: b"\n", 114: b"\r", 116: b"\t"}


class RepeatedNames(dict[str, Any]):
    """An object that repeats a name; as a dictionary it holds the first value of each name."""

    def __init__(self, first: dict[str, Any]) -> None:
        super().__init__(first)
        self.members = list(first.items())
        """Every name and value, in the order of the text."""


def members(value: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """List the names and values of an object, including repeated names."""
    return value.members if isinstance(value, RepeatedNames) else value.items()


def parse(body: bytes) -> Any:
    """Parse the first JSON value of `body`, and ignore the rest. Raises ServingError with rapidjson's words."""
    end = body.find(0)  # a zero byte ends rapidjson's input
    text = body if end < 0 else body[:end]
    position = 0
    for byte in BYTE_ORDER_MARK:  # each is skipped alone, as in rapidjson's EncodedInputStream
        position += text[position : position + 1] == bytes([byte])
    position = _skip(text, position)
    if text[position : position + 1] in (b"", b",", b":", b"]", b"}"):
        _fail("The document is empty.", position)
    return _nested(text, position)


def _nested(text: bytes, position: int) -> Any:
    """Read the value that starts at `position`: a loop over values, with the open lists and objects on a stack."""
    stack: list[Any] = []
    names: list[str] = []  # of the members whose values are being read
    while True:
        value, position, is_open = _value(text, position)
        if is_open:
            if len(stack) == MOST_DEPTH:
                _fail(f"Values are nested more than {MOST_DEPTH} deep.", position)
            if isinstance(value, dict):
                name, position = _name(text, position)
                names.append(name)
            else:
                position = _numbers(text, position, value)
            stack.append(value)
            continue
        while stack:
            _add(stack, names, value)
            position, closed = _after(text, position, stack[-1])
            if not closed:
                break
            value = stack.pop()
        else:
            return value
        if isinstance(stack[-1], dict):
            name, position = _name(text, position)
            names.append(name)
        else:
            position = _numbers(text, position, stack[-1])


def _value(text: bytes, position: int) -> tuple[Any, int, bool]:
    """Read a value; return it, the position after it, and whether it is a list or object that is still to be filled."""
    first = text[position : position + 1]
    if first in (b"[", b"{"):
        value: Any = [] if first == b"[" else {}
        position = _skip(text, position + 1)
        if text[position : position + 1] == (b"]" if first == b"[" else b"}"):
            return value, position + 1, False
        return value, position, True
    if first == b'"':
        return *_string(text, position), False
    if first in LITERALS:
        word, value = LITERALS[first]
        return value, _expect(text, position, word), False
    if first in (b"", b",", b":", b"]", b"}"):
        _fail("Invalid value.", position)
    return *_number(text, position), False


def _add(stack: list[Any], names: list[str], value: Any) -> None:
    """Put a finished value into the innermost open list or object."""
    container = stack[-1]
    if isinstance(container, list):
        container.append(value)
        return
    name = names.pop()
    if name in container and not isinstance(container, RepeatedNames):
        container = stack[-1] = RepeatedNames(container)
    if isinstance(container, RepeatedNames):
        container.members.append((name, value))
    container.setdefault(name, value)


def _after(text: bytes, position: int, container: Any) -> tuple[int, bool]:
    """Read the comma or bracket after a value; return the position after it, and whether the container is closed."""
    position = _skip(text, position)
    found = text[position : position + 1]
    if found == b",":
        return _skip(text, position + 1), False
    if found == (b"]" if isinstance(container, list) else b"}"):
        return position + 1, True
    problem = "']' after an array element" if isinstance(container, list) else "'}' after an object member"
    return _fail(f"Missing a comma or {problem}.", position)


def _name(text: bytes, position: int) -> tuple[str, int]:
    """Read the name of a member; return it and the position of the value."""
    if text[position : position + 1] != b'"':
        _fail("Missing a name for object member.", position)
    name, position = _string(text, position)
    position = _skip(text, position)
    if text[position : position + 1] != b":":
        _fail("Missing a colon after a name of object member.", position)
    return name, _skip(text, position + 1)


def _numbers(text: bytes, position: int, values: list[Any]) -> int:
    """Read the plain numbers at `position` in a list all at once, and return the position after them."""
    match = PLAIN_NUMBERS.match(text, position)
    if not match or match.end() == position:
        return position
    values += orjson.loads(b"[" + match[0][: match[0].rindex(b",")] + b"]")
    return match.end()


def _number(text: bytes, position: int) -> tuple[float, int]:
    """Read a number token: an int when it fits in 64 bits, else a float."""
    match = NUMBER.match(text, position)
    if match is None:
        return _infinite(text, position)
    token, integer, fraction, exponent = match[0], match[1], match[2] or b"", match[3] or b""
    if len(integer) > 308 and (len(integer) > 309 or float(integer[:308]) >= 1.7976931348623157e307):
        _fail("Number too big to be stored in double.", position)
    end, rest = match.end(), text[match.end() : match.end() + 1]
    if rest == b"." and not fraction and not exponent:
        _fail("Miss fraction part in number.", end + 1)
    if rest in (b"e", b"E") and not exponent:
        _fail("Miss exponent in number.", end + 1 + (text[end + 1 : end + 2] in (b"+", b"-")))
    if exponent and _is_too_big(integer, fraction, exponent):
        _fail("Number too big to be stored in double.", position)
    if not fraction and not exponent and len(integer) < 21:
        value = int(token)
        if LARGEST_INTEGERS[0] <= value <= LARGEST_INTEGERS[1]:
            return value, end
    return float(token), end


def _is_too_big(integer: bytes, fraction: bytes, exponent: bytes) -> bool:
    """Whether rapidjson refuses an exponent: it counts the digits that it has read, 17 significant ones at most."""
    digits = exponent.lstrip(b"+0")
    if digits[:1] in (b"", b"-"):
        return False
    zeros = len(fraction) - len(fraction.lstrip(b"0")) if integer == b"0" else 0
    significant = 0 if integer == b"0" else len(integer) - 1
    read = min(len(fraction), zeros + max(0, 17 - significant))
    return len(digits) > 12 or int(digits) > 308 + read


def _infinite(text: bytes, position: int) -> tuple[float, int]:
    """Read NaN, Inf or Infinity, with or without a minus."""
    minus = text[position : position + 1] == b"-"
    position += minus
    if text[position : position + 1] not in (b"N", b"I"):
        _fail("Invalid value.", position)
    matched = _matched(text, position, b"NaN")
    if matched == 3:
        return math.nan, position + 3
    position = _expect(text, position + matched, b"Inf")  # as in rapidjson, which forgets the letters of NaN
    if text[position : position + 1] == b"i":
        position = _expect(text, position, b"inity")
    return (-math.inf if minus else math.inf), position


def _string(text: bytes, position: int) -> tuple[str, int]:
    """Read the string whose opening quotation mark is at `position`; bytes that are not UTF-8 become surrogates."""
    parts = []
    position += 1
    while True:
        match = PLAIN_TEXT.match(text, position)
        end = match.end()  # type: ignore[union-attr]  # the pattern matches the empty text too
        parts.append(text[position:end])
        found = text[end : end + 1]
        if found == b'"':
            return b"".join(parts).decode("utf-8", "surrogateescape"), end + 1
        if not found:
            _fail("Missing a closing quotation mark in string.", end)
        if found != b"\\":
            _fail("Invalid escape character in string.", end)
        part, position = _escape(text, end)
        parts.append(part)


def _escape(text: bytes, start: int) -> tuple[bytes, int]:
    """Read the escape that starts at `start`; return its bytes and the position after it."""
    kind = text[start + 1 : start + 2]
    if kind and kind[0] in ESCAPES:
        return ESCAPES[kind[0]], start + 2
    if kind != b"u":
        _fail("Invalid escape character in string.", start)
    code = _hex(text, start + 2, start)
    position = start + 6
    if 0xD800 <= code <= 0xDBFF:
        low = _hex(text, position + 2, start) if text[position : position + 2] == b"\\u" else 0
        if not 0xDC00 <= low <= 0xDFFF:
            _fail("The surrogate pair in string is invalid.", start)
        code = ((code - 0xD800) << 10 | low - 0xDC00) + 0x10000
        position += 6
    return chr(code).encode("utf-8", "surrogatepass"), position  # a low one alone passes, as in rapidjson


def _hex(text: bytes, position: int, start: int) -> int:
    """Read four hex digits of the escape that starts at `start`."""
    match = HEX.match(text, position)
    if match is None:
        _fail("Incorrect hex digit after \\u escape in string.", start)
    return int(match[0], 16)


def _expect(text: bytes, position: int, word: bytes) -> int:
    """Read `word` at `position`, and return the position after it."""
    matched = _matched(text, position, word)
    if matched < len(word):
        _fail("Invalid value.", position + matched)
    return position + matched


def _matched(text: bytes, position: int, word: bytes) -> int:
    """Count the bytes of `word` that the text has at `position`."""
    return next((i for i in range(len(word)) if text[position + i : position + i + 1] != word[i : i + 1]), len(word))


def _skip(text: bytes, position: int) -> int:
    """Return the position after the white space."""
    return SPACE.match(text, position).end()  # type: ignore[union-attr]  # the pattern matches the empty text too


def _fail(message: str, offset: int) -> NoReturn:
    raise invalid_argument(f"JSON Parse error: {message} at offset: {offset}")

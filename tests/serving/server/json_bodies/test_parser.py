"""The tolerant parser: messages, offsets and values are those that rapidjson 1.1.0 itself gave, compiled with
kParseIterativeFlag | kParseNanAndInfFlag | kParseStopWhenDoneFlag and fed through EncodedInputStream<UTF8<>>.
"""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.server.errors import Code, ServingError
from serving.server.json_bodies import parser

EMPTY = "The document is empty."
VALUE = "Invalid value."
NAME = "Missing a name for object member."
COLON = "Missing a colon after a name of object member."
IN_OBJECT = "Missing a comma or '}' after an object member."
IN_LIST = "Missing a comma or ']' after an array element."
TOO_BIG = "Number too big to be stored in double."
FRACTION = "Miss fraction part in number."
EXPONENT = "Miss exponent in number."
QUOTE = "Missing a closing quotation mark in string."
ESCAPE = "Invalid escape character in string."
HEX = "Incorrect hex digit after \\u escape in string."
SURROGATE = "The surrogate pair in string is invalid."


@pytest.mark.parametrize(
    ("body", "message", "offset"),
    [
        (b" \n ", EMPTY, 3),
        (b",", EMPTY, 0),
        (b"}", EMPTY, 0),
        (b"\x00{}", EMPTY, 0),
        (b"\xef\xbb\xbf", EMPTY, 3),
        (b"instances = [1, 2]", VALUE, 0),
        (b'{"a" 1}', COLON, 5),
        (b'{"a"}', COLON, 4),
        (b'{"a":', VALUE, 5),
        (b'{"a":}', VALUE, 5),
        (b'{"a": 1', IN_OBJECT, 7),
        (b'{"a": 1 "b"', IN_OBJECT, 8),
        (b'{"a": 1,}', NAME, 8),
        (b'{"a": 1]', IN_OBJECT, 7),
        (b"{a: 1}", NAME, 1),
        (b"{'a': 1}", NAME, 1),
        (b"{", NAME, 1),
        (b"[", VALUE, 1),
        (b"[1", IN_LIST, 2),
        (b"[1 2]", IN_LIST, 3),
        (b"[1,]", VALUE, 3),
        (b"[,1]", VALUE, 1),
        (b"[1}", IN_LIST, 2),
        (b"[[[", VALUE, 3),
        (b'{"a": [1, 2}', IN_LIST, 11),
        (b'{"\xff": x}', VALUE, 6),
        (b"/* */ {}", VALUE, 0),
        (b'{"a": 1, // b\n}', NAME, 9),
    ],
)
def test_broken_structure(body: bytes, message: str, offset: int) -> None:
    check_refused(body, message, offset)


@pytest.mark.parametrize(
    ("body", "message", "offset"),
    [
        (b"nul]", VALUE, 3),
        (b"tru", VALUE, 3),
        (b"[falsy]", VALUE, 5),
        (b"-", VALUE, 1),
        (b"[-x]", VALUE, 2),
        (b"+1", VALUE, 0),
        (b".5", VALUE, 0),
        (b"[01]", IN_LIST, 2),
        (b"[0x10]", IN_LIST, 2),
        (b"[1.]", FRACTION, 3),
        (b"[1.e5]", FRACTION, 3),
        (b"[1e]", EXPONENT, 3),
        (b"[1e+]", EXPONENT, 4),
        (b"[1E-x]", EXPONENT, 4),
        (b"[1.5.]", IN_LIST, 4),
        (b"[1e5e]", IN_LIST, 4),
        (b"[1e309]", TOO_BIG, 1),
        (b"[  -1e400]", TOO_BIG, 3),
        (b"[0.1e310]", TOO_BIG, 1),
        (b"[" + b"9" * 310 + b"]", TOO_BIG, 1),
        (b"[1" + b"0" * 5000 + b"]", TOO_BIG, 1),
        (b"[1e" + b"9" * 5000 + b"]", TOO_BIG, 1),
        ('["ééé", 1e999]'.encode(), TOO_BIG, 11),  # bytes are counted, not characters
        (b"Nan", VALUE, 2),
        (b"[Infinite]", VALUE, 8),
        (b"[-Nope]", VALUE, 3),
        (b"[Inf inity]", IN_LIST, 5),
        (b"[nan]", VALUE, 2),
        (b"[infinity]", VALUE, 1),
    ],
)
def test_broken_numbers_and_literals(body: bytes, message: str, offset: int) -> None:
    check_refused(body, message, offset)


@pytest.mark.parametrize(
    ("body", "message", "offset"),
    [
        (b'{"a": "x', QUOTE, 8),
        (b'["', QUOTE, 2),
        (b'["a\x00b"]', QUOTE, 3),
        (b'["\\', ESCAPE, 2),
        (b'["\\x"]', ESCAPE, 2),
        (b'["a\nb"]', ESCAPE, 3),
        (b'["\t"]', ESCAPE, 2),
        (b'["ab\\u12g4"]', HEX, 4),
        (b'["ab\\u12', HEX, 4),
        (b'["\\ud800"]', SURROGATE, 2),
        (b'["\\ud800\\n"]', SURROGATE, 2),
        (b'["\\ud800\\u0041"]', SURROGATE, 2),
        (b'["\\ud800\\u00"]', HEX, 2),
    ],
)
def test_broken_strings(body: bytes, message: str, offset: int) -> None:
    check_refused(body, message, offset)


def check_refused(body: bytes, message: str, offset: int) -> None:
    with pytest.raises(ServingError) as caught:
        parser.parse(body)
    wanted = f"JSON Parse error: {message} at offset: {offset}"
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, wanted)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1} trailing ]}', {"a": 1}),
        (b"1 2", 1),
        (b"[1]]]", [1]),
        (b"nullx", None),
        (b'{"a": [true, false, null]}', {"a": [True, False, None]}),
        (b"[]\x00{", []),
        (b" \t\r\n[ 1 , 2 ] ", [1, 2]),
        (b"[[], {}, [[]]]", [[], {}, [[]]]),
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b"\xef{}", {}),  # each byte of the mark is skipped alone
        (b"[1.8e308, -1.8e308, 1e308]", [math.inf, -math.inf, 1e308]),
        (b"[1e-400, 0.1e309, 0.001e311, 1e00000000000000000000000001]", [0.0, 1e308, 1e308, 10.0]),
        (b"[1e-" + b"9" * 5000 + b"]", [0.0]),
        (b"[1" + b"0" * 307 + b"]", [1e307]),
        (b'{"a": [1.5, NaN, 2, {"b": 3, "c": [4, "x"]}]}', None),
    ],
)
def test_taken(body: bytes, value: Any) -> None:
    if b"NaN" in body:
        found = parser.parse(body)["a"]
        assert math.isnan(found.pop(1))
        assert found == [1.5, 2, {"b": 3, "c": [4, "x"]}]
    else:
        assert parser.parse(body) == value


def test_infinite_tokens() -> None:
    values = parser.parse(b"[NaN, Inf, -Inf, Infinity, -Infinity, -NaN, 1]")
    assert values[1:5] == [math.inf, -math.inf, math.inf, -math.inf]
    assert [math.isnan(value) for value in values] == [True, False, False, False, False, True, False]
    assert parser.parse(b"NInf") == math.inf  # as rapidjson does: it forgets the letters that it has read


@pytest.mark.parametrize("rest", ["", ", null"])  # alone, and not in a row of plain numbers
def test_kinds_of_numbers(rest: str) -> None:
    text = "[-0, -0.0, 18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809, 1e2"
    values = parser.parse(f"{text}{rest}]".encode())[:7]
    assert values == [0, 0.0, 2**64 - 1, 2.0**64, -(2**63), -(2.0**63), 100.0]
    assert [type(value) for value in values] == [int, float, int, float, int, float, float]
    assert math.copysign(1, values[1]) == -1


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (rb'"\"\\\/\b\f\n\r\t"', b'"\\/\b\f\n\r\t'),
        (rb'"\u00e9\ud83d\uDE00x"', "é😀x".encode()),
        (rb'"\u0000x"', b"\x00x"),
        (rb'"\udc00"', b"\xed\xb0\x80"),  # a low surrogate alone passes
        (b'"\xff\xc3\xa9\x7f"', b"\xff\xc3\xa9\x7f"),  # and so do bytes that are not UTF-8
    ],
)
def test_strings(body: bytes, content: bytes) -> None:
    assert parser.parse(body).encode("utf-8", "surrogateescape") == content
    assert parser.parse(b"{" + body + b": 1}") == {parser.parse(body): 1}


def test_first_of_two_equal_names_counts() -> None:
    value = parser.parse(b'{"a": 1, "b": 0, "\\u0061": {"c": 2, "c": 3}, "a": 4}')
    assert value == {"a": 1, "b": 0}
    assert list(parser.members(value)) == [("a", 1), ("b", 0), ("a", {"c": 2}), ("a", 4)]
    assert list(parser.members({"a": 1})) == [("a", 1)]


DEEP = 500_000


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'{"a":0,"a":', b"}")], ids=["lists", "objects", "twice"]
)
def test_any_depth(opening: bytes, closing: bytes) -> None:
    depth = DEEP if len(opening) < 6 else DEEP // 5
    start = time.process_time()
    value = parser.parse(opening * depth + b"7" + closing * depth)
    found = 0
    inner = value
    while isinstance(inner, list | dict):
        inner = inner[0] if isinstance(inner, list) else list(parser.members(inner))[-1][1]
        found += 1
    assert (found, inner) == (depth, 7)
    del value  # nothing may recurse when it goes
    assert time.process_time() - start < 60  # about a second where nothing else runs


def test_deep_and_never_closed() -> None:
    check_refused(b"[" * DEEP, VALUE, DEEP)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(derandomize=True, deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(value=values, ascii_only=st.booleans(), indent=st.none() | st.integers(0, 3))
def test_reads_what_python_writes(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert repr(parser.parse(text.encode())) == repr(value)  # by repr: NaN, -0.0, and ints are no floats


def test_a_million_levels_are_enough() -> None:
    with pytest.raises(ServingError, match=r"Values are nested more than 1000000 deep\. at offset: 1000001"):
        parser.parse(b"[" * 1_100_000)

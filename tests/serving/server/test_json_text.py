"""JSON text: what is taken, and the messages of what is not."""

import json

import pytest

from serving.server import json_text
from serving.server.errors import Code, ServingError


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b'{"a": [1.0]} trailing', {"a": [1.0]}),
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b'{"a": [Infinity, -Infinity]}', {"a": [float("inf"), float("-inf")]}),
    ],
)
def test_taken(body: bytes, document: object) -> None:
    assert json_text.parse(body) == document


def test_nan_is_taken() -> None:
    value = json_text.parse(b'{"a": NaN}')["a"]
    assert value != value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n ", "JSON Parse error: The document is empty. at offset: 3"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value. at offset: 0"),
        (b'{"a" 1}', "JSON Parse error: Missing a colon after a name of object member. at offset: 5"),
        (b"{a: 1}", "JSON Parse error: Missing a name for object member. at offset: 1"),
        (b'{"a": "x', "JSON Parse error: Missing a closing quotation mark in string. at offset: 6"),
        (b"[1]", "JSON Value: [\n    1\n] Is not object"),
        (b"[" * 100_000, "JSON Parse error: The document is nested too deep for this server"),
        (b"1" * 10_000, "JSON Parse error: Number too big to be stored in double."),
    ],
)
def test_refused(body: bytes, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        json_text.parse(body)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, message)


def test_bytes_that_are_no_utf8_come_through() -> None:
    text = json_text.parse(b'{"a": "\xff\xc3\xa9"}')["a"]
    assert json_text.to_bytes(text) == b"\xff\xc3\xa9"


def test_lone_surrogate_is_refused() -> None:
    text = json_text.parse(b'{"a": "\\ud800"}')["a"]
    with pytest.raises(ServingError, match="surrogate pair"):
        json_text.to_bytes(text)


def test_quote_is_cut() -> None:
    value = {"instances": [[0.5] * 1000]}
    text = json_text.quote(value)
    assert text == json.dumps(value, indent=4)[:1000] + "..."
    assert json_text.quote("é" * 10_000) == '"' + "é" * 999 + "..."


def test_quote_of_deep_lists() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert json_text.quote(value)[:4] in ("[\n  ", "(nes")

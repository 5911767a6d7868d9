"""JSON text that is accepted, and the messages about text that is not."""

import json

import pytest

from serving.server.errors import Code, ServingError
from serving.server.json_bodies import text as json_text


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b'{"a": [1.0]} trailing', {"a": [1.0]}),
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b'{"a": [Infinity, -Inf]}', {"a": [float("inf"), -float("inf")]}),
        (b'{"a": [1.8e308]}', {"a": [float("inf")]}),
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
        (b'{"a": "x', "JSON Parse error: Missing a closing quotation mark in string. at offset: 8"),
        (b'{"a": "\\ud800"}', "JSON Parse error: The surrogate pair in string is invalid. at offset: 7"),
        (b"[1]", "JSON Value: [\n    1\n] Is not object"),
        (b'"a"', 'JSON Value: "a" Is not object'),
        (b"NaN", "JSON Value: NaN Is not object"),
        (b"[" * 100_000, "JSON Parse error: Invalid value. at offset: 100000"),
        (b"1" * 10_000, "JSON Parse error: Number too big to be stored in double. at offset: 0"),
    ],
)
def test_refused(body: bytes, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        json_text.parse(body)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, message)


FIRST = [
    (b'{"a": 1, "a": 2}', {"a": 1}),
    (b'{"a": 1, "\\u0061": 2}', {"a": 1}),
    (b'{"a" : 1,"b":[], "a"\n:2}', {"a": 1, "b": []}),
    (b'{"i": [{"x": 1, "y": 2}, {"x": 3, "y": 4, "x": 5}]}', {"i": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}),
    (b'{"i": [[1], [{"x": 1, "x": 2}]]}', {"i": [[1], [{"x": 1}]]}),
    (b'{"i": [1, {"x": 1, "x": 2}]}', {"i": [1, {"x": 1}]}),
    (b'{"i": [[], {"x": 1, "x": 2}]}', {"i": [[], {"x": 1}]}),
    (b'{"i": {"x": "a:b", "x": 2}}', {"i": {"x": "a:b"}}),
    (b'{"i": "\\":\\":", "i": 2}', {"i": '":":'}),
    (b'{"i": {"n": {"x": 1, "x": 2}}}', {"i": {"n": {"x": 1}}}),
]


@pytest.mark.parametrize(("body", "document"), FIRST)
def test_the_first_of_two_equal_names_counts(body: bytes, document: object) -> None:
    assert json_text.parse(body) == document


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [[1.0, 2.0]]}',
        b'{"a": {"b": [1], "c": [[{"b64": "aa"}], [{"b64": "bb"}]]}, "d": []}',
        b'{"instances": [{"x": "http://a:80", "y": "\\":"}, {"x": ":", "y": "\\\\"}]}',
        b'{"i": [[], [{"x": 1}]]}',
    ],
)
def test_ordinary_bodies_are_parsed_once(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.server.json_bodies.parser.parse", None)  # the slow parser must not be needed
    assert json_text.parse(body) == json.loads(body)


def test_bytes_that_are_no_utf8_come_through() -> None:
    text = json_text.parse(b'{"a": "\xff\xc3\xa9"}')["a"]
    assert json_text.to_bytes(text) == b"\xff\xc3\xa9"
    [name] = json_text.parse(b'{"\xff": 1}')
    assert json_text.to_bytes(name) == b"\xff"


def test_lone_low_surrogate_comes_through() -> None:
    assert json_text.to_bytes(json_text.parse(b'{"a": "\\udc00"}')["a"]) == b"\xed\xb0\x80"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"null", "Null"),
        (b"true", "True"),
        (b"false", "False"),
        (b"0", "Number"),
        (b"0.5", "Number"),
        (b"Inf", "Number"),
        (b'""', "String"),
        (b"[]", "Array"),
        (b"{}", "Object"),
        (b'{"a": 1, "a": 2}', "Object"),
    ],
)
def test_type_names(text: bytes, name: str) -> None:
    assert json_text.type_name(json_text.parse(b'{"v": ' + text + b"}")["v"]) == name


def test_quote_is_cut() -> None:
    value = {"instances": [[0.5] * 1000]}
    text = json_text.quote(value)
    assert text == json.dumps(value, indent=4)[:1000] + "..."
    assert json_text.quote("é" * 10_000) == '"' + "é" * 999 + "..."


def test_quote_of_deep_values() -> None:
    for opening, closing in ((b"[", b"]"), (b'{"":', b"}")):
        document = json_text.parse(b'{"a": ' + opening * 100_000 + b"1" + closing * 100_000 + b"}")
        assert len(json_text.quote(document["a"])) == 1003

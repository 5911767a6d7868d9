"""Any bytes as a body end in arrays, or in a 400 or 501."""

import functools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from serving.server.errors import HTTP_STATUS, ServingError
from serving.server.json_bodies import answer, plain_numbers, tensor, text
from serving.server.json_bodies import example as json_example

REGULAR = settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
DATA_TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 17, 18, 19, 20, 21, 22, 23, 999]

TOKENS = [
    *'[]{},:"10-.e \n\x00\\é',
    "[[",
    "]]",
    "[1,2",
    "],[3",
    "null",
    "true",
    "false",
    "NaN",
    "Inf",
    "Infinity",
    "-Infinity",
]
TOKENS += [
    "309",
    "1e400",
    "1.8e308",
    str(2**64),
    str(-(2**63) - 1),
    r"\u",
    r'"\ud800"',
    r'"\udc00"',
    '"x"',
    '"YQ=="',
    '{"x":',
]
TOKENS += [f'"{key}":' for key in ("instances", "inputs", "signature_name", "examples", "context", "x", "b64")]
soup = st.lists(st.sampled_from(TOKENS), max_size=25).map("".join).map(str.encode)
keys = st.sampled_from(["instances", "inputs", "examples", "context", "signature_name", "x", "y", "b64", "é", ""])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.sampled_from([0, 1, 255, 2**31, 2**32, 2**63, 2**64 - 1, 0.5, 1e308, -1e-320, "YQ==", "YQ", "*", "x" * 2000]),
    st.floats(),
    st.text(max_size=5),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=15,
)
documents = st.dictionaries(keys, values | st.lists(values, max_size=4), max_size=4)
cuts = st.integers(0, 200)


def check(body: bytes) -> None:
    """Every call and every type on one body."""
    calls: list[Callable[[], Any]] = [lambda: json_example.from_document(text.parse(body))]
    calls += [functools.partial(arrays, body, dtypes) for dtypes in ({"x": 1, "y": 7}, {"é": 7})]
    for float16 in (False, True):
        calls += [functools.partial(arrays, body, {"x": number}, float16=float16) for number in DATA_TYPES]
    for call in calls:
        error = problem(call)
        assert error is None or HTTP_STATUS[error.code] in (400, 501)
        assert error is None or list(json.loads(answer.error(error))) == ["error"]
    numbers = plain_numbers.predict_body(body)
    for number in DATA_TYPES if numbers else ():
        array = numbers.array(number, float16=True)  # type: ignore[union-attr]
        assert array is None or array.size > 0


def problem(call: Callable[[], Any]) -> ServingError | None:
    """The answer that a call raises; any other exception fails the test."""
    try:
        call()
    except ServingError as error:
        return error
    return None


def arrays(body: bytes, dtypes: dict[str, int], *, float16: bool = False) -> None:
    """The arrays of a predict call, as far as its body has any."""
    document = text.parse(body)
    if isinstance(document.get("instances"), list) and document["instances"]:
        for array in tensor.from_rows(document["instances"], dtypes, float16=float16).values():
            assert isinstance(array, np.ndarray)
            assert len(array) == len(document["instances"])
    elif "inputs" in document:
        made = tensor.from_columns(document["inputs"], dtypes, float16=float16)
        assert list(made) == list(dtypes)


@REGULAR
@given(body=st.binary(max_size=60))
@example(body=b"")
@example(body=b"\xef\xbb\xbf")
def test_any_bytes(body: bytes) -> None:
    check(body)


@REGULAR
@given(body=soup, opening=st.sampled_from([b"", b'{"instances":[', b'{"inputs":', b'{"examples":[{']))
@example(body=b"[" * 1100 + b"]" * 1100 + b"}", opening=b'{"inputs":')
@example(body=b'{"x":' * 1100 + b"1" + b"}" * 1100 + b"]}", opening=b'{"instances":[')
@example(body=b'"x","x":1,"x":2}', opening=b'{"inputs":')
def test_any_tokens(body: bytes, opening: bytes) -> None:
    check(opening + body)


@REGULAR
@given(document=documents, ascii_only=st.booleans())
@example(document={"inputs": [[], [[]]]}, ascii_only=True)
@example(document={"inputs": [1.0, [2.0]]}, ascii_only=True)
@example(document={"instances": [{}]}, ascii_only=True)
@example(document={"examples": [{"x": [1, 2.5]}], "context": {"x": float("nan")}}, ascii_only=True)
def test_any_document(document: dict[str, Any], ascii_only: bool) -> None:
    check(json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


@REGULAR
@given(document=documents, start=cuts, length=cuts, put=st.binary(max_size=3))
def test_broken_documents(document: dict[str, Any], start: int, length: int, put: bytes) -> None:
    body = json.dumps(document).encode()
    check(body[:start] + put + body[start + length % 5 :])

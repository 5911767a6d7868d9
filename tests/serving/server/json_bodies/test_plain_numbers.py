"""Bodies of plain numbers: the fast way makes the arrays of the ordinary way, or gives None."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serving.server.errors import ServingError
from serving.server.json_bodies import element, plain_numbers, tensor
from serving.server.json_bodies import text as json_text
from serving.server.json_bodies.plain_numbers import Numbers

FLOAT, DOUBLE, INT32, UINT8, STRING, INT64, BOOL, BFLOAT16, HALF, UINT64 = 1, 2, 3, 4, 7, 9, 10, 14, 19, 23
REGULAR = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def read(body: str | bytes) -> Numbers:
    numbers = plain_numbers.predict_body(body.encode() if isinstance(body, str) else body)
    assert numbers is not None
    return numbers


def ordinary(document: dict[str, Any], number: int, *, float16: bool = False) -> np.ndarray:
    """The array that the ordinary way makes of a body."""
    if "instances" in document:
        return tensor.from_rows(document["instances"], {"x": number}, float16=float16)["x"]
    return tensor.from_columns(document["inputs"], {"x": number}, float16=float16)["x"]


@pytest.mark.parametrize(
    ("body", "name", "rows"),
    [
        ('{"instances":[1]}', "", True),
        (' {\n"inputs"\t: [ 1 ] \r} ', "", False),
        ('{"signature_name": "s", "instances": [1]}', "s", True),
        ('{"inputs": [1], "signature_name": "a b[" }', "a b[", False),
        ('{"signature_name": "a]b[", "inputs": [1]}', "a]b[", False),
        ('{"signature_name":"","instances":[1]}', "", True),
    ],
)
def test_keys(body: str, name: str, rows: bool) -> None:
    numbers = read(body)
    assert (numbers.signature_name, numbers.rows, numbers.shape) == (name, rows, (1,))


@pytest.mark.parametrize("shape", [(1,), (5,), (1, 4), (4, 1), (2, 3), (1, 1, 1), (2, 1, 3, 1), (1, 3, 2), (3, 224, 2)])
def test_shapes(shape: tuple[int, ...]) -> None:
    wanted = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for indent in (None, 1):
        body = json.dumps({"instances": wanted.tolist()}, indent=indent)
        np.testing.assert_array_equal(read(body).array(FLOAT), wanted, strict=True)


def test_depth() -> None:
    for depth in (1, 2, 63):
        assert read('{"inputs": ' + "[" * depth + "1, 2" + "]" * depth + "}").shape == (1,) * (depth - 1) + (2,)
    for depth in (64, 100_000):
        assert plain_numbers.predict_body(b'{"inputs": ' + b"[" * depth + b"1" + b"]" * depth + b"}") is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[1]",
        '{"instances": 1}',
        '{"instances": []}',
        '{"instances": [[], []]}',
        '{"instances": [[1, 2], [3]]}',
        '{"instances": [[1], [2, 3]]}',
        '{"instances": [[1, 2, 3], [4]]}',
        '{"instances": [[1, 2], [3], [4, 5, 6]]}',  # as many numbers and commas as in a regular list
        '{"instances": [[1, 2], [3, 4, 5], [6]]}',
        '{"inputs": [[[1, 2], [3, 4]], [[5, 6, 7], [8]]]}',
        '{"instances": [1, [2]]}',
        '{"instances": [[1], 2]}',
        '{"instances": [[1, 2], 3]}',
        '{"instances": [[[1], [2]], [[3]]]}',
        '{"instances": [[], [1]]}',
        '{"instances": [[1], []]}',
        '{"instances": [NaN]}',
        '{"instances": [-Infinity, 1]}',
        '{"instances": [1e309]}',
        '{"instances": [1.8e308]}',
        '{"instances": [18446744073709551616]}',
        '{"instances": [true]}',
        '{"instances": [1, null]}',
        '{"instances": ["1"]}',
        '{"instances": [{"x": 1}]}',
        '{"instances": {"x": [1]}}',
        '{"instances": [1,]}',
        '{"instances": [01]}',
        '{"instances": [1] ',
        '{"instances": [1]} trailing',
        '{"instances": [1]} ]}',
        '{"instances": [1], "instances": [2]}',
        '{"instances": [1], "inputs": [2]}',
        '{"inputs": [1], "other": 2}',
        '{"signature_name": "a", "inputs": [1], "signature_name": "b"}',
        '{"signature_name": "a", "signature_name": "b", "inputs": [1]}',
        '{"signature_name": 1, "inputs": [1]}',
        '{"signature_name": "\\n", "inputs": [1]}',
        '{"signature_name": "é", "inputs": [1]}',
        '{"signature\\u005fname": "a", "inputs": [1]}',
        '{"inputs": [1, 2}, "x": [3]}',
        '{"inputs": [1], "signature_name": "a]b"}',
    ],
)
def test_left_to_the_ordinary_way(body: str) -> None:
    assert plain_numbers.predict_body(body.encode()) is None


@pytest.mark.parametrize(
    ("text", "number", "wanted"),
    [
        ("[1, 2.5]", FLOAT, np.array([1, 2.5], np.float32)),
        ("[1, -2]", DOUBLE, np.array([1.0, -2.0])),
        ("[-0, -0.0]", DOUBLE, np.array([0.0, -0.0])),
        ("[1e300, -1e300, 1e-300, 0.1]", FLOAT, np.array([np.inf, -np.inf, 0, 0.1], np.float32)),
        ("[18446744073709551615, -1]", DOUBLE, np.array([2.0**64, -1])),
        ("[18446744073709551615]", UINT64, np.array([2**64 - 1], np.uint64)),
        ("[9223372036854775807]", INT64, np.array([2**63 - 1])),
        ("[255, 256, -1]", UINT8, np.array([255, 0, 255], np.uint8)),
        ("[1.5, 65520]", HALF, np.array([1.5, np.inf], np.float16)),
        ("[1.0]", INT32, None),
        ("[1e2]", INT32, None),
        ("[2147483648]", INT32, None),
        ("[18446744073709551615, -1]", INT64, None),
        ("[-1]", UINT64, None),
        ("[1]", BOOL, None),
        ("[1]", STRING, None),
        ("[1]", 8, None),
    ],
)
def test_types(text: str, number: int, wanted: np.ndarray | None) -> None:
    array = read(f'{{"inputs": {text}}}').array(number, float16=True)
    if wanted is None:
        assert array is None
    else:
        np.testing.assert_array_equal(array, wanted, strict=True)
        assert np.signbit(array).tolist() == np.signbit(wanted).tolist()  # type: ignore[arg-type]


def test_float16_only_when_asked_for() -> None:
    numbers = read('{"inputs": [1]}')
    assert numbers.array(HALF) is None
    assert numbers.array(BFLOAT16) is None
    assert numbers.array(HALF, float16=True) is not None


plain = st.integers(-300, 300) | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
odd = st.sampled_from(
    ["1e2", "1E-400", "2e308", "-0", "0.10", "1e309", "NaN", "Inf", "01", "1.", "true", '"1"', "null"]
)
shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
regular = st.one_of(
    arrays.arrays(np.int16, shapes),
    arrays.arrays(np.float64, shapes),
    arrays.arrays(np.object_, shapes, elements=plain),
).map(np.ndarray.tolist)
ragged = st.recursive(plain, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
spoiled = st.recursive(plain | odd, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
space = st.text(" \t\r\n", max_size=2)


def text_of(value: Any, space: str) -> str:
    """JSON text with white space everywhere; strings stand for themselves."""
    if isinstance(value, list):
        return f"[{space}" + f"{space},{space}".join(text_of(item, space) for item in value) + f"{space}]"
    return value if isinstance(value, str) else json.dumps(value)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A predict body: mostly one list, sometimes with more around it than the fast way takes."""
    gap = draw(space)
    key = draw(st.sampled_from(["instances", "inputs"]))
    name = f'"signature_name"{gap}:{gap}"{draw(st.sampled_from(["", "s", "a]b", "é"]))}"'
    main = f'"{key}":{gap}{text_of(draw(regular | regular | ragged | spoiled), gap)}'
    around = draw(
        st.sampled_from([()] * 5 + [("s",), ("s", "s"), ('"other": 1',), ('"instances": [5]',), ('"inputs": [5]',)])
    )
    others = [name if other == "s" else other for other in around]
    members = draw(st.permutations([main, *others]))
    tail = draw(st.sampled_from([""] * 9 + ["x", "]", "}"]))
    return (gap + "{" + gap + f"{gap},{gap}".join(members) + gap + "}" + gap + tail).encode()


@REGULAR
@given(body=bodies(), number=st.sampled_from([FLOAT] * 5 + [DOUBLE, HALF, *element.DTYPES]))
@example(body=b'{"instances":[[9007199254740993, 16777217.0]]}', number=FLOAT)
@example(body=b'{"inputs":[1152921573326323713]}', number=FLOAT)  # rounded to double first, as in TensorFlow Serving
def test_as_the_ordinary_way(body: bytes, number: int) -> None:
    found = plain_numbers.predict_body(body)
    array = None if found is None else found.array(number, float16=True)
    if found is None:
        return
    document = json_text.parse(body)
    assert (document.get("signature_name", ""), "instances" in document) == (found.signature_name, found.rows)
    if array is None:
        with pytest.raises(ServingError, match="is not of expected type"):
            ordinary(document, number, float16=True)
    else:
        wanted = ordinary(document, number, float16=True)
        assert (array.dtype, array.shape, array.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())


@REGULAR
@given(value=regular)
def test_regular_lists_are_read(value: list[Any]) -> None:
    """Every finite array goes the fast way, so that the test above compares something."""
    array = np.array(value, np.float64)
    found = plain_numbers.predict_body(json.dumps({"instances": value}).encode())
    if np.isfinite(array).all():
        np.testing.assert_array_equal(found and found.array(DOUBLE), array, strict=True)
    else:
        assert found is None

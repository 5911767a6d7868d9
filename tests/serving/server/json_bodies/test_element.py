"""One JSON value to one array, against TensorFlow's type numbers, NumPy's ranges and the base64 module."""

import base64
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from serving.server.errors import Code, ServingError
from serving.server.json_bodies import element
from serving.server.json_bodies import text as json_text

FLOAT, DOUBLE, INT32, UINT8, INT16, INT8, STRING, INT64, BOOL = 1, 2, 3, 4, 5, 6, 7, 9, 10
UINT32, UINT64 = 22, 23
REFUSED = [8, 14, 17, 18, 19, 20, 21]
"""complex64, bfloat16, uint16, complex128, half, resource, variant: types of TensorFlow that JSON cannot carry."""


def test_type_numbers_are_tensorflows() -> None:
    assert sorted(element.DTYPES) == [1, 2, 3, 4, 5, 6, 7, 9, 10, 22, 23]
    assert sorted(element.FLOAT16) == [14, 19]
    for number, dtype in (element.DTYPES | element.FLOAT16).items():
        assert np.dtype(dtype.numpy) == tf.dtypes.as_dtype(number).as_numpy_dtype


@pytest.mark.parametrize("number", [*element.DTYPES, *REFUSED])
def test_type_names_are_those_of_the_c_library(number: int) -> None:
    short = {"float32": "float", "float64": "double", "float16": "half"}  # DataTypeString, not Python's names
    name = tf.dtypes.as_dtype(number).name
    assert element.dtype_name(number) == short.get(name, name)


def test_unknown_type_number() -> None:
    assert element.dtype_name(999) == "unknown dtype enum (999)"


@pytest.mark.parametrize(
    ("number", "tokens"),
    [
        *((number, np.int32) for number in (INT32, UINT8, INT16, INT8)),
        (INT64, np.int64),
        (UINT32, np.uint32),
        (UINT64, np.uint64),
    ],
)
def test_integer_range(number: int, tokens: type) -> None:
    low, high = int(np.iinfo(tokens).min), int(np.iinfo(tokens).max)
    wanted = np.array([low, high], tokens).astype(element.DTYPES[number].numpy)  # narrow types wrap
    np.testing.assert_array_equal(element.filled([low, high], number), wanted, strict=True)
    for outside in (low - 1, high + 1):
        with pytest.raises(ServingError, match=rf"JSON Value: {outside} Type: Number is not of expected type: \w+$"):
            element.filled([outside], number)


@pytest.mark.parametrize("number", [FLOAT, DOUBLE])
def test_numbers_of_any_size_are_floats(number: int) -> None:
    array = element.filled([2**64 - 1, -1e300, 1e-320, 2**53 + 1, -(2**63)], number)
    expected = [2.0**64, -1e300, 1e-320, 2.0**53, -(2.0**63)]
    if number == FLOAT:
        expected[1:3] = [-np.inf, 0.0]
    np.testing.assert_array_equal(array, np.array(expected, element.DTYPES[number].numpy), strict=True)


def test_strings_and_bytes_mix() -> None:
    array = element.filled([["", "zwölf"], [{"b64": "AP8A"}, "a\x00"]], STRING)
    assert array.dtype == object
    assert array.tolist() == [[b"", "zwölf".encode()], [b"\x00\xff\x00", b"a\x00"]]


@pytest.mark.parametrize(
    ("value", "shape"),
    [(5, ()), ([], (0,)), ([[], [], []], (3, 0)), ([[[1], [2]]], (1, 2, 1)), ([[1, 2, 3]], (1, 3))],
)
def test_shape_is_that_of_the_lists(value: Any, shape: tuple[int, ...]) -> None:
    assert element.filled(value, INT32).shape == shape


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([[1], [[2]]], "Encountered list at unexpected level: 2 expected < 2"),
        ([[[1]], [2]], "JSON Value: 2 found at incorrect level: 3 in the JSON DOM. Expected at level: 3"),
        ([[1, 2], [3, 4], []], "Encountered list at unexpected size: 0 at level: 1 expected size: 2"),
        ([[], [1]], "Encountered list at unexpected size: 1 at level: 1 expected size: 0"),
        ({"a": 1}, 'JSON Value: {\n    "a": 1\n} Type: Object is not of expected type: int32'),
        (False, "JSON Value: false Type: False is not of expected type: int32"),
        ([None], "JSON Value: null Type: Null is not of expected type: int32"),
    ],
)
def test_refused(value: Any, words: str) -> None:
    with pytest.raises(ServingError) as caught:
        element.filled(value, INT32)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, words)


@pytest.mark.parametrize(("number", "value"), [(BOOL, 0), (BOOL, "true"), (STRING, True), (FLOAT, "NaN"), (INT64, 1.0)])
def test_kinds_are_never_converted(number: int, value: Any) -> None:
    with pytest.raises(ServingError, match=f"is not of expected type: {element.dtype_name(number)}"):
        element.filled(value, number)


@pytest.mark.parametrize("number", REFUSED)
def test_types_that_json_cannot_carry(number: int) -> None:
    with pytest.raises(ServingError) as caught:
        element.filled([1.5], number)
    name = element.dtype_name(number)
    assert (caught.value.code, caught.value.message) == (
        Code.UNIMPLEMENTED,
        f"Conversion of JSON Value: 1.5 to type: {name}",
    )


@pytest.mark.parametrize("number", [8, 14, 17, 18, 19])
def test_types_that_json_cannot_carry_without_elements(number: int) -> None:
    for value, shape in (([], (0,)), ([[], []], (2, 0))):
        array = element.filled(value, number)
        assert (array.shape, array.dtype) == (shape, tf.dtypes.as_dtype(number).as_numpy_dtype)


@pytest.mark.parametrize(("number", "dtype"), [(14, tf.bfloat16), (19, tf.float16)])
def test_float16_when_asked_for(number: int, dtype: Any) -> None:
    value = [[0.1, -2], [1e300, 65520.0]]
    array = element.filled(value, number, float16=True)
    assert array.dtype == dtype.as_numpy_dtype
    np.testing.assert_array_equal(array.astype(np.float64), tf.cast(np.array(value), dtype).numpy().astype(np.float64))
    with pytest.raises(
        ServingError, match=f'JSON Value: "x" Type: String is not of expected type: {dtype_name(dtype)}'
    ):
        element.filled(["x"], number, float16=True)


def dtype_name(dtype: Any) -> str:
    return "half" if dtype == tf.float16 else "bfloat16"


@pytest.mark.parametrize("number", sorted(set(REFUSED) - {14, 19}))
def test_float16_lets_no_other_type_in(number: int) -> None:
    with pytest.raises(ServingError, match=r"Conversion of JSON Value: 1\.5 to type"):
        element.filled([1.5], number, float16=True)


@pytest.mark.parametrize("number", [FLOAT, DOUBLE])
def test_converted_numbers(number: int) -> None:
    dtype = element.DTYPES[number]
    for numbers in (np.array([1, -(2**63)]), np.array([2**64 - 1], np.uint64), np.array([0.1, 1e300]), np.array([])):
        array = element.converted(numbers, dtype)
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(array, numbers.astype(np.float64).astype(dtype.numpy), strict=True)


def test_converted_integers() -> None:
    uint8, uint64 = element.DTYPES[UINT8], element.DTYPES[UINT64]
    assert element.converted(np.array([255, 256, -1]), uint8).tolist() == [255, 0, 255]  # type: ignore[union-attr]
    assert element.converted(np.array([2**31]), uint8) is None
    assert element.converted(np.array([1.0]), uint8) is None
    assert element.converted(np.array([-1]), uint64) is None
    assert element.converted(np.array([2**64 - 1], np.uint64), uint64) is not None
    for number in (STRING, BOOL):
        assert element.converted(np.array([1]), element.DTYPES[number]) is None


def nested(depth: int) -> Any:
    """The number 7 inside `depth` lists."""
    value: Any = 7
    for _ in range(depth):
        value = [value]
    return value


def test_depth_ends_where_numpy_ends() -> None:
    array = element.filled(nested(63), INT32)
    assert (array.ndim, array.item()) == (63, 7)
    assert array[np.newaxis].ndim == 64  # the batch still fits
    for depth in (64, 500_000):
        with pytest.raises(ServingError, match=f"A list nested {depth} deep was found; tensors have at most 63 dims"):
            element.filled(nested(depth), INT32)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b64": ""}, True),
        ({"b64": "not base64 at all!"}, True),
        ({"b64": 5}, False),
        ({"b64": "YQ==", "x": 1}, False),
        ({"B64": "YQ=="}, False),
        ({}, False),
        ("YQ==", False),
        (["b64"], False),
        (json_text.parse(b'{"b64": "YQ==", "b64": "YQ=="}'), False),
    ],
)
def test_is_base64(value: Any, expected: bool) -> None:
    assert element.is_base64(value) is expected


@pytest.mark.parametrize("length", range(10))
def test_base64_as_clients_write_it(length: int) -> None:
    content = bytes(range(250, 256)) + bytes(length)
    text = base64.b64encode(content).decode()
    spaced = f" {text[:3]}\r\n\t\v\f{text[3:]} "
    for written in (text, text.rstrip("="), text.replace("=", "."), base64.encodebytes(content).decode(), spaced):
        assert element.decode_base64({"b64": written}) == content


WRONG_PADDING = ["aGk==", "aGVs=", "==", ".", "YQ=", "YQ===", "YQ=.=", "=YQ=", "YQ= =="]
"""absl::Base64Unescape takes no padding at all or all of it."""


@pytest.mark.parametrize("text", ["*", "YQ=a", "a", "YWJj-_8=", "Zürich", "\ud800", "YQ\xa0", "YQ\0", *WRONG_PADDING])
def test_broken_base64(text: str) -> None:
    with pytest.raises(ServingError, match="Unable to base64 decode") as caught:
        element.decode_base64({"b64": text})
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_object_that_is_no_base64() -> None:
    with pytest.raises(ServingError, match="not formatted correctly for base64 data"):
        element.decode_base64({"b64": 1})

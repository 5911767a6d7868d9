"""JSON to arrays: every value has the same answer on the fast and on the checked path."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from serving.server.errors import Code, ServingError
from serving.server.json_bodies import tensor, text
from serving.server.json_bodies.element import DTYPES, FLOAT16

FLOAT, DOUBLE, INT32, UINT8, STRING, INT64, BOOL, HALF, UINT32, UINT64 = 1, 2, 3, 4, 7, 9, 10, 19, 22, 23
INT8 = 6

TAKEN = [
    (FLOAT, [1, 2.0, 0.007], [1, 2, 0.007]),
    (FLOAT, [[1.0, 2.0], [3.0, 4.0]], [[1, 2], [3, 4]]),
    (FLOAT, [1.7976931348623157e308, -1e300, 1e-300], [np.inf, -np.inf, 0]),
    (FLOAT, [1435774380], [1435774336]),
    (FLOAT, [float("nan"), float("inf")], [np.nan, np.inf]),
    (FLOAT, [[], []], np.zeros((2, 0))),
    (DOUBLE, [0.1, 2], [0.1, 2.0]),
    (INT32, [[1, -2]], [[1, -2]]),
    (UINT8, [255, 256], [255, 0]),
    (INT8, [127, 128], [127, -128]),
    (INT64, [2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
    (UINT32, [2**32 - 1], [2**32 - 1]),
    (UINT64, [2**64 - 1], [2**64 - 1]),
    (BOOL, [[True], [False]], [[True], [False]]),
    (STRING, ["a", {"b64": "YQBiAA=="}, "é"], [b"a", b"a\x00b\x00", "é".encode()]),
    (STRING, [[{"b64": "aGVsbG8"}], ["x"]], [[b"hello"], [b"x"]]),
]


@pytest.mark.parametrize(("number", "value", "expected"), TAKEN)
def test_taken(number: int, value: Any, expected: Any) -> None:
    kinds = {FLOAT: "float32", DOUBLE: "float64", INT32: "int32", UINT8: "uint8", INT8: "int8", INT64: "int64"}
    kinds |= {UINT32: "uint32", UINT64: "uint64", BOOL: "bool", STRING: "object"}
    rows = tensor.from_rows(value, {"x": number})["x"]
    named = tensor.from_rows([{"x": row} for row in value], {"x": number})["x"]
    columns = tensor.from_columns(value, {"x": number})["x"]
    wanted = np.array(expected, dtype=kinds[number])
    for array in (rows, named, columns):
        assert array.dtype == wanted.dtype
        np.testing.assert_array_equal(array, wanted)


def test_scalar_column() -> None:
    array = tensor.from_columns(3, {"x": FLOAT})["x"]
    assert (array.shape, array.item()) == ((), 3.0)
    array = tensor.from_columns({"b64": "YQA="}, {"x": STRING})["x"]
    assert (array.shape, array.item()) == ((), b"a\x00")


def test_extra_columns_are_ignored() -> None:
    arrays = tensor.from_columns({"x": [1], "y": [2]}, {"x": FLOAT})
    assert list(arrays) == ["x"]


REFUSED = [
    (FLOAT, ["x"], 'JSON Value: "x" Type: String is not of expected type: float'),
    (FLOAT, ["1.5"], 'JSON Value: "1.5" Type: String is not of expected type: float'),
    (FLOAT, [1.0, None], "JSON Value: null Type: Null is not of expected type: float"),
    (FLOAT, [1.0, True], "JSON Value: true Type: True is not of expected type: float"),
    (INT32, [1.0], "JSON Value: 1.0 Type: Number is not of expected type: int32"),
    (INT32, [2**31], "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
    (INT32, [{"b64": "aGk="}], "is not of expected type: int32"),
    (UINT8, [2**31], "is not of expected type: uint8"),
    (INT64, [2**63], "is not of expected type: int64"),
    (UINT64, [-1], "is not of expected type: uint64"),
    (BOOL, [1], "is not of expected type: bool"),
    (BOOL, [True, 0], "is not of expected type: bool"),
    (STRING, [1], "is not of expected type: string"),
    (STRING, [{"b64": "a", "x": 1}], "not formatted correctly for base64 data"),
    (STRING, [{"b64": "****"}], "Unable to base64 decode"),
    (INT32, [[1, 2], [3]], "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    (INT32, [1, [2]], "Encountered list at unexpected level: 1 expected < 1"),
    (INT32, [[1], 2], "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    (HALF, [1.0], "Conversion of JSON Value: 1.0 to type: half"),
]


@pytest.mark.parametrize(("number", "value", "message"), REFUSED)
def test_refused_columns(number: int, value: Any, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        tensor.from_columns(value, {"x": number})
    assert message in caught.value.message
    assert caught.value.code is (Code.UNIMPLEMENTED if number == HALF else Code.INVALID_ARGUMENT)


@pytest.mark.parametrize(
    ("dtypes", "rows", "message"),
    [
        ({"x": INT32}, [[1, 2], [3, 4], [5, 6, 7]], "element: 2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting"
        " tensor size: 2 but got: 3"),
        ({"x": INT32}, [1, [1]], "Expecting shape [] but got: [1]"),
        ({"x": INT32}, [[1, 2], ["a", "b"]], "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUM"),
        ({"x": HALF}, [1.0], "Error: UNIMPLEMENTED: Conversion of JSON Value: 1.0 to type: half"),
        ({"x": STRING}, [["a"], {"x": ["b"]}], "Expecting value/list but got object at item 1 of input list"),
        ({"x": STRING}, [{"x": ["b"]}, ["a"]], "Expecting object but got list at item 1 of input list"),
        ({"x": INT32, "y": STRING}, [[1, 2]], "instances is a plain list, but expecting list of objects"),
        ({"x": INT32, "y": STRING}, [{"x": 1}], "keys must be equal to: x,y"),
        ({"x": INT32}, [{"x": 1, "z": 2}], "element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: "
        "does not have named input: z"),
        ({"x": INT32, "y": STRING}, [{"x": [1, 2], "y": "a"}, {"x": [1], "y": "a"}], "element: 1 key: x of"),
    ],
)  # fmt: skip
def test_refused_rows(dtypes: dict[str, int], rows: list[Any], message: str) -> None:
    with pytest.raises(ServingError) as caught:
        tensor.from_rows(rows, dtypes)
    assert message in caught.value.message
    assert caught.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("inputs", "message"),
    [([1], "inputs is a plain value/list"), ({"x": [1]}, "Missing named input: y in 'inputs' object.")],
)
def test_refused_named_columns(inputs: Any, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        tensor.from_columns(inputs, {"x": INT32, "y": STRING})
    assert message in caught.value.message


def test_a_long_string_among_numbers_takes_no_room() -> None:
    value = [1.0] * 1000 + ["x" * 100_000]  # NumPy's own conversion would take 400 MB
    tracemalloc.start()
    try:
        with pytest.raises(ServingError, match="Type: String is not of expected type: float"):
            tensor.from_columns(value, {"x": FLOAT})
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("number", "value", "expected"),
    [
        (DOUBLE, [2**64 - 1, -1], [2.0**64, -1.0]),
        (FLOAT, [2**60 + 2**36 + 1], [2.0**60]),  # by way of a double, as rapidjson's GetFloat does
        (FLOAT, [True], None),
        (DOUBLE, [[1.0, 2], [3, False]], None),
        (UINT64, [2**64 - 1, -1], None),
        (BOOL, [], []),
        (INT64, [[], []], [[], []]),
    ],
)
def test_mixed_kinds(number: int, value: Any, expected: Any) -> None:
    if expected is None:
        with pytest.raises(ServingError, match="is not of expected type"):
            tensor.from_columns(value, {"x": number})
    else:
        array = tensor.from_columns(value, {"x": number})["x"]
        assert (array.dtype, array.tolist()) == (DTYPES[number].numpy, expected)


@pytest.mark.parametrize("number", [14, HALF])
def test_float16(number: int) -> None:
    for value in ([[0.1, 2], [1e9, -3]], [[0.1, 2], [1e9, -3.0]]):
        with np.errstate(over="ignore"):
            wanted = np.array(value).astype(np.float64).astype(FLOAT16[number].numpy)
        rows = tensor.from_rows([{"x": row} for row in value], {"x": number}, float16=True)["x"]
        columns = tensor.from_columns({"x": value}, {"x": number}, float16=True)["x"]
        for array in (rows, columns):
            assert array.dtype == wanted.dtype
            assert array.tobytes() == wanted.tobytes()
    with pytest.raises(ServingError, match="Expecting tensor size: 2 but got: 1"):
        tensor.from_rows([[1, 2], [3]], {"x": number}, float16=True)


def test_first_of_two_equal_names_counts() -> None:
    rows = text.parse(b'{"instances": [{"x": 1, "x": 9}, {"x": 2}]}')["instances"]
    assert tensor.from_rows(rows, {"x": INT32})["x"].tolist() == [1, 2]
    inputs = text.parse(b'{"inputs": {"x": [1], "x": [9]}}')["inputs"]
    assert tensor.from_columns(inputs, {"x": INT32})["x"].tolist() == [1]


def test_deep_lists_are_refused() -> None:
    value: Any = 1.0
    for _ in range(200):
        value = [value]
    with pytest.raises(ServingError, match="at most 63"):
        tensor.from_columns(value, {"x": FLOAT})
    with pytest.raises(ServingError, match="at most 63"):
        tensor.from_rows(value, {"x": FLOAT})


REFUSALS = r"at most 63 dims|is not of expected type|not formatted correctly for base64|Conversion of JSON Value"


@pytest.mark.parametrize("is_list", [True, False])
def test_half_a_million_brackets_are_refused(is_list: bool) -> None:
    deep: Any = 1.0
    for _ in range(500_000):
        deep = [deep] if is_list else {"x": deep}
    for number in (FLOAT, BOOL, STRING, HALF):
        with pytest.raises(ServingError, match=REFUSALS):
            tensor.from_columns(deep, {"x": number})
        with pytest.raises(ServingError, match=REFUSALS):
            tensor.from_rows([deep, 2.0], {"x": number})

"""Arrays to JSON answers, read back by Python's own parser."""

import base64
import json

import ml_dtypes
import numpy as np
import pytest

from serving.server.errors import ServingError, invalid_argument
from serving.server.json_bodies import answer


def test_single_output_is_bare() -> None:
    array = np.array([[0.1, 2.0], [1e20, 3e-5]], np.float32)
    assert answer.predictions({"y": array}) == b'{"predictions":[[0.1,2.0],[1e+20,0.00003]]}'
    assert json.loads(answer.columns({"y": array}))["outputs"][0] == [0.1, 2.0]


def test_several_outputs_are_objects() -> None:
    outputs = {"b": np.array([[1, 2], [3, 4]], np.int8), "a": np.array([b"x", b"y"], object)}
    assert json.loads(answer.predictions(outputs)) == {
        "predictions": [{"a": "x", "b": [1, 2]}, {"a": "y", "b": [3, 4]}]
    }
    assert json.loads(answer.columns(outputs)) == {"outputs": {"a": ["x", "y"], "b": [[1, 2], [3, 4]]}}


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"]
)
def test_numbers(dtype: str) -> None:
    for array in (np.array(7, dtype), np.array([1, 2], dtype), np.arange(6, dtype=dtype).reshape(1, 2, 3)[:, ::-1]):
        assert json.loads(answer.columns({"y": array}))["outputs"] == array.tolist()


def test_booleans_and_large_integers() -> None:
    assert answer.predictions({"y": np.array([True, False])}) == b'{"predictions":[true,false]}'
    assert b"18446744073709551615" in answer.predictions({"y": np.array([2**64 - 1], np.uint64)})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_non_finite_numbers_are_bare_tokens(dtype: type) -> None:
    array: np.ndarray = np.array([0.2, np.inf, 1.0, -np.inf, np.nan], dtype)
    assert answer.predictions({"y": array}) == b'{"predictions":[0.2,Infinity,1.0,-Infinity,NaN]}'
    two = {"null": array, "z": np.zeros(5, np.int32)}
    assert answer.predictions(two).startswith(b'{"predictions":[{"null":0.2,"z":0},{"null":Infinity,"z":0},')
    assert answer.columns({"y": np.array(np.nan, dtype)}) == b'{"outputs":NaN}'


def test_bytes_suffix_is_base64() -> None:
    array = np.array([[b"hello", b"\xff\x00"]], object)
    [[first, second]] = json.loads(answer.predictions({"image_bytes": array}))["predictions"]
    assert first == {"b64": "aGVsbG8="}
    assert base64.b64decode(second["b64"]) == b"\xff\x00"


def test_strings_are_escaped_and_kept() -> None:
    array = np.array(['é"\\\n'.encode(), b'\xff"'], object)
    assert answer.predictions({"y": array}) == b'{"predictions":["\xc3\xa9\\"\\\\\\n","\xff\\""]}'
    assert json.loads(answer.columns({"y": np.array(b"one", object)})) == {"outputs": "one"}


@pytest.mark.parametrize("shape", [(0,), (0, 3)])
def test_zero_batch(shape: tuple[int, ...]) -> None:
    assert json.loads(answer.predictions({"y": np.zeros(shape, np.int32)})) == {"predictions": []}
    two = {"y": np.zeros(shape, np.int32), "z": np.zeros(0, object)}
    assert json.loads(answer.predictions(two)) == {"predictions": []}


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.uint16, np.complex64, np.complex128])
def test_without_elements_every_type_is_written(dtype: type) -> None:
    assert json.loads(answer.columns({"y": np.zeros(0, dtype)})) == {"outputs": []}
    assert json.loads(answer.predictions({"y": np.zeros((2, 0), dtype)})) == {"predictions": [[], []]}
    two = {"y": np.zeros((2, 0), dtype), "z": np.arange(2)}
    assert json.loads(answer.predictions(two)) == {"predictions": [{"y": [], "z": 0}, {"y": [], "z": 1}]}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"y": np.array(1.0)}, "Tensor name: y has no shape information"),
        ({"a": np.zeros(2), "b": np.zeros((1, 3))}, "Tensor name: b has inconsistent batch size: 1 expecting: 2"),
        ({"y": np.zeros(2, np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
        ({"y": np.zeros(2, np.float16)}, "Failed to write JSON value for tensor type: half"),
    ],
)
def test_refused(outputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ServingError, match=message):
        answer.predictions(outputs)


def test_half_and_bfloat16_when_asked_for() -> None:
    half = np.array([0.1, 2.0, np.inf], np.float16)
    other = np.array([0.1, 2.0, np.nan], ml_dtypes.bfloat16)
    assert answer.predictions({"y": half}, float16=True) == b'{"predictions":[0.099975586,2.0,Infinity]}'
    assert answer.columns({"y": other}, float16=True) == b'{"outputs":[0.100097656,2.0,NaN]}'
    rows = answer.predictions({"y": half[:1], "z": other[:1]}, float16=True)
    assert rows == b'{"predictions":[{"y":0.099975586,"z":0.100097656}]}'
    for array, name in ((half, "half"), (other, "bfloat16")):
        with pytest.raises(ServingError, match=f"Failed to write JSON value for tensor type: {name}"):
            answer.columns({"y": array})
    with pytest.raises(ServingError, match="tensor type: complex64"):
        answer.columns({"y": np.zeros(2, np.complex64)}, float16=True)


def test_no_outputs() -> None:
    for write in (answer.predictions, answer.columns):
        with pytest.raises(ServingError, match="Cannot convert empty tensor map to JSON"):
            write({})


def test_columns_need_no_common_batch() -> None:
    outputs = {"a": np.zeros(2, np.int32), "b": np.array(5, np.int32)}
    assert json.loads(answer.columns(outputs)) == {"outputs": {"a": [0, 0], "b": 5}}


def test_error_body() -> None:
    assert json.loads(answer.error(invalid_argument('a "b"'))) == {"error": 'a "b"'}
    assert json.loads(answer.error(invalid_argument("\udcff")))["error"] == "?"

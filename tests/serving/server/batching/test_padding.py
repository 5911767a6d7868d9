"""Joining and padding arrays for batching; the numbers are TensorFlow Serving's own test cases or written by hand."""

import numpy as np
import pytest

from serving.server.batching.padding import NotAlikeError, allowed_size, join, pad_to_common_shape
from serving.server.errors import Code, ServingError


def floats(*values: object) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(("rows", "expected"), [(1, 4), (4, 4), (5, 8), (8, 8), (9, 9)])
def test_batching_allowed_size(rows: int, expected: int) -> None:
    assert allowed_size(rows, (4, 8)) == expected
    assert allowed_size(rows, ()) == rows


def test_batching_rows_that_fill_up_copy_the_last_calls_first_row() -> None:
    joined = join("x", [floats([1, 2]), floats([3, 4], [5, 6])], filler=2, pad=False)
    np.testing.assert_array_equal(joined, [[1, 2], [3, 4], [5, 6], [3, 4], [3, 4]])
    assert joined.dtype == np.float32


def test_batching_filler_needs_a_row() -> None:
    joined = join("x", [floats(7, 8), np.zeros(0, np.float32)], filler=1, pad=False)
    np.testing.assert_array_equal(joined, [7, 8, 7])


def test_batching_one_call_is_not_copied() -> None:
    array = floats([1, 2])
    assert join("x", [array], filler=0, pad=True) is array


def test_batching_strings_keep_their_zeros() -> None:
    arrays = [np.array([b"a\x00"], object), np.array(["é", b""], object)]
    joined = join("x", arrays, filler=1, pad=False)
    assert joined.dtype == object
    assert joined.tolist() == [b"a\x00", "é", b"", "é"]


@pytest.mark.parametrize("other", [np.ones((1, 3), np.float32), np.ones((1, 2, 1), np.float32), floats(1)])
def test_batching_other_shapes_without_padding(other: np.ndarray) -> None:
    match = "Tensors with name 'x' from different tasks have different shapes and padding is turned off. Set pad_"
    with pytest.raises(ServingError, match=match) as raised:
        join("x", [floats([1, 2]), other], filler=0, pad=False)
    assert raised.value.code is Code.FAILED_PRECONDITION


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.bool_, np.float16, object, ">f4"])
def test_batching_other_dtypes_are_not_joined(dtype: str | type) -> None:
    with pytest.raises(NotAlikeError):
        join("x", [floats([1, 2]), np.ones((1, 2), dtype)], filler=0, pad=False)
    with pytest.raises(NotAlikeError):
        join("x", [np.ones((1, 2), dtype), floats([1, 2])], filler=0, pad=True)


def test_batching_padding_repeats_the_first_element() -> None:
    # batching_util_test.cc: shape [1, 2, 3] to [1, 3, 4] with tensor[0][0][0] after each dimension.
    small = np.array([[[9, 1, 2], [3, 4, 5]]])
    large = np.zeros((2, 3, 4), small.dtype)
    padded, same = pad_to_common_shape([small, large])
    np.testing.assert_array_equal(padded, [[[9, 1, 2, 9], [3, 4, 5, 9], [9, 9, 9, 9]]])
    assert same is large


def test_batching_padding_takes_the_largest_of_each_dimension() -> None:
    # batching_util.h, CalculateMaxDimSizes: [.., 500, 300], [.., 200, 123], [.., 100, 400] to [.., 500, 400]; a tenth.
    arrays = [np.ones((10, 50, 30)), np.ones((10, 20, 12)), np.ones((20, 10, 40))]
    assert [array.shape for array in pad_to_common_shape(arrays)] == [(10, 50, 40), (10, 50, 40), (20, 50, 40)]


def test_batching_padding_of_strings() -> None:
    padded, _ = pad_to_common_shape([np.array([[b"a"], [b"b"]], object), np.array([[b"c", b"d"]], object)])
    assert padded.tolist() == [[b"a", b"a"], [b"b", b"a"]]


def test_batching_padding_of_nothing() -> None:
    with pytest.raises(ServingError, match="Got empty tensor in batch of non-empty tensors") as raised:
        pad_to_common_shape([np.ones((1, 0)), np.ones((1, 2))])
    assert raised.value.code is Code.INVALID_ARGUMENT
    no_rows, _ = pad_to_common_shape([np.ones((0, 1)), np.ones((1, 2))])
    assert no_rows.shape == (0, 2)
    with pytest.raises(NotAlikeError, match="number of dimensions"):
        pad_to_common_shape([np.ones((1, 1)), np.ones((1, 1, 1))])

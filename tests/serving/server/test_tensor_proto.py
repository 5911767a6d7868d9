"""TensorProto to array and back, compared with TensorFlow's own conversions."""

import time
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serving.server import tensor_proto

NUMBERS = (
    *(tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.complex64, tf.complex128, tf.bool),
    *(tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64),
    *(tf.dtypes.experimental.float8_e5m2, tf.dtypes.experimental.float8_e4m3fn),
)


def name_of(dtype: Any) -> str:
    return dtype.name


def shaped(*sizes: int, dtype: int = 1, **values: Any) -> TensorProto:
    """A TensorProto of a shape; DT_FLOAT unless said."""
    proto = TensorProto(dtype=dtype, **values)
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    return proto


def written(array: np.ndarray, **options: Any) -> TensorProto:
    proto = TensorProto()
    tensor_proto.write(array, proto, **options)
    return proto


def numbers(dtype: Any, *shape: int) -> np.ndarray:
    """Small numbers that every type has, some negative where there are such."""
    drawn = np.random.default_rng(1).integers(0 if dtype.is_unsigned else -4, 5, size=shape)
    values = drawn + 1j * drawn[::-1] if dtype.is_complex else drawn
    return np.asarray(values).astype(dtype.as_numpy_dtype)


@pytest.mark.parametrize("content", [False, True])
@pytest.mark.parametrize("shape", [(2, 3), (20, 7), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", NUMBERS, ids=name_of)
def test_numbers_there_and_back(dtype: Any, shape: tuple[int, ...], content: bool) -> None:
    array = numbers(dtype, *shape)
    proto = written(array, content=content)
    assert proto.dtype == dtype.as_datatype_enum
    assert bool(proto.tensor_content) == (content and array.size > 0)
    for read in (tensor_proto.to_array(proto), tf.make_ndarray(proto)):
        assert (read.dtype, read.shape) == (array.dtype, shape)
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("dtype", NUMBERS, ids=name_of)
def test_what_clients_send(dtype: Any) -> None:
    array = numbers(dtype, 3, 5)
    np.testing.assert_array_equal(tensor_proto.to_array(tf.make_tensor_proto(array)), array)
    listed = tf.make_tensor_proto(array.tolist(), dtype=dtype)
    np.testing.assert_array_equal(tensor_proto.to_array(listed), array)


@pytest.mark.parametrize("kind", ["float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz"])
def test_types_that_tensorflow_does_not_show_to_python(kind: str) -> None:
    array = np.array([0.5, -2.0, 1.0]).astype(getattr(ml_dtypes, kind))
    np.testing.assert_array_equal(tensor_proto.to_array(written(array)), array)


@pytest.mark.parametrize("dtype", [tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32], ids=name_of)
def test_quantised_numbers(dtype: Any) -> None:
    array = np.array([[3, 100]], dtype=dtype.as_numpy_dtype[0] if dtype.as_numpy_dtype else None)
    for proto in (written(array, declared=dtype.as_datatype_enum), tf.make_tensor_proto(array, dtype=dtype)):
        assert proto.dtype == dtype.as_datatype_enum
        read = tensor_proto.to_array(proto)
        assert read.dtype == dtype.as_numpy_dtype
        np.testing.assert_array_equal(read.view(array.dtype), array)


@pytest.mark.parametrize("content", [False, True])
def test_strings(content: bool) -> None:
    array = np.array([[b"a", b""], [b"\xff\0", b"long " * 100]], dtype=object)
    proto = written(array, content=content)
    assert tensor_proto.to_array(proto).tolist() == tf.make_ndarray(proto).tolist() == array.tolist()


@pytest.mark.parametrize("value", [np.float32(1.5), np.int64(-3), np.bool_(True), b"x\0"])
def test_scalars(value: Any) -> None:
    array = np.array(value, dtype=object if isinstance(value, bytes) else None)
    proto = written(array)
    assert proto.HasField("tensor_shape")
    assert tensor_proto.to_array(proto).shape == ()
    assert tensor_proto.to_array(proto)[()] == value


def test_not_contiguous() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T
    for content in (False, True):
        np.testing.assert_array_equal(tensor_proto.to_array(written(array, content=content)), array)


def test_half_val_holds_bit_patterns() -> None:
    assert tensor_proto.to_array(shaped(2, dtype=19, half_val=[0x3C00, 0xC000])).tolist() == [1.0, -2.0]
    assert tensor_proto.to_array(shaped(1, dtype=14, half_val=[0x3F80])).tolist() == [1.0]
    assert list(written(np.array([1.0], np.float16)).half_val) == [0x3C00]


def test_narrow_integers_are_cut() -> None:
    assert tensor_proto.to_array(shaped(2, dtype=4, int_val=[300, -1])).tolist() == [44, 255]
    assert tensor_proto.to_array(shaped(100, dtype=6, int_val=[200] * 100)).tolist() == [-56] * 100


@pytest.mark.parametrize(
    "proto",
    [
        shaped(2, 3, float_val=[7]),
        shaped(2, 3, float_val=[1, 2]),
        shaped(2, 3),
        shaped(2, float_val=[1, 2, 3]),
        shaped(100, float_val=range(80)),
        shaped(3, dtype=8, scomplex_val=[1, 2]),
        shaped(3, dtype=8, scomplex_val=[1, 2, 3]),
        shaped(3, dtype=10, bool_val=[True]),
        shaped(3, dtype=19, half_val=[0x3C00]),
        shaped(0, float_val=[1.0]),
        shaped(0, tensor_content=b"123"),
        shaped(float_val=[5]),
        shaped(2, tensor_content=np.array([1, 2], np.float32).tobytes(), float_val=[3, 4]),
        shaped(3, dtype=7, string_val=[b"x", b"y"]),
        shaped(3, dtype=7),
        shaped(1, dtype=7, string_val=[b"x", b"y"]),
    ],
    ids=lambda proto: str(proto).replace("\n", "")[:60],
)
def test_as_the_runtime_reads_it(proto: TensorProto) -> None:
    """The graph's own Const is made by Tensor::FromProto."""
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        constant = graph.create_op(
            "Const",
            [],
            [proto.dtype],
            attrs={
                "value": AttrValue(tensor=proto),
                "dtype": AttrValue(type=proto.dtype),
            },
        )
        expected = np.asarray(session.run(constant.outputs[0]))
    read = tensor_proto.to_array(proto)
    assert read.shape == expected.shape
    np.testing.assert_array_equal(read, expected)


def test_encoded_strings() -> None:
    content = bytes([1, 0, 0xAC, 0x02]) + b"a" + b"b" * 300
    assert tensor_proto.to_array(shaped(3, dtype=7, tensor_content=content)).tolist() == [b"a", b"", b"b" * 300]


@pytest.mark.parametrize(
    ("proto", "words"),
    [
        (shaped(1, dtype=0, float_val=[1]), "DataType 0"),
        (shaped(1, dtype=20), "DataType 20"),
        (shaped(1, dtype=101, float_val=[1]), "DataType 101"),
        (shaped(1, dtype=4711), "DataType 4711"),
        (shaped(-1, float_val=[1]), "each size must be known"),
        (shaped(*[1] * 65, float_val=[1]), "65 dimensions"),
        (shaped(*[2**62] * 64, float_val=[1]), "1 values were found"),
        (shaped(2**40), "0 values were found"),
        (shaped(2**40, tensor_content=b"1234"), "tensor_content holds 4 bytes"),
        (shaped(2**40, dtype=7, string_val=[b"x"]), "1 values were found"),
        (shaped(2**40, dtype=7, tensor_content=b"x"), "tensor_content holds 1 bytes"),
        (shaped(0, 2**62, 2**62), "array is too big|dimension"),
        (shaped(2, tensor_content=b"123"), "holds 3 bytes, the shape needs 8"),
        (shaped(2, dtype=7, tensor_content=b"\1\1a"), "its strings need 4"),
        (shaped(1, dtype=7, tensor_content=b"\xff\xff\xff\xff\xff\xff"), "not a list of strings"),
        (shaped(1, dtype=7, tensor_content=b"\xff"), "not a list of strings"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed(proto: TensorProto, words: str) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match=words):
        tensor_proto.to_array(proto)
    assert time.monotonic() - start < 5


def test_unknown_rank() -> None:
    proto = TensorProto(dtype=1, float_val=[1])
    proto.tensor_shape.unknown_rank = True
    with pytest.raises(ValueError, match="must be known"):
        tensor_proto.to_array(proto)


def test_bools_of_odd_bytes() -> None:
    assert tensor_proto.to_array(shaped(3, dtype=10, tensor_content=b"\0\1\2")).tolist() == [False, True, True]


def test_arrays_outside_tensorflow() -> None:
    with pytest.raises(ValueError, match="datetime64"):
        tensor_proto.write(np.array(["2026-01-01"], dtype="datetime64[D]"), TensorProto())


def test_the_array_outlives_its_message() -> None:
    proto = shaped(1000, float_val=range(1000))
    array = tensor_proto.to_array(proto)
    proto.float_val[:] = [0] * 1000
    del proto
    np.testing.assert_array_equal(array, np.arange(1000, dtype=np.float32))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_message_is_read_or_refused(data: bytes) -> None:
    proto = TensorProto()
    try:
        proto.ParseFromString(data)
    except Exception:  # no message at all
        return
    try:
        array = tensor_proto.to_array(proto)
    except ValueError:
        return
    assert array.shape == tuple(dim.size for dim in proto.tensor_shape.dim)


@settings(max_examples=300, deadline=None)
@given(
    dtype=st.integers(0, 40),
    shape=st.lists(st.one_of(st.integers(-2, 4), st.integers(2**30, 2**63 - 1)), max_size=4),
    count=st.integers(0, 70),
    content=st.binary(max_size=16),
)
def test_any_shape_is_read_or_refused(dtype: int, shape: list[int], count: int, content: bytes) -> None:
    proto = shaped(*shape, dtype=dtype, tensor_content=content, float_val=[1.0] * count, int_val=[1] * count)
    proto.scomplex_val.extend([1.0] * count)
    proto.string_val.extend([b"x"] * count)
    try:
        array = tensor_proto.to_array(proto)
    except ValueError:
        return
    assert array.shape == tuple(shape)
    assert array.nbytes <= tensor_proto.MOST_FILLED_BYTES

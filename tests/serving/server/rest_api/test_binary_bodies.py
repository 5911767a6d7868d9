"""Bodies that are not JSON: those that NumPy and TensorFlow write are read, others are refused with a clear message."""

import contextlib
import io
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2

from serving import saved_model
from serving.server.errors import Code, ServingError
from serving.server.models.versions import Version
from serving.server.rest_api import binary_bodies

NPY, PROTOBUF = "application/x-npy", "application/x-protobuf"


@pytest.fixture(scope="module")
def echo_version(echo: Path) -> Iterator[Version]:
    with saved_model.load(echo / "1") as model:
        yield Version("echo", 1, echo / "1", loaded=model)


@pytest.fixture(scope="module")
def half_version(half_plus_two: Path) -> Iterator[Version]:
    folder = half_plus_two / "00000123"
    with saved_model.load(folder) as model:
        yield Version("half_plus_two", 123, folder, loaded=model)


def saved(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def handmade(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An .npy file written from its specification (NEP 1)."""
    text = header.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + version + length + text + data


def refusal(content_type: str, body: bytes, version: Version) -> str:
    with pytest.raises(ServingError) as caught:
        binary_bodies.parse(content_type, body, version)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


def test_kinds() -> None:
    assert binary_bodies.kind("Application/X-NPY; signature_name=a") == NPY
    assert binary_bodies.kind("application/x-protobuf") == PROTOBUF
    for other in ("", "application/json", "application/x-npyx", "text/plain; application/x-npy"):
        assert binary_bodies.kind(other) == ""


def test_npy_there_and_back(half_version: Version) -> None:
    body = saved(np.array([[1.0], [6.0]], np.float32))
    request = binary_bodies.parse(NPY, body, half_version)
    assert (request.signature, request.outputs) == ("serving_default", ["y"])
    outputs = half_version.model.run(request.signature, request.inputs, outputs=request.outputs)
    answer = np.load(io.BytesIO(binary_bodies.write(NPY, outputs, half_version, request.signature)))
    assert answer.dtype == np.float32
    assert answer.tolist() == [[2.5], [5.0]]


ARRAYS = [
    ("int", np.arange(6, dtype=np.int32).reshape(2, 3)),
    ("int", np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3))),
    ("int", np.arange(6, dtype=">i4").reshape(2, 3)),
    ("double", np.array(1.5)),
    ("float", np.array([np.nan, np.inf, -0.0], np.float32)),
    ("half", np.array([[0.5]], np.float16)),
    ("bool", np.array([True, False])),
    ("uint8", np.zeros((2, 0, 3), np.uint8)),
    ("int64", np.array([2**63 - 1, -(2**63)])),
]


@pytest.mark.parametrize(("signature", "array"), ARRAYS)
def test_npy_of_every_kind(echo_version: Version, signature: str, array: np.ndarray) -> None:
    request = binary_bodies.parse(f'{NPY}; signature_name="{signature}"', saved(array), echo_version)
    outputs = echo_version.model.run(request.signature, request.inputs)
    answer = np.load(io.BytesIO(binary_bodies.write(NPY, outputs, echo_version, signature)))
    assert answer.shape == array.shape
    assert answer.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(answer, array)


def test_npy_by_its_specification(echo_version: Version) -> None:
    header = "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 2), }"
    data = struct.pack("<4i", 1, 2, 3, 4)
    for version in (b"\x01\x00", b"\x02\x00"):
        body = handmade(header, data, version)
        array = binary_bodies.parse(f"{NPY};signature_name=int", body, echo_version).inputs["default"]
        assert array.tolist() == [[1, 3], [2, 4]]
        assert array.flags.aligned
    odd = handmade("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", b"\x00\x01\x02")
    assert binary_bodies.parse(f"{NPY};signature_name=bool", odd, echo_version).inputs["default"].tolist() == [
        False,
        True,
        True,
    ]


def test_output_filter(half_version: Version) -> None:
    body = saved(np.array([[1.0]], np.float32))
    request = binary_bodies.parse(f"{NPY}; signature_name=both; output_filter=whole", body, half_version)
    assert request.outputs == ["whole"]
    words = refusal(f"{NPY}; signature_name=both", body, half_version)
    assert words == (
        "Signature 'both' has the outputs ['half', 'whole'], but .npy holds one array. Name one in the Content-Type: "
        "application/x-npy; output_filter=half"
    )
    words = refusal(f"{NPY}; signature_name=both; output_filter=x", body, half_version)
    assert words == "output_filter=x: signature 'both' has the outputs ['half', 'whole']."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not an .npy file of version 1.0 or 2.0"),
        (b'{"instances": [1]}', "not an .npy file of version 1.0 or 2.0"),
        (handmade("{}", version=b"\x03\x00"), "not an .npy file of version 1.0 or 2.0"),
        (handmade("{'descr': '<i4'}"), "not an .npy file"),
        (handmade("{'descr': '<i4', 'fortran_order': False, 'shape': ('a',), }"), "not an .npy file"),
        (handmade("(" * 5000), "not an .npy file"),
        (
            handmade("{'descr': '<i4', 'fortran_order': False, 'shape': (" + "1," * 100 + "), }", b"1234"),
            "no array can have",
        ),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "not an .npy file"),
        (saved(np.array([{}], object), allow_pickle=True), "holds object, but .npy takes numbers only"),
        (saved(np.array([b"abc"])), r"holds \|S3, but .npy takes numbers only. Send a PredictRequest"),
        (saved(np.array([(1, 2)], "i4,i4")), "numbers only"),
        (saved(np.array(["2026-01-01"], "M8[D]")), "numbers only"),
        (saved(np.arange(4, dtype=np.int32))[:-1], r"shape \[4\] of int32, 16 bytes, but 15 bytes follow its header"),
        (saved(np.arange(4, dtype=np.int32)) + b"x", "16 bytes, but 17 bytes follow"),
        (
            handmade("{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }"),
            r"shape \[-1\]; no size can be negative",
        ),
        (
            handmade("{'descr': '<i4', 'fortran_order': False, 'shape': (0, 4611686018427387904), }"),
            r"shape \[0, 4611686018427387904\]",
        ),
        (saved(np.array([1.0])), r"holds float64, but input 'default' takes int32. Save array.astype\('int32'\)"),
    ],
)
def test_npy_refusals(echo_version: Version, body: bytes, words: str) -> None:
    with pytest.raises(ServingError, match=words) as caught:
        binary_bodies.parse(f"{NPY}; signature_name=int", body, echo_version)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_npy_refusals_by_signature(echo_version: Version) -> None:
    body = saved(np.array([1.0], np.float32))
    assert refusal(NPY, body, echo_version) == 'Serving signature name: "serving_default" not found in signature def'
    assert "takes the inputs ['int_tensor', 'str_tensor'], but .npy holds one" in refusal(
        f"{NPY}; signature_name=pair", body, echo_version
    )
    assert "takes the inputs []" in refusal(f"{NPY}; signature_name=count", body, echo_version)
    assert "Output 'out' holds strings" in refusal(f"{NPY}; signature_name=str", body, echo_version)
    assert "Input 'default' takes strings" in refusal(f"{NPY}; signature_name=number", body, echo_version)
    assert "parameters ['charset']; application/x-npy takes signature_name" in refusal(
        f"{NPY}; charset=utf-8", body, echo_version
    )


def test_claimed_terabytes_take_no_memory(echo_version: Version) -> None:
    npy = handmade("{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776, 4), }", b"\0" * 100)
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = "int"
    tensor = request.inputs["default"]
    tensor.dtype, tensor.int_val[:] = tf.int32.as_datatype_enum, [7]
    tensor.tensor_shape.dim.add(size=2**40)
    tracemalloc.start()
    try:
        assert "17592186044416 bytes, but 100 bytes" in refusal(f"{NPY}; signature_name=int", npy, echo_version)
        words = refusal(PROTOBUF, request.SerializeToString(), echo_version)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert words.startswith("tensor parsing error: default. 1 values were found, the shape needs 1099511627776.")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_broken_npy_is_always_refused(echo_version: Version, tail: bytes, position: int, byte: int) -> None:
    good = bytearray(saved(np.arange(3, dtype=np.int32)))
    good[position % len(good)] = byte
    for body in (b"\x93NUMPY\x01\x00" + tail, bytes(good), bytes(good)[:position]):
        with contextlib.suppress(ServingError):  # any other error fails the test
            request = binary_bodies.parse(f"{NPY}; signature_name=int", body, echo_version)
            assert request.inputs["default"].dtype == np.int32


def predict_request(**arrays: Any) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    for alias, array in arrays.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(array))
    return request


def test_protobuf_there_and_back(echo_version: Version) -> None:
    request = predict_request(int_tensor=np.array([1, 2], np.int32), str_tensor=np.array([b"a\x00", b""], object))
    request.model_spec.name = "echo"
    request.model_spec.version.value = 1
    request.model_spec.signature_name = "pair"
    request.output_filter.append("str_tensor")
    parsed = binary_bodies.parse(PROTOBUF, request.SerializeToString(), echo_version)
    assert (parsed.signature, parsed.outputs) == ("pair", ["str_tensor"])
    outputs = echo_version.model.run(parsed.signature, parsed.inputs)
    answer = predict_pb2.PredictResponse.FromString(binary_bodies.write(PROTOBUF, outputs, echo_version, "pair"))
    assert tf.make_ndarray(answer.outputs["int_tensor"]).tolist() == [1, 2]
    assert tf.make_ndarray(answer.outputs["str_tensor"]).tolist() == [b"a\x00", b""]
    assert answer.model_spec.name == "echo"
    assert answer.model_spec.version.value == 1
    assert answer.model_spec.signature_name == "pair"


def test_protobuf_defaults(half_version: Version) -> None:
    parsed = binary_bodies.parse(PROTOBUF, predict_request(x=[[4.0]]).SerializeToString(), half_version)
    assert (parsed.signature, parsed.outputs) == ("serving_default", None)
    assert half_version.model.run(parsed.signature, parsed.inputs)["y"].tolist() == [[4.0]]


def test_protobuf_refusals(half_version: Version) -> None:
    assert refusal(PROTOBUF, b"\xff\xff", half_version) == (
        "The body is not a serialised tensorflow.serving.PredictRequest."
    )
    request = predict_request(x=[[1.0]])
    request.model_spec.name = "other"
    words = refusal(PROTOBUF, request.SerializeToString(), half_version)
    assert words == "The body asks for the model 'other', the URL for 'half_plus_two'."
    request = predict_request(x=[[1.0]])
    request.model_spec.version.value = 2
    assert refusal(PROTOBUF, request.SerializeToString(), half_version) == (
        "The body asks for version 2, the URL for 123."
    )
    request = predict_request(x=[[1.0]])
    request.model_spec.version_label = "canary"
    words = refusal(PROTOBUF, request.SerializeToString(), half_version)
    assert words == "The body asks for the label 'canary'. Put it into the URL."
    request = predict_request(x=[[1.0]])
    request.inputs["x"].tensor_content = b"123"
    words = refusal(PROTOBUF, request.SerializeToString(), half_version)
    assert words == "tensor parsing error: x. tensor_content holds 3 bytes, the shape needs 4."


def test_npy_answers_are_numbers(half_version: Version) -> None:
    with pytest.raises(ServingError, match=r"Output 'y' holds object, but \.npy takes numbers only"):
        binary_bodies.write(NPY, {"y": np.array([b"a"], object)}, half_version, "serving_default")

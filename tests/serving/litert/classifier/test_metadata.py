"""Metadata inside a .tflite: it comes back as written, and the model computes as before.

tests/serving/test_phone.py reads the same bytes with MediaPipe's own generated schema.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from serving.litert.classifier import metadata

METADATA = metadata.Metadata(
    name="colours",
    description="Names a colour.",
    version="3",
    width=16,
    height=12,
    labels=("red", "grün", "deep blue"),
    mean=127.5,
    std=64.0,
)


@pytest.fixture(scope="module")
def plain() -> bytes:
    """A .tflite as TensorFlow's converter writes it: a convolution and the mean of each channel."""
    import tensorflow as tf

    kernel = tf.constant(np.random.default_rng(0).normal(size=(3, 3, 3, 3)), tf.float32)
    signature = [tf.TensorSpec((1, 12, 16, 3), tf.float32)]
    function = tf.function(lambda x: tf.reduce_mean(tf.nn.conv2d(x, kernel, 1, "SAME"), (1, 2)), signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    return bytes(converter.convert())


def answer(content: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    pixels = np.random.default_rng(1).integers(0, 256, (1, 12, 16, 3)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def buffers(content: bytes) -> dict[int, np.ndarray]:
    """Data of every buffer that has some, by index."""
    model = schema.Model.GetRootAs(content, 0)
    found = {index: model.Buffers(index) for index in range(model.BuffersLength())}
    return {index: buffer.DataAsNumpy() for index, buffer in found.items() if buffer.DataLength()}


def test_metadata_comes_back_as_written(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(metadata.attach(plain, METADATA))
    assert metadata.read(path) == METADATA


def test_the_model_answers_exactly_as_before(plain: bytes) -> None:
    np.testing.assert_array_equal(answer(metadata.attach(plain, METADATA)), answer(plain))


def test_the_converters_own_buffers_and_metadata_stay(plain: bytes) -> None:
    content = metadata.attach(plain, METADATA)
    before, after = buffers(plain), buffers(content)
    assert len(before) >= 3
    for index, data in before.items():
        np.testing.assert_array_equal(after[index], data)
    model = schema.Model.GetRootAs(content, 0)
    names = [model.Metadata(index).Name() for index in range(model.MetadataLength())]
    assert names == [b"min_runtime_version", b"CONVERSION_METADATA", b"TFLITE_METADATA"]
    assert after[model.Metadata(2).Buffer()][4:8].tobytes() == b"M001"


def test_every_buffer_starts_at_a_multiple_of_16(plain: bytes) -> None:
    content = metadata.attach(plain, METADATA)
    positions = [content.find(data.tobytes()) for data in buffers(content).values() if data.size >= 16]
    assert len(positions) >= 3
    assert [position % 16 for position in positions] == [0] * len(positions)


def test_labels_lie_uncompressed_at_the_end_of_the_file(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(metadata.attach(plain, METADATA))
    with zipfile.ZipFile(path) as archive:
        [entry] = archive.infolist()
        assert (entry.filename, entry.compress_type) == ("labels.txt", zipfile.ZIP_STORED)
        assert archive.read(entry).decode() == "red\ngrün\ndeep blue\n"


def test_the_same_model_gives_the_same_bytes(plain: bytes) -> None:
    assert metadata.attach(plain, METADATA) == metadata.attach(plain, METADATA)

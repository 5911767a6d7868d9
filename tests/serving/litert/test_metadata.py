"""Metadata tables come back as packed, whatever their fields, and lie where kernels and zip readers look."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from serving.litert import metadata
from serving.litert.metadata import Table


@pytest.fixture(scope="module")
def plain() -> bytes:
    """A .tflite with one operator and a matrix of 3 x 20 weights."""
    import tensorflow as tf

    weights = tf.constant(np.random.default_rng(0).normal(size=(20, 3)), tf.float32)
    function = tf.function(lambda x: tf.matmul(x, weights), [tf.TensorSpec((1, 20), tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    return bytes(converter.convert())


def _root(*subgraphs: Table) -> Table:
    return metadata.described(name="grün", description="d", version="7", subgraphs=list(subgraphs))


def _subgraph(name: str, /, **fields: object) -> Table:
    return Table("SubGraphMetadata", name=name, input_tensor_metadata=[Table("TensorMetadata", **fields)])


def test_tables_come_back_as_packed(plain: bytes, tmp_path: Path) -> None:
    size = Table("ImageSize", width=np.uint32(640), height=np.uint32(480))
    first = _subgraph("one", name="x", stats=Table("Stats", max=(1.5, 2.0), min=(-1.0,)))
    second = _subgraph("two", content=Table("Content", content_properties=Table("ImageProperties", default_size=size)))
    path = tmp_path / "model.tflite"
    path.write_bytes(metadata.attach(plain, _root(first, second), {}))
    root = metadata.read(path)
    assert (root.text("name"), root.text("version"), root.text("min_parser_version")) == ("grün", "7", "1.0.0")
    one, two = root.tables("subgraph_metadata", "SubGraphMetadata")
    assert (one.text("name"), two.text("name")) == ("one", "two")
    [tensor] = one.tables("input_tensor_metadata", "TensorMetadata")
    assert tensor.text("name") == "x"
    assert (tensor.table("stats", "Stats").floats("max"), tensor.table("stats", "Stats").floats("min")) == (
        (1.5, 2.0),
        (-1.0,),
    )
    [tensor] = two.tables("input_tensor_metadata", "TensorMetadata")
    found = tensor.table("content", "Content").table("content_properties", "ImageProperties")
    assert found.table("default_size", "ImageSize").unsigned("width") == 640
    with pytest.raises(ValueError, match="the metadata's TensorMetadata lacks 'name'; export the model again"):
        tensor.text("name")


def test_files_lie_uncompressed_at_the_end_and_weights_at_multiples_of_16(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    content = metadata.attach(plain, _root(), {"a.txt": "ä\n", "b.txt": "b"})
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert {entry.filename: archive.read(entry).decode() for entry in archive.infolist()} == {
            "a.txt": "ä\n",
            "b.txt": "b",
        }
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    model = schema.Model.GetRootAs(content, 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    [weights] = [buffer.DataAsNumpy().tobytes() for buffer in buffers if buffer.DataLength() == 3 * 20 * 4]
    assert content.find(weights) % 16 == 0


def test_reading_refuses_what_is_no_model_and_what_has_no_metadata(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ValueError, match=r"is not a .tflite model: bytes 4 to 8 are b'.*', expected b'TFL3'"):
        metadata.read(path)
    path.write_bytes(plain)
    with pytest.raises(ValueError, match="carries no TFLITE_METADATA; expected a file that an export wrote"):
        metadata.read(path)

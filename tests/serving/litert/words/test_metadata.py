"""Each signature of a file of word vectors is described, and the vocabulary comes back line by line."""

from pathlib import Path

import pytest

from serving.litert import metadata
from serving.litert.words import metadata as litert_words_metadata


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tensorflow as tf

    function = tf.function(lambda x: x + 1, [tf.TensorSpec((1,), tf.int32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    file = tmp_path_factory.mktemp("metadata") / "model.tflite"
    words = ["the", "grün", "a\u2028b"]
    content = litert_words_metadata.attach(converter.convert(), words=words, form="int8", dimensions=50, version="2")
    file.write_bytes(content)
    return file


def test_the_vocabulary_comes_back(path: Path) -> None:
    assert litert_words_metadata.read_words(path) == ["the", "grün", "a\u2028b"]
    assert litert_words_metadata.lines(["a", "b"]) == "a\nb\n"


def test_both_signatures_are_described(path: Path) -> None:
    root = metadata.read(path)
    assert root.text("name") == "word vectors, 3 words of 50 dimensions"
    assert "int8 form; words go in by their line in vocab.txt" in root.text("description")
    assert (root.text("version"), root.text("min_parser_version")) == ("2", "1.0.1")
    search, lookup = root.tables("subgraph_metadata", "SubGraphMetadata")
    names = [
        [tensor.text("name") for tensor in graph.tables("output_tensor_metadata", "TensorMetadata")]
        for graph in (search, lookup)
    ]
    assert names == [["vectors", "neighbour_ids", "similarities"], ["vectors"]]
    [vectors, ids, _] = search.tables("output_tensor_metadata", "TensorMetadata")
    [file] = ids.tables("associated_files", "AssociatedFile")
    assert file.text("name") == "vocab.txt"
    with pytest.raises(ValueError, match="lacks 'associated_files'"):
        vectors.tables("associated_files", "AssociatedFile")

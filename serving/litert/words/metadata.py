"""The metadata inside a .tflite file of word vectors: what its tensors mean, and its vocabulary."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from serving.litert import metadata
from serving.litert.metadata import Table

VOCABULARY = "vocab.txt"


def lines(words: Iterable[str]) -> str:
    """The vocabulary file's text: one word per line, that of id 0 first."""
    return "".join(f"{word}\n" for word in words)


def attach(model: bytes, *, words: Sequence[str], form: str, dimensions: int, version: str) -> bytes:
    """A .tflite model of `litert_words` with its description and its vocabulary inside; tables and operators stay as they are."""
    entry = _tensor("token_ids", "the word's line in the vocabulary, counted from 0", kind=metadata.VOCABULARY)
    vectors = _tensor("vectors", f"{dimensions} numbers, as trained")
    ids = _tensor("neighbour_ids", "the nearest words, best first; -1: none", kind=metadata.TENSOR_VALUE_LABELS)
    cosines = _tensor("similarities", "their cosine similarities")
    outputs = {"search": [vectors, ids, cosines], "lookup": [vectors]}
    subgraphs = [
        Table("SubGraphMetadata", name=name, input_tensor_metadata=[entry], output_tensor_metadata=tensors)
        for name, tensors in outputs.items()
    ]
    root = metadata.described(
        name=f"word vectors, {len(words)} words of {dimensions} dimensions",
        description=f"Gives a word's vector and its nearest words. {form} form; words go in by their line in {VOCABULARY}.",
        version=version,
        subgraphs=subgraphs,
        min_parser_version="1.0.1",  # the first that knows the type VOCABULARY
    )
    return metadata.attach(model, root, {VOCABULARY: lines(words)})


def read_words(path: Path) -> list[str]:
    """The vocabulary inside a .tflite file of word vectors.

    Raises ValueError when the file is not a .tflite model, or one without this metadata.
    """
    [entry, *_] = metadata.read(path).tables("subgraph_metadata", "SubGraphMetadata")
    [taken] = entry.tables("input_tensor_metadata", "TensorMetadata")
    [file] = taken.tables("associated_files", "AssociatedFile")
    with zipfile.ZipFile(path) as archive:
        return archive.read(file.text("name")).decode().split("\n")[:-1]


def _tensor(name: str, description: str, *, kind: object = None) -> Table:
    features = Table(
        "Content",
        content_properties_type=metadata.FEATURE_PROPERTIES,
        content_properties=Table("FeatureProperties"),
    )
    file = Table("AssociatedFile", name=VOCABULARY, description="one word per line", type=kind)
    named = {} if kind is None else {"associated_files": [file]}
    return Table("TensorMetadata", name=name, description=description, content=features, **named)

"""JSON to tf.Example, against messages built by hand and read by TensorFlow's own parser."""

import base64
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.example.example_pb2 import Example

from serving.server.errors import Code, ServingError
from serving.server.json_bodies import example as json_example
from serving.server.json_bodies import text


def features(example: dict[str, Any]) -> Any:
    """The features of the one message made from one JSON object."""
    [string] = json_example.from_document({"examples": [example]})
    return Example.FromString(string).features.feature


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ([1.5, 2.0], "float_list", [1.5, 2.0]),
        (0.1, "float_list", [np.float32(0.1)]),
        ([1e300, -1e300, 1e-300], "float_list", [np.inf, -np.inf, 0.0]),
        ([float("inf")], "float_list", [np.inf]),
        (80, "int64_list", [80]),
        ([True, False, 7], "int64_list", [1, 0, 7]),
        ([2**63 - 1, -(2**63)], "int64_list", [2**63 - 1, -(2**63)]),
        ("zwölf", "bytes_list", ["zwölf".encode()]),
        (["", {"b64": "AP8A"}], "bytes_list", [b"", b"\x00\xff\x00"]),
        ({"b64": "AP8A"}, "bytes_list", [b"\x00\xff\x00"]),
    ],
)
def test_features_keep_the_kind_of_their_values(value: Any, kind: str, expected: list[Any]) -> None:
    feature = features({"x": value})["x"]
    assert feature.WhichOneof("kind") == kind
    assert list(getattr(feature, kind).value) == expected


def test_empty_features() -> None:
    made = features({"e": []})
    assert list(made) == ["e"]
    assert made["e"].WhichOneof("kind") is None
    assert json_example.from_document({"examples": [{}]}).tolist() == [b""]


def test_many_examples_through_tensorflows_parser() -> None:
    pictures = [b"\x89PNG", b"", b"\xff\xd8\x00"]
    document = {
        "examples": [
            {"picture": {"b64": base64.b64encode(picture).decode()}, "size": [len(picture), 1], "weight": 0.5 * i}
            for i, picture in enumerate(pictures)
        ]
    }
    strings = json_example.from_document(document)
    assert (strings.shape, strings.dtype) == ((3,), np.dtype(object))
    parsed = tf.io.parse_example(
        strings,
        {
            "picture": tf.io.FixedLenFeature([], tf.string),
            "size": tf.io.FixedLenFeature([2], tf.int64),
            "weight": tf.io.FixedLenFeature([1], tf.float32),
        },
    )
    assert parsed["picture"].numpy().tolist() == pictures
    assert parsed["size"].numpy().tolist() == [[4, 1], [0, 1], [3, 1]]
    assert parsed["weight"].numpy().tolist() == [[0.0], [0.5], [1.0]]


def test_context_stands_before_and_the_example_wins() -> None:
    context = {"country": "CH", "n": 1}
    both, alone = json_example.from_document({"context": context, "examples": [{"n": 2}, {}]})
    assert both == alone + json_example.from_document({"examples": [{"n": 2}]})[0]
    first, second = (Example.FromString(string).features.feature for string in (both, alone))
    assert (list(first["country"].bytes_list.value), list(first["n"].int64_list.value)) == ([b"CH"], [2])
    assert list(second["n"].int64_list.value) == [1]


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ({"f": None}, "Feature: f has element with unexpected JSON type: Null"),
        ({"f": {"a": 1}}, "Feature: f has element with unexpected JSON type: Object"),
        ({"f": {"b64": 1}}, "Feature: f has element with unexpected JSON type: Object"),
        ({"f": [[]]}, "Feature: f has element with unexpected JSON type: Array"),
        ({"f": 2**64 - 1}, "Feature: f has uint64 element. Only int64 is supported."),
        ({"f": [1.0, 1]}, "Unexpected element type in feature: f expecting type: float"),
        ({"f": ["1", 1]}, "Unexpected element type in feature: f expecting type: bytes"),
        ({"f": [1, "a", None]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"f": [1, None, "a"]}, "Feature: f has element with unexpected JSON type: Null"),
        ({"f": [1.5, 2**64 - 1]}, "Unexpected element type in feature: f expecting type: float"),
        ({"f": [True, {"b64": "*"}]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"f": {"b64": "*"}}, "Unable to base64 decode"),
        ("f", "Example must be JSON object but got JSON String"),
        ([{"f": 1}], "Example must be JSON object but got JSON Array"),
    ],
)
def test_refused_examples(example: Any, words: str) -> None:
    for document in ({"examples": [{"g": 1}, example]}, {"context": example, "examples": [{}]}):
        with pytest.raises(ServingError) as caught:
            json_example.from_document(document)
        assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, words)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"instances": [1]}, "key 'examples' is expected and was not found"),
        ({"examples": {"x": 1}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": None}, "Expecting 'examples' value to be an list/array"),
    ],
)
def test_refused_documents(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ServingError, match=words) as caught:
        json_example.from_document(document)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_last_of_two_equal_names_counts() -> None:
    """In examples alone: TensorFlow Serving assigns every feature to its map. But each must be well-formed."""
    [string] = json_example.from_document(text.parse(b'{"examples": [{"a": [1, 2], "b": 1, "a": 3}]}'))
    made = Example.FromString(string).features.feature
    assert (list(made["a"].int64_list.value), list(made["b"].int64_list.value)) == ([3], [1])
    with pytest.raises(ServingError, match="Feature: a has element with unexpected JSON type: Null"):
        json_example.from_document(text.parse(b'{"examples": [{"a": null, "a": 1}]}'))


def test_tokens_beyond_json() -> None:
    document = text.parse(b'{"examples": [{"n": [NaN, Inf], "big": 18446744073709551616, "exp": 1e2, "zero": -0}]}')
    made = Example.FromString(json_example.from_document(document)[0]).features.feature
    assert [str(value) for value in made["n"].float_list.value] == ["nan", "inf"]
    assert (list(made["big"].float_list.value), list(made["exp"].float_list.value)) == ([2.0**64], [100.0])
    assert list(made["zero"].int64_list.value) == [0]

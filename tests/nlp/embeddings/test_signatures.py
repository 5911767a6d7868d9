"""The served graph, in a v1 session as it is served, against NumPy's and gensim's answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp.embeddings import lookup, proofs, signatures
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError
from serving import bundle, saved_model
from tests.nlp import saved_graph

WORDS = ["the", "größe", "new_york", "東京", *(f"w{number}" for number in range(60))]


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    return keyed(WORDS, np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32))


@pytest.fixture(scope="module")
def exported(vectors: KeyedVectors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    words, functions = signatures.signatures(vectors)
    requests = [bundle.Proof(*request) for request in proofs.requests(vectors)]
    base = tmp_path_factory.mktemp("export")
    return bundle.write(base, words, functions, description={"task": "word2vec"}, proofs=requests)[0]


@pytest.fixture(scope="module")
def served(exported: Path) -> Iterator[Any]:
    with saved_model.load(exported) as loaded:
        yield loaded


def test_the_bundle_holds_every_vector_and_word_once(exported: Path, vectors: KeyedVectors) -> None:
    matrix, names = vectors.vectors.nbytes, sum(len(word.encode()) for word in WORDS)
    assert (exported / "variables" / "variables.data-00000-of-00001").stat().st_size < matrix + names + 4096
    assert (exported / "assets" / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1] == WORDS


def test_no_variable_is_gathered_from(exported: Path) -> None:
    """That would make every later reading of the whole matrix a copy, in the exported model only."""
    ops = saved_graph.operations(exported)
    assert "ReadVariableOp" in ops
    assert not any("ResourceGather" in op for op in ops)


def _strings(*words: str) -> NDArray[Any]:
    return np.array([word.encode() for word in words], object)


def _pairs(words: NDArray[Any], cosines: NDArray[Any]) -> list[tuple[str, Any]]:
    return [
        (word.decode(), pytest.approx(float(cosine), abs=1e-6)) for word, cosine in zip(words, cosines, strict=True)
    ]


def test_neighbours_are_those_of_python(served: Any, vectors: KeyedVectors) -> None:
    found = served.run("serving_default", {"words": _strings(*WORDS[:6])})
    assert found["neighbours"].shape == found["similarities"].shape == (6, 10)
    for at, word in enumerate(WORDS[:6]):
        assert lookup.neighbours(vectors, word) == _pairs(found["neighbours"][at], found["similarities"][at])
    np.testing.assert_array_equal(found["vectors"], vectors.vectors[:6])
    assert found["in_vocabulary"].all()


def test_bad_input_a_word_outside_the_vocabulary_is_flagged(served: Any) -> None:
    found = served.run("serving_default", {"words": _strings("The", "", "w1", "W1 ", "\x00", "new_york")})
    assert found["in_vocabulary"].tolist() == [False, False, True, False, False, True]
    unknown = ~found["in_vocabulary"]
    assert (found["neighbours"][unknown] == b"").all()
    assert not found["similarities"][unknown].any()
    assert not found["vectors"][unknown].any()
    assert (found["neighbours"][~unknown] != b"").all()
    answer = served.run("analogy", {"a": _strings("the"), "b": _strings("nobody"), "c": _strings("w1")})
    assert (answer["in_vocabulary"].tolist(), answer["words"].tolist()) == ([False], [[b""] * 10])
    pair = served.run("similarity", {"word": _strings("the", "x"), "other": _strings("x", "the")})
    assert (pair["in_vocabulary"].tolist(), pair["similarity"].tolist()) == ([False, False], [0, 0])


def test_bad_input_bytes_that_are_not_utf8_are_an_unknown_word(served: Any) -> None:
    assert served.run("serving_default", {"words": np.array([b"\xff\xfe"], object)})["in_vocabulary"].tolist() == [
        False
    ]


def test_an_analogy_is_that_of_python(served: Any, vectors: KeyedVectors) -> None:
    found = served.run("analogy", {"a": _strings("the", "w1"), "b": _strings("w2", "w3"), "c": _strings("w4", "w1")})
    for at, question in enumerate((("the", "w2", "w4"), ("w1", "w3", "w1"))):
        assert lookup.analogy(vectors, *question) == _pairs(found["words"][at], found["similarities"][at])


def test_similarity_is_gensims(served: Any, vectors: KeyedVectors) -> None:
    found = served.run("similarity", {"word": _strings("the", "w1"), "other": _strings("東京", "w1")})
    assert found["similarity"] == pytest.approx([vectors.similarity("the", "東京"), 1], abs=1e-6)


def test_ids_become_vectors(served: Any, vectors: KeyedVectors) -> None:
    ids = np.array([[0, 63], [7, 7]], np.int32)
    np.testing.assert_array_equal(served.run("tensor", {"token_ids": ids})["vectors"], vectors.vectors[ids])
    assert served.run("tensor", {"token_ids": np.empty((0, 3), np.int32)})["vectors"].shape == (0, 3, 8)


@pytest.mark.parametrize("wrong", [-1, 64, 2**31 - 1])
def test_bad_input_an_id_outside_the_vocabulary_is_an_error(served: Any, wrong: int) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="token_ids must be 0 to 63; found"):
        served.run("tensor", {"token_ids": np.array([[0, wrong]], np.int32)})


@pytest.mark.parametrize("shape", [(), (1, 1)])
def test_bad_input_words_of_other_dimensions(served: Any, shape: tuple[int, ...]) -> None:
    words, few = np.full(shape, b"w1", object), _strings("w1", "w2")
    for signature, inputs in (
        ("serving_default", {"words": words}),
        ("analogy", {"a": few, "b": few, "c": words}),
        ("similarity", {"word": words, "other": few}),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Shape of tensor .* expected shape \[\?\]"):
            served.run(signature, inputs)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"token_ids.* expected shape \[\?,\?\]"):
        served.run("tensor", {"token_ids": np.zeros(shape[1:], np.int32)})


def test_no_words_are_no_answers(served: Any) -> None:
    found = served.run("serving_default", {"words": np.array([], object)})
    assert {name: value.shape for name, value in found.items()} == {
        "neighbours": (0, 10),
        "similarities": (0, 10),
        "vectors": (0, 8),
        "in_vocabulary": (0,),
    }


def _answer(vectors: KeyedVectors, *words: str) -> dict[str, Any]:
    _, functions = signatures.signatures(vectors)
    function, _ = functions["serving_default"]
    return {name: value.numpy() for name, value in tf.function(function)(tf.constant(words)).items()}


def test_a_batch_in_many_parts_is_the_same(vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _answer(vectors, *WORDS[:7])
    monkeypatch.setattr(signatures, "_CELLS", 2 * 64)
    parts = _answer(vectors, *WORDS[:7])
    assert (whole["neighbours"] == parts["neighbours"]).all()
    np.testing.assert_allclose(whole["similarities"], parts["similarities"], atol=1e-6)


def test_equal_vectors_go_by_id_and_the_word_itself_is_left_out() -> None:
    same = keyed(["a", "b", "c", "d"], np.array([[1, 1]] * 4, np.float32))
    assert _answer(same, "a", "c")["neighbours"].tolist() == [[b"b", b"c", b"d"], [b"a", b"b", b"d"]]


def test_a_tiny_vocabulary_and_a_zero_vector() -> None:
    two = keyed(["a", "b"], np.array([[0, 0], [1, 2]], np.float32))
    found = _answer(two, "a", "b")
    assert found["neighbours"].tolist() == [[b"b"], [b"a"]]
    assert found["similarities"].tolist() == [[0], [0]]
    _, functions = signatures.signatures(two)
    analogy, _ = functions["analogy"]
    answer = analogy(tf.constant(["a"]), tf.constant(["b"]), tf.constant(["a"]))
    assert (answer["words"].numpy().tolist(), answer["similarities"].numpy().tolist()) == ([[b""]], [[0]])


def test_bad_input_a_word_that_no_vocabulary_file_can_hold() -> None:
    with pytest.raises(DataError, match=r"'a\\nb' holds a line end"):
        signatures.signatures(keyed(["a\nb", "c"], np.eye(2, dtype=np.float32)))

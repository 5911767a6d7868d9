"""Questions to vectors, against gensim's answers; an unknown word is an error with near spellings."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from nlp.embeddings import lookup
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

WORDS = ["king", "queen", "man", "woman", "prince", "Paris"]


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    return keyed(WORDS, np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32))


def test_neighbours_are_gensims(vectors: KeyedVectors) -> None:
    found, expected = lookup.neighbours(vectors, "king", 3), vectors.most_similar("king", topn=3)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)


def test_an_analogy_is_gensims(vectors: KeyedVectors) -> None:
    found = lookup.analogy(vectors, "man", "king", "woman", 3)
    expected = vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=3)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)


def test_similarity_is_gensims(vectors: KeyedVectors) -> None:
    assert lookup.similarity(vectors, "king", "man") == pytest.approx(
        float(vectors.similarity("king", "man")), abs=1e-6
    )


def test_a_word_is_never_its_own_neighbour_and_no_more_are_given_than_there_are(vectors: KeyedVectors) -> None:
    assert {word for word, _ in lookup.neighbours(vectors, "king", 100)} == set(WORDS) - {"king"}
    assert {word for word, _ in lookup.analogy(vectors, "king", "queen", "king", 100)} == set(WORDS) - {"king", "queen"}


def test_equal_cosines_go_by_frequency() -> None:
    same = keyed(["a", "b", "c", "d"], np.array([[1, 0], [0, 1], [0, 2], [0, 3]], np.float32))
    assert [word for word, _ in lookup.neighbours(same, "a")] == ["b", "c", "d"]


def test_a_zero_vector_is_near_nothing() -> None:
    zero = keyed(["a", "b", "c"], np.array([[0, 0], [1, 0], [0, 1]], np.float32))
    assert lookup.neighbours(zero, "a") == [("b", 0.0), ("c", 0.0)]
    assert lookup.similarity(zero, "a", "b") == 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("kings", "'kings' is not among the 6 words.*near spellings: king"),
        ("King", "near spellings: king"),
        ("paris", "near spellings: Paris"),
        ("zzzzzz", "no word is spelled like it"),
        ("", "'' is not among"),
        ("x" * 1_000_000, r"'x{60}\.\.\.' is not among"),
    ],
)
def test_bad_input_an_unknown_word_names_near_spellings(vectors: KeyedVectors, word: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        lookup.vector(vectors, word)
    with pytest.raises(DataError, match=message):
        lookup.neighbours(vectors, word)
    with pytest.raises(DataError, match=message):
        lookup.analogy(vectors, "king", "man", word)

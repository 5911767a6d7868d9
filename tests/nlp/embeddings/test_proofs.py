"""The expected answers against gensim's, and that no proof hangs on rounding."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from nlp.embeddings import proofs
from nlp.embeddings.vectors import keyed


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    words = [f"w{number}" for number in range(40)]
    return keyed(words, np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32))


def test_answers_are_gensims(vectors: KeyedVectors) -> None:
    found = {name: (inputs, outputs) for name, inputs, outputs in proofs.requests(vectors, k=5)}
    assert set(found) == {"serving_default", "analogy", "similarity", "tensor"}
    inputs, outputs = found["serving_default"]
    assert len(inputs["words"]) == 9
    for at, word in enumerate(inputs["words"][:-1]):
        answer = vectors.most_similar(word.decode(), topn=5)
        assert [name.decode() for name in outputs["neighbours"][at]] == [name for name, _ in answer]
        assert outputs["similarities"][at] == pytest.approx([cosine for _, cosine in answer], abs=1e-6)
    assert inputs["words"][-1].decode() not in vectors
    assert outputs["in_vocabulary"].tolist() == [True] * 8 + [False]
    assert not outputs["vectors"][-1].any()
    assert outputs["neighbours"][-1].tolist() == [b""] * 5
    inputs, outputs = found["analogy"]
    for at, (a, b, c) in enumerate(zip(inputs["a"], inputs["b"], inputs["c"], strict=True)):
        answer = vectors.most_similar(positive=[b.decode(), c.decode()], negative=[a.decode()], topn=5)
        assert [name.decode() for name in outputs["words"][at]] == [name for name, _ in answer]


def test_words_whose_neighbours_tie_are_passed_over() -> None:
    rows = np.random.default_rng(1).normal(size=(30, 6)).astype(np.float32)
    rows[:3] = rows[3] * np.array([[2], [3], [4]])
    words = [f"w{number}" for number in range(30)]
    (_, inputs, outputs), *_ = proofs.requests(keyed(words, rows), k=3)
    asked = {word.decode() for word in inputs["words"]}
    assert not asked & set(words[:4])
    assert len(asked) == 9
    assert "neighbours" in outputs


def test_where_all_tie_only_numbers_are_expected() -> None:
    (_, inputs, outputs), *_ = proofs.requests(keyed(["a", "b", "c", "d"], np.ones((4, 2), np.float32)))
    assert "neighbours" not in outputs
    assert outputs["similarities"][:-1] == pytest.approx(np.ones((4, 3)))
    assert len(inputs["words"]) == 5

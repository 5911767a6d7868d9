"""The picture's places against NumPy's singular value decomposition; groups hold words of one kind."""

import numpy as np
import pytest

from nlp.embeddings import projection
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

RNG = np.random.default_rng(0)


def test_points_are_the_two_main_directions() -> None:
    matrix = RNG.normal(size=(20, 6)).astype(np.float32) * 3
    words = [f"word{number}" for number in range(20)]
    points, shares = projection.points(keyed(words, matrix), words[:12])
    rows = matrix[:12].astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows -= rows.mean(axis=0)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    np.testing.assert_allclose(np.abs(points), np.abs(left[:, :2] * values[:2]), atol=1e-6)
    assert shares == pytest.approx(tuple(values[:2] ** 2 / (values**2).sum()), abs=1e-6)


@pytest.mark.parametrize(("words", "dimensions"), [(["a"], 3), (["a", "a"], 3), (["a", "b", "c"], 1)])
def test_few_words_or_dimensions_still_have_a_place(words: list[str], dimensions: int) -> None:
    vectors = keyed(["a", "b", "c"], RNG.normal(size=(3, dimensions)).astype(np.float32))
    points, shares = projection.points(vectors, words)
    assert points.shape == (len(words), 2)
    assert np.isfinite(points).all()
    assert all(0 <= share <= 1 for share in shares)


def test_groups_are_of_one_kind_and_no_word_comes_twice() -> None:
    directions = np.eye(8)
    words = [f"{kind}{number}" for number in range(12) for kind in "abcdefgh"]
    matrix = np.array([directions["abcdefgh".index(word[0])] for word in words]) + RNG.normal(size=(96, 8)) * 0.05
    groups = projection.groups(keyed(words, matrix.astype(np.float32)), most=4, size=5)
    assert len(groups) == 4
    assert all(len({word[0] for word in group}) == 1 for group in groups)
    shown = [word for group in groups for word in group]
    assert len(set(shown)) == len(shown) == 20


def test_groups_leave_out_the_most_frequent_words_where_there_are_enough() -> None:
    words = ["w" * (number + 1) for number in range(300)]
    groups = projection.groups(keyed(words, RNG.normal(size=(300, 5)).astype(np.float32)))
    shown = {len(word) - 1 for group in groups for word in group}
    assert shown
    assert min(shown) >= 50


def test_a_tiny_vocabulary_is_one_group() -> None:
    assert projection.groups(keyed(["a", "b"], np.eye(2, dtype=np.float32))) == [["a", "b"]]


def test_bad_input_an_unknown_word_is_named() -> None:
    with pytest.raises(DataError, match="'cat' is not among the 2 words"):
        projection.points(keyed(["a", "b"], np.eye(2, dtype=np.float32)), ["a", "cat"])


def test_groups_leave_out_numbers_where_there_are_words() -> None:
    words = [f"w{chr(97 + number)}" if number % 2 else f"19{number}" for number in range(20)]
    groups = projection.groups(keyed(words, RNG.normal(size=(20, 4)).astype(np.float32)), most=2, size=2)
    shown = [word for group in groups for word in group]
    assert shown
    assert all(word.isalpha() for word in shown)

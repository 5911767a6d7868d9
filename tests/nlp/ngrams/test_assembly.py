"""Tables from n-grams in any order, and the beginnings that they lack."""

import numpy as np
import pytest

from nlp.ngrams import assembly
from nlp.ngrams.tables import Level
from nlp.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<unk>", "<s>", "</s>", "a", "b"])
UNIGRAMS = Level(keys=np.arange(5), log10_prob=np.array([-2.0, 0, -1, -0.5, -0.7]), log10_backoff=np.full(5, -0.1))


def _rows(*ngrams: str) -> np.ndarray:
    return np.array([VOCABULARY.ids(ngram.split()) for ngram in ngrams], np.int32)


def test_rows_in_any_order_become_a_sorted_table() -> None:
    levels = assembly.extend(
        [UNIGRAMS], VOCABULARY, _rows("b a", "a b", "a a"), np.array([-3.0, -2.0, -1.0]), np.array([3.0, 2, 1])
    )
    assert levels[1].keys.tolist() == [18, 19, 23]
    assert levels[1].log10_prob.tolist() == [-1, -2, -3]
    assert levels[1].log10_backoff.tolist() == [1, 2, 3]
    assert assembly.locate(levels, 5, _rows("a b", "b b", "b a")).tolist() == [1, -1, 2]


def test_two_missing_beginnings_below_each_other_leave_all_other_keys_right() -> None:
    pairs, triples = _rows("b b"), _rows("b b a")
    levels = assembly.extend([UNIGRAMS], VOCABULARY, pairs, np.array([-0.2]), np.array([-0.3]))
    levels = assembly.extend(levels, VOCABULARY, triples, np.array([-0.4]), np.array([-0.5]))
    fours = _rows("a b a b", "b b a a")
    levels = assembly.extend(levels, VOCABULARY, fours, np.array([-0.6, -0.7]), np.zeros(2))
    assert [len(level.keys) for level in levels] == [5, 2, 2, 2]
    # "a b" backs off to p(b); "a b a" to p(a) after "b", without a backoff of "a b", which is 0.
    assert levels[1].log10_prob[assembly.locate(levels, 5, _rows("a b"))] == pytest.approx(-0.1 - 0.7)
    assert levels[2].log10_prob[assembly.locate(levels, 5, _rows("a b a"))] == pytest.approx(-0.1 - 0.5)
    found = assembly.locate(levels, 5, triples)
    assert levels[2].log10_prob[found].tolist() == [-0.4]
    assert levels[2].log10_backoff[found].tolist() == [-0.5]
    assert levels[3].log10_prob[assembly.locate(levels, 5, fours)].tolist() == [-0.6, -0.7]


def test_equal_rows_are_told() -> None:
    with pytest.raises(assembly.DuplicateError, match="rows 0 and 2 are the same") as error:
        assembly.extend([UNIGRAMS], VOCABULARY, _rows("a b", "a a", "a b"), np.zeros(3), np.zeros(3))
    assert (error.value.first, error.value.second) == (0, 2)


def test_an_order_without_n_grams_is_an_empty_table() -> None:
    levels = assembly.extend([UNIGRAMS], VOCABULARY, np.empty((0, 2), np.int32), np.empty(0), np.empty(0))
    levels = assembly.extend(levels, VOCABULARY, _rows("a b a"), np.array([-0.4]), np.zeros(1))
    assert levels[1].log10_prob.tolist() == pytest.approx([-0.8])

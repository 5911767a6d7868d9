"""Counts against plain Python dictionaries."""

from collections import Counter

import numpy as np
import pytest

from nlp import ngram
from nlp.errors import DataError
from nlp.ngrams import counts
from nlp.vocabulary import BOS_ID, EOS_ID
from tests.nlp.ngrams.texts import flat, sentences

Gram = tuple[int, ...]


def grams(text: list[list[int]], order: int) -> Counter[Gram]:
    padded = [(BOS_ID, *words, EOS_ID) for words in text]
    return Counter(words[i : i + order] for words in padded for i in range(len(words) - order + 1))


def spelled(found: counts.NGramCounts, order: int) -> list[Gram]:
    """The words of every n-gram of an order, read from the keys."""
    if order == 1:
        return [(int(key),) for key in found.keys[0]]
    shorter = spelled(found, order - 1)
    pairs = zip(found.prefix(order), found.last(order), strict=True)
    return [(*shorter[prefix], int(last)) for prefix, last in pairs]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_counts_equal_dictionaries(seed: int, order: int) -> None:
    text = [*sentences(seed, many=60, longest=9, words=12), [3, 4, 5, 6]]
    found = counts.count(flat(text), vocabulary_size=20, order=order)
    assert found.order == order
    for n in range(1, order + 1):
        expected, named = grams(text, n), spelled(found, n)
        assert np.all(np.diff(found.keys[n - 1]) > 0)
        assert {gram: int(raw) for gram, raw in zip(named, found.raw[n - 1], strict=True) if raw} == expected
        assert list(found.begins[n - 1]) == [gram[0] == BOS_ID for gram in named]
        if n > 1:
            shorter = spelled(found, n - 1)
            assert [shorter[i] for i in found.suffix[n - 1]] == [gram[1:] for gram in named]
        left = Counter(gram[1:] for gram in grams(text, n + 1))
        for gram, adjusted in zip(named, found.adjusted[n - 1], strict=True):
            raw = n == order or gram[0] == BOS_ID
            assert adjusted == (0 if gram == (BOS_ID,) else expected[gram] if raw else left[gram])


def test_words_that_never_occur_count_zero() -> None:
    found = counts.count(flat([[3, 5]]), vocabulary_size=8, order=2)
    assert found.raw[0].tolist() == [0, 1, 1, 1, 0, 1, 0, 0]
    assert found.adjusted[0].tolist() == [0, 0, 1, 1, 0, 1, 0, 0]


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    counts.count(flat([[3, 4, 5]]), vocabulary_size=6, order=4, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_bad_input_order_beyond_any_sentence() -> None:
    with pytest.raises(DataError, match=r"longest sentence has 4 tokens .* order 5; --order can be 4"):
        counts.count(flat([[], [3, 3], [4]]), vocabulary_size=5, order=5)


def test_shorter_counts_are_counts_of_lower_order() -> None:
    ids = np.concatenate([[1, *np.random.default_rng(line).integers(3, 9, line % 7), 2] for line in range(200)])
    ids = ids.astype(np.int32)
    every = ngram.count(ids, vocabulary_size=9, order=5)
    for order in range(1, 6):
        expected = ngram.count(ids, vocabulary_size=9, order=order)
        found = counts.shorter(every, order)
        assert found.vocabulary_size == expected.vocabulary_size
        for field in ("keys", "raw", "adjusted", "suffix", "begins"):
            pairs = zip(getattr(found, field), getattr(expected, field), strict=True)
            for one, other in pairs:
                np.testing.assert_array_equal(one, other, err_msg=f"{field} at order {order}")

"""Counts against plain Python dictionaries, with much and with little memory."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams import counts
from nlp.vocabulary import BOS_ID, EOS_ID

Gram = tuple[int, ...]


def sentences(seed: int, *, many: int, longest: int, words: int) -> list[list[int]]:
    """Random sentences of 0 to `longest` words, some words much more frequent than others; words are 3 to `words` + 2."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, longest + 1, many)
    return [[3 + int(words * u**3) for u in rng.random(length)] for length in lengths]


def flat(text: list[list[int]]) -> NDArray[np.int32]:
    return np.array([i for words in text for i in (BOS_ID, *words, EOS_ID)], np.int32)


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


def same(one: counts.NGramCounts, other: counts.NGramCounts) -> bool:
    fields = ("keys", "raw", "adjusted", "suffix", "begins")
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype
        for field in fields
        for a, b in zip(getattr(one, field), getattr(other, field), strict=True)
    )


@pytest.mark.parametrize("memory", [400_000, 1_000_000])
def test_little_memory_counts_the_same(tmp_path: Path, memory: int) -> None:
    text = sentences(3, many=4000, longest=30, words=40)
    much = counts.count(flat(text), vocabulary_size=43, order=2)
    little = counts.count(flat(text), vocabulary_size=43, order=2, memory=memory, folder=tmp_path)
    assert same(much, little)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_narrow_ranges_count_the_same(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    text = sentences(4, many=100, longest=12, words=9)
    wide = counts.count(flat(text), vocabulary_size=12, order=5)
    monkeypatch.setattr("nlp.ngrams.counting.RANGE", most)
    monkeypatch.setattr("nlp.ngrams.counting.SLICE", 64)
    assert same(wide, counts.count(flat(text), vocabulary_size=12, order=5))


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    counts.count(flat([[3, 4, 5]]), vocabulary_size=6, order=4, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_bad_input_without_a_sentence() -> None:
    with pytest.raises(DataError, match="no sentence"):
        counts.count(np.array([], np.int32), vocabulary_size=3, order=2)


def test_bad_input_order_beyond_any_sentence() -> None:
    with pytest.raises(DataError, match=r"longest sentence has 4 tokens .* order 5; --order can be 4"):
        counts.count(flat([[], [3, 3], [4]]), vocabulary_size=5, order=5)


def test_bad_input_tables_beyond_memory() -> None:
    with pytest.raises(
        DataError, match=r"up to order 2 take .* GiB that --memory allows .*: raise --memory, lower --order"
    ):
        counts.count(flat([list(range(3, 40))]), vocabulary_size=40, order=3, memory=4000)


@pytest.mark.parametrize("ids", [[3, 4, EOS_ID], [BOS_ID, 3], [BOS_ID, 5, EOS_ID], [BOS_ID, -1, EOS_ID]])
def test_ids_that_are_no_sentences_are_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match=r"expected 0 to 4, each sentence from 1 to 2"):
        counts.count(np.array(ids, np.int32), vocabulary_size=5, order=1)

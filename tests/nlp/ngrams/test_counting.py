"""Counting in parts: the same whatever the memory; texts and ids that cannot be counted."""

from pathlib import Path

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams import counts
from nlp.vocabulary import BOS_ID, EOS_ID
from tests.nlp.ngrams.texts import flat, sentences


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


def test_bad_input_without_a_sentence() -> None:
    with pytest.raises(DataError, match="no sentence"):
        counts.count(np.array([], np.int32), vocabulary_size=3, order=2)


def test_bad_input_tables_beyond_memory() -> None:
    with pytest.raises(
        DataError, match=r"up to order 2 take .* GiB that --memory allows .*: raise --memory, lower --order"
    ):
        counts.count(flat([list(range(3, 40))]), vocabulary_size=40, order=3, memory=4000)


@pytest.mark.parametrize("ids", [[3, 4, EOS_ID], [BOS_ID, 3], [BOS_ID, 5, EOS_ID], [BOS_ID, -1, EOS_ID]])
def test_ids_that_are_no_sentences_are_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match=r"expected 0 to 4, each sentence from 1 to 2"):
        counts.count(np.array(ids, np.int32), vocabulary_size=5, order=1)


@pytest.mark.parametrize(
    ("ids", "place"),
    [
        ([BOS_ID, 3, BOS_ID, 4, EOS_ID], "ids 3 and 1 at 1 and 2"),
        ([BOS_ID, 3, EOS_ID, 4, EOS_ID], "ids 2 and 4 at 2 and 3"),
        ([BOS_ID, 3, EOS_ID, EOS_ID], "ids 2 and 2 at 2 and 3"),
        ([BOS_ID, BOS_ID, EOS_ID], "ids 1 and 1 at 0 and 1"),
        ([BOS_ID, 3, EOS_ID, BOS_ID, 3, 3, BOS_ID, EOS_ID], "ids 3 and 1 at 5 and 6"),
    ],
)
@pytest.mark.parametrize("most", [1, 2, 3, 1000])
def test_ids_cut_inside_a_sentence_are_refused(
    monkeypatch: pytest.MonkeyPatch, ids: list[int], place: str, most: int
) -> None:
    monkeypatch.setattr("nlp.ngrams.counting.RANGE", most)
    with pytest.raises(ValueError, match=rf"{place}, where a sentence is cut; expected each sentence from 1 to 2"):
        counts.count(np.array(ids, np.int32), vocabulary_size=5, order=2)

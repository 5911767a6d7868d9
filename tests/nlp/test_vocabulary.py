"""Words, ids and the flat layout."""

from pathlib import Path

import numpy as np
import pytest

from nlp import vocabulary
from nlp.errors import DataError
from nlp.vocabulary import Vocabulary

TEXT = ["a a b a\nb a a b\n", "\nc a\n"]


def test_the_ids_are_in_order_of_first_appearance() -> None:
    ids, words = vocabulary.encode(TEXT)
    assert ids.dtype == np.int32
    assert ids.tolist() == [1, 3, 3, 4, 3, 2, 1, 4, 3, 3, 4, 2, 1, 2, 1, 5, 3, 2]
    assert words.words == ["<unk>", "<s>", "</s>", "a", "b", "c"]
    assert words.index["c"] == 5
    assert len(words) == 6


def test_chunks_make_no_difference() -> None:
    ids, words = vocabulary.encode(["".join(TEXT)])
    again, same = vocabulary.encode(TEXT)
    np.testing.assert_array_equal(ids, again)
    assert words.words == same.words


def test_words_are_split_at_the_space_alone() -> None:
    _, words = vocabulary.encode(["a\u00a0b c\vd e\x1cf g\u2028h\n"])
    assert words.words[3:] == ["a\u00a0b", "c\vd", "e\x1cf", "g\u2028h"]


@pytest.mark.parametrize("text", ["\n", "\n\n", "\n\na\n", "a\n\n\n"])
def test_empty_sentences(text: str) -> None:
    ids, _ = vocabulary.encode([text])
    expected = [number for line in text[:-1].split("\n") for number in ([1, 3, 2] if line else [1, 2])]
    assert ids.tolist() == expected


def test_a_sentence_longer_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one two three four five\n" * 3
    whole, _ = vocabulary.encode([text])
    for size in (1, 2, 7, 20):
        monkeypatch.setattr(vocabulary, "_PIECE", size)
        np.testing.assert_array_equal(vocabulary.encode([text])[0], whole)


def test_a_memory_map_holds_the_same(tmp_path: Path) -> None:
    ids, words = vocabulary.encode(TEXT, folder=tmp_path)
    again, _ = vocabulary.encode(TEXT, folder=tmp_path)
    assert isinstance(ids, np.memmap)
    assert len(list(tmp_path.iterdir())) == 2
    np.testing.assert_array_equal(ids, vocabulary.encode(TEXT)[0])
    np.testing.assert_array_equal(ids, again)
    fewer, _ = vocabulary.limit(ids, words, most=1, min_count=1, folder=tmp_path)
    assert isinstance(fewer, np.memmap)


def test_unknown_words_are_zero() -> None:
    _, words = vocabulary.encode(TEXT)
    assert words.encode(["a x\n\n"]).tolist() == [1, 3, 0, 2, 1, 2]
    assert words.encode([]).tolist() == []
    assert words.ids(["b", "x", "</s>"]).tolist() == [4, 0, 2]
    assert "x" not in words.index


def test_bad_input_no_sentence() -> None:
    with pytest.raises(DataError, match="holds no sentence; expected at least one line of words"):
        vocabulary.encode([])
    with pytest.raises(DataError, match="holds no sentence"):
        vocabulary.encode([""])


def test_rare_words_become_unknown() -> None:
    ids, words = vocabulary.encode(["d a b\nb c a b\n"])
    fewer, kept = vocabulary.limit(ids, words, most=None, min_count=2)
    assert kept.words == ["<unk>", "<s>", "</s>", "a", "b"]
    assert fewer.tolist() == [1, 0, 3, 4, 2, 1, 4, 0, 3, 4, 2]
    assert fewer.dtype == np.int32
    one, kept = vocabulary.limit(ids, words, most=1, min_count=1)
    assert kept.words[3:] == ["b"]
    assert one.tolist() == [1, 0, 0, 3, 2, 1, 3, 0, 0, 3, 2]


def test_of_equally_frequent_words_the_earliest_stay() -> None:
    ids, words = vocabulary.encode(["d c b a\n"])
    assert vocabulary.limit(ids, words, most=2, min_count=1)[1].words[3:] == ["d", "c"]


def test_no_limit_changes_nothing() -> None:
    ids, words = vocabulary.encode(TEXT)
    assert vocabulary.limit(ids, words, most=None, min_count=1) == (ids, words)


def test_bad_input_a_vocabulary_that_min_count_empties() -> None:
    ids, words = vocabulary.encode(TEXT)
    with pytest.raises(
        DataError,
        match=r"minimum count of 7 \(--min-count\) leaves none of 3 words: the most frequent, 'a', occurs 6 times; lower",
    ):
        vocabulary.limit(ids, words, most=None, min_count=7)
    with pytest.raises(DataError, match=r"at most 0 words \(--vocabulary-size\) is empty"):
        vocabulary.limit(ids, words, most=0, min_count=1)
    with pytest.raises(DataError, match="only empty sentences"):
        vocabulary.limit(*vocabulary.encode(["\n"]), most=None, min_count=1)


def test_one_word() -> None:
    ids, words = vocabulary.encode(["word\n"])
    assert ids.tolist() == [1, 3, 2]
    assert isinstance(words, Vocabulary)

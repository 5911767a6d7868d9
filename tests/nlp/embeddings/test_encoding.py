"""Words as numbers, against a plain count with collections.Counter."""

from collections import Counter

import numpy as np
import pytest

from nlp.embeddings import encoding
from nlp.errors import DataError


def _decoded(encoded: encoding.Encoded) -> list[list[str]]:
    """The sentences back as words."""
    return [[encoded.words[i] for i in sentence] for sentence in np.split(encoded.ids, encoded.starts[1:])]


def test_words_by_falling_count_and_ties_by_first_appearance() -> None:
    encoded = encoding.encode(["b a\nc a\n", "b d a\n"], min_count=1)
    assert encoded.words == ["a", "b", "c", "d"]
    assert encoded.counts.tolist() == [3, 2, 1, 1]
    assert encoded.raw_words == 7
    assert _decoded(encoded) == [["b", "a"], ["c", "a"], ["b", "d", "a"]]
    assert [str(array.dtype) for array in (encoded.ids, encoded.counts, encoded.starts)] == ["int32", "int64", "int64"]


def test_rare_words_are_left_out_and_empty_sentences_with_them() -> None:
    encoded = encoding.encode(["x a b\n\ny\na\n", "z\nb a\n"], min_count=2)
    assert _decoded(encoded) == [["a", "b"], ["a"], ["b", "a"]]
    assert encoded.raw_words == 8


def test_agrees_with_a_counter_on_random_text() -> None:
    generator = np.random.default_rng(0)
    sentences = [[f"w{n}" for n in generator.zipf(1.3, 12) % 50] for _ in range(200)]
    chunks = ["".join(" ".join(s) + "\n" for s in sentences[i : i + 37]) for i in range(0, 200, 37)]
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = {word: count for word, count in counts.items() if count >= 5}
    encoded = encoding.encode(chunks, min_count=5)
    assert dict(zip(encoded.words, encoded.counts.tolist(), strict=True)) == kept
    assert encoded.counts.tolist() == sorted(kept.values(), reverse=True)
    left = [[word for word in sentence if word in kept] for sentence in sentences]
    assert _decoded(encoded) == [sentence for sentence in left if sentence]


def test_most_keeps_the_most_frequent_words() -> None:
    encoded = encoding.encode(["a b c a b a\n"], min_count=1, most=2)
    assert encoded.words == ["a", "b"]
    assert _decoded(encoded) == [["a", "b", "a", "b", "a"]]


def test_only_the_space_separates_words() -> None:
    assert encoding.encode(["a\u00a0b c\u2028d\n"], min_count=1).words == ["a\u00a0b", "c\u2028d"]


@pytest.mark.parametrize("chunks", [[], [""], ["\n\n"]])
def test_bad_input_empty_corpus(chunks: list[str]) -> None:
    with pytest.raises(DataError, match="the corpus holds no words"):
        encoding.encode(chunks, min_count=1)


def test_bad_input_one_word() -> None:
    with pytest.raises(
        DataError, match=r"only one word, 'word', is left after --min-count 1, .* a smaller --min-count"
    ):
        encoding.encode(["word word\n"], min_count=1)


def test_bad_input_min_count_empties_the_vocabulary() -> None:
    with pytest.raises(
        DataError,
        match=r"--min-count 5 leaves no word: the most .*, 'a', occurs 3 times; give a --min-count of at most 3",
    ):
        encoding.encode(["a b a c a\n"], min_count=5)


def test_bad_input_a_limit_of_one_word() -> None:
    with pytest.raises(DataError, match="only one word, 'a', is left after --min-count 1 and --vocabulary-size 1"):
        encoding.encode(["a b a\n"], min_count=1, most=1)


def test_bad_input_text_without_spaces() -> None:
    with pytest.raises(DataError, match=r"nearly every word of the text occurs once: .* use --tokenizer characters"):
        encoding.encode([f"线{number}\n" for number in range(800)], min_count=5)

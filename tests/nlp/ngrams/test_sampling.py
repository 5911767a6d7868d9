"""Drawing sentences: frequencies against the model's own probabilities, and the edges of every option."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams import query
from nlp.ngrams.sampling import sample
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary
from tests.nlp.ngrams import arpa_models


@pytest.fixture
def toy0(tmp_path: Path) -> NGramModel:
    return arpa_models.toy0(tmp_path)


def _unigrams(probabilities: list[float]) -> NGramModel:
    """<unk>, <s>, </s>, a, b, ... with these probabilities."""
    names = ["<unk>", "<s>", "</s>", *"abcdefgh"][: len(probabilities)]
    with np.errstate(divide="ignore"):
        log10 = np.log10(np.array(probabilities))
    level = Level(keys=np.arange(len(names)), log10_prob=log10, log10_backoff=np.zeros(len(names)))
    return NGramModel(vocabulary=Vocabulary(names), levels=(level,), smoothing="none")


def _first(model: NGramModel, **options: Any) -> Counter[str]:
    """Share of each first word ("</s>" for none) of many sentences."""
    sentences = sample(model, count=5_000, longest=1, seed=3, **options)
    return Counter({word: n / 5_000 for word, n in Counter(s[0] if s else "</s>" for s in sentences).items()})


def test_words_come_as_often_as_the_model_says(toy0: NGramModel) -> None:
    sentences = sample(toy0, count=5_000, longest=2, seed=1, start=["a"])
    after = query.distribution(toy0, np.array([[1, 3]]))[0]
    allowed = after[[2, 3, 4]] / after[[2, 3, 4]].sum()
    found = Counter(sentence[1] if len(sentence) > 1 else "</s>" for sentence in sentences)
    shares = np.array([found[word] for word in ("</s>", "a", "b")]) / 5_000
    assert sum(found.values()) == 5_000
    np.testing.assert_allclose(shares, allowed, atol=0.025)
    assert {sentence[0] for sentence in sentences} == {"a"}


def test_equal_seeds_give_equal_sentences_and_others_others(toy0: NGramModel) -> None:
    assert sample(toy0, count=50, seed=7) == sample(toy0, count=50, seed=7)
    assert sample(toy0, count=50, seed=7) != sample(toy0, count=50, seed=8)
    assert max(map(len, sample(toy0, count=50, longest=4, seed=7))) == 4


def test_never_the_unknown_word_or_a_beginning() -> None:
    assert set(_first(_unigrams([0.9, 1.0, 0.05, 0.05]))) == {"</s>", "a"}


def test_temperature_sharpens_and_flattens() -> None:
    model = _unigrams([0.0, 1.0, 0.0, 0.8, 0.2])
    assert _first(model)["a"] == pytest.approx(0.8, abs=0.025)
    assert _first(model, temperature=0.5)["a"] == pytest.approx(0.64 / 0.68, abs=0.025)
    assert _first(model, temperature=2.0)["a"] == pytest.approx(2 / 3, abs=0.025)
    assert _first(model, temperature=0)["a"] == 1
    assert _first(model, temperature=1e-4)["a"] == 1


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"top_k": 1}, "a"),
        ({"top_k": 2}, "ab"),
        ({"top_k": 3}, "abc"),
        ({"top_k": 99}, "abcd"),
        ({"top_p": 1e-9}, "a"),
        ({"top_p": 0.4}, "a"),
        ({"top_p": 0.41}, "ab"),
        ({"top_p": 0.65}, "abc"),
        ({"top_p": 1.0}, "abcd"),
        ({"top_k": 2, "top_p": 0.99}, "ab"),
        ({"top_k": 3, "top_p": 0.3}, "a"),
    ],
)
def test_top_k_and_top_p_keep_the_likeliest_lower_ids_first(options: dict[str, Any], left: str) -> None:
    model = _unigrams([0.0, 1.0, 0.0, 0.4, 0.2, 0.2, 0.2])
    found = _first(model, **options)
    assert set(found) == set(left)
    assert found["a"] == pytest.approx(0.4 / (0.4 + 0.2 * (len(left) - 1)), abs=0.03)


def test_a_sentence_ends_where_nothing_can_follow() -> None:
    assert sample(_unigrams([0.5, 1.0, 0.0, 0.0]), count=2, longest=5) == [[], []]


def test_a_start_as_long_as_the_longest_sentence_is_all_of_it(toy0: NGramModel) -> None:
    assert sample(toy0, count=2, longest=2, start=["a", "b", "a"]) == [["a", "b", "a"]] * 2
    assert sample(toy0, count=0) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": -1}, "count is -1"),
        ({"longest": 0}, "longest 0"),
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.1}, "top_p is 1.1"),
    ],
)
def test_bad_input_options_out_of_range(toy0: NGramModel, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(toy0, **({"count": 1} | options))


@pytest.mark.parametrize("word", ["x", "<unk>", "<s>", "</s>"])
def test_bad_input_a_start_outside_the_vocabulary(toy0: NGramModel, word: str) -> None:
    with pytest.raises(DataError, match=f"cannot begin with '{word}'"):
        sample(toy0, count=1, start=["a", word])

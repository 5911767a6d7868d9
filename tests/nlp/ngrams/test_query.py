"""Queries against the definition of a backoff model, written plainly."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp.ngrams import query
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary
from tests.nlp.ngrams import arpa_models

TEXT = ["a a b a", "b a a b", "", "b b x a", "y", "a b a a a b b"]


def _ids(model: NGramModel, sentences: list[str]) -> NDArray[np.int64]:
    words = " ".join(f"<s> {sentence} </s>" for sentence in sentences).split()
    return np.array([model.vocabulary.index.get(word, 0) for word in words])


def _plain(sentences: list[str]) -> tuple[list[float], list[int]]:
    found = []
    for sentence in sentences:
        words = ["<s>", *sentence.split(), "</s>"]
        found += [arpa_models.plain_log10(arpa_models.TOY0, words[:i], words[i], 3) for i in range(1, len(words))]
    return [p for p, _ in found], [order for _, order in found]


@pytest.fixture
def toy0(tmp_path: Path) -> NGramModel:
    return arpa_models.toy0(tmp_path)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_score_is_the_definition_in_chunks_of_any_size(toy0: NGramModel, chunk: int) -> None:
    scores = query.score(toy0, _ids(toy0, TEXT), chunk=chunk)
    log10, order = _plain(TEXT)
    np.testing.assert_allclose(scores.log10, log10, rtol=0, atol=1e-12)
    assert scores.order.tolist() == order
    assert {1, 2, 3} <= set(order)
    assert scores.sentences == len(TEXT)
    assert scores.unknown.sum() == 2


def test_the_numbers_that_kenlm_prints_for_toy0(toy0: NGramModel) -> None:
    scores = query.score(toy0, _ids(toy0, ["b a </s>".replace(" </s>", ""), "x"]))
    # <s> b a: trigram. "b a </s>": trigram, pinned by D1. <unk> after <s>: backoff of <s> and p(<unk>), both pinned.
    assert scores.log10[2] == pytest.approx(-0.42082912)
    assert scores.log10[3] == pytest.approx(-0.30103 - 0.90309)


def test_words_alone_are_a_part_of_a_sentence(toy0: NGramModel) -> None:
    ids = toy0.vocabulary.ids(["b", "a"])
    assert query.score(toy0, ids).log10.tolist() == pytest.approx([-0.5720968, -0.2984526])


def test_perplexity_counts_as_kenlm_does(toy0: NGramModel) -> None:
    log10, _ = _plain(TEXT)
    words = [word for sentence in TEXT for word in [*sentence.split(), "</s>"]]
    known = [p for p, word in zip(log10, words, strict=True) if word not in {"x", "y"}]
    found = query.perplexity(query.score(toy0, _ids(toy0, TEXT)))
    assert found.including == pytest.approx(10 ** (-sum(log10) / len(log10)))
    assert found.excluding == pytest.approx(10 ** (-sum(known) / len(known)))
    assert (found.tokens, found.oov, found.sentences) == (len(words), 2, 6)


def _level(keys: list[int], log10_prob: list[float]) -> Level:
    return Level(keys=np.array(keys, np.int64), log10_prob=np.array(log10_prob), log10_backoff=np.zeros(len(keys)))


def test_a_probability_of_zero_gives_infinite_perplexity() -> None:
    level = _level([0, 1, 2, 3], [-math.inf, 0.0, -0.30103, -0.30103])
    model = NGramModel(vocabulary=Vocabulary(["<unk>", "<s>", "</s>", "a"]), levels=(level,), smoothing="none")
    found = query.perplexity(query.score(model, np.array([1, 3, 0, 2])))
    assert found.including == math.inf
    assert found.excluding == pytest.approx(2.0, rel=1e-5)
    nothing = query.perplexity(query.score(model, np.array([], np.int32)))
    assert math.isnan(nothing.including)
    assert nothing.tokens == 0
    far = query.perplexity(
        query.Scores(log10=np.array([-400.0]), unknown=np.array([False]), order=np.ones(1, np.int8), sentences=0)
    )
    assert far.including == math.inf


def test_states_give_what_score_gives(toy0: NGramModel) -> None:
    sentences = ["a a b a", "b a a b", "b b x a", "x a b a"]
    ids = _ids(toy0, sentences).reshape(4, 6)[:, 1:]
    state, log10 = query.start(toy0, 4), []
    for words in ids.T:
        here, state = query.advance(toy0, state, words)
        log10.append(here)
    np.testing.assert_allclose(np.stack(log10, axis=1).ravel(), _plain(sentences)[0], atol=1e-12)


def test_distribution_is_score_for_every_word(toy0: NGramModel) -> None:
    contexts = np.array([[-1, 1], [1, 3], [3, 4], [4, 3], [0, 3], [-1, -1], [4, 4]])
    found = query.distribution(toy0, contexts)
    names = toy0.vocabulary.words
    for row, context in zip(found, contexts, strict=True):
        history = [names[i] for i in context if i >= 0]
        for word, probability in enumerate(row):
            expected = 0.0 if word == 1 else 10 ** arpa_models.plain_log10(arpa_models.TOY0, history, names[word], 3)[0]
            assert probability == pytest.approx(expected)


def test_sums_to_one_finds_what_does_not() -> None:
    words = Vocabulary(["<unk>", "<s>", "</s>", "a", "b"])
    first = Level(
        keys=np.arange(5), log10_prob=np.log10([0.1, 1, 0.2, 0.3, 0.4]), log10_backoff=np.log10([1, 0.7 / 0.9, 1, 1, 1])
    )
    # `<s> </s>`, `<s> a` and `a a`: after <s> come 0.2 + p(a) + 0.7 / 0.9 (0.1 + 0.4), after a 0.3 + 0.1 + 0.2 + 0.4.
    keys, prob = np.array([1 * 5 + 2, 1 * 5 + 3, 3 * 5 + 3]), np.array([0.2, 0.8 - 0.35 / 0.9, 0.3])
    second = Level(keys=keys, log10_prob=np.log10(prob), log10_backoff=np.zeros(3))
    model = NGramModel(vocabulary=words, levels=(first, second), smoothing="none")
    assert query.sums_to_one(model)
    assert query.sums_to_one(replace(model, levels=(first,)))
    for change in (0.1, -0.1):
        first.log10_backoff[3] = change
        assert query.sums_to_one(replace(model, levels=(first,)))
        assert not query.sums_to_one(model)
    first.log10_backoff[3] = 0
    first.log10_prob[4] = -0.1
    assert not query.sums_to_one(replace(model, levels=(first,)))


def test_longer_contexts_and_models_of_one_order_are_fine(toy0: NGramModel) -> None:
    long = query.distribution(toy0, np.array([[1, 3, 4, 3, 4]]))
    np.testing.assert_array_equal(long, query.distribution(toy0, np.array([[3, 4]])))
    unigrams = NGramModel(vocabulary=toy0.vocabulary, levels=toy0.levels[:1], smoothing="none")
    found = query.distribution(unigrams, np.array([[3], [1]]))
    np.testing.assert_allclose(found[0], found[1])
    assert query.advance(unigrams, query.start(unigrams, 2), np.array([3, 4]))[0] == pytest.approx(
        [-0.46943438, -0.5720968]
    )


@pytest.mark.parametrize("largest", [100, 1 << 40, 1 << 60])
def test_find_is_searchsorted_for_keys_of_any_size(largest: int) -> None:
    generator = np.random.default_rng(0)
    keys = np.unique(generator.integers(0, largest, 1000))
    wanted = np.concatenate(
        [generator.choice(keys, 700), generator.integers(-5, largest, 700), [largest * 2, keys[-1]]]
    )
    places = {key: place for place, key in enumerate(keys.tolist())}
    assert query.find(keys, wanted).tolist() == [places.get(key, -1) for key in wanted.tolist()]


def test_find_in_an_empty_table_finds_nothing() -> None:
    assert query.find(np.empty(0, np.int64), np.arange(100)).tolist() == [-1] * 100

"""Mixtures against sums over plain dictionaries; weights against a search for the best."""

from dataclasses import replace

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams import mixture
from nlp.ngrams.smoothings import katz, witten_bell
from nlp.ngrams.tables import NGramModel
from nlp.vocabulary import BOS_ID, Vocabulary
from tests.nlp.ngrams import by_hand, plain

TEXTS = [plain.with_unknown(plain.random_text(10)), plain.random_text(11)]
SPECIALS = ["<unk>", "<s>", "</s>"]


def members() -> list[NGramModel]:
    """Order 3 over the words a to m in this order, and order 2 over the words z, y, ..., which share g to m."""
    first = plain.counted(TEXTS[0], order=3)
    second = plain.counted(TEXTS[1], order=2, vocabulary_size=17)
    return [
        replace(plain.model(first, witten_bell.estimate(first)), vocabulary=Vocabulary([*SPECIALS, *"abcdefghijklm"])),
        replace(plain.model(second, katz.estimate(second)), vocabulary=Vocabulary([*SPECIALS, *"zmlkjihgtsrqpo"])),
    ]


def own(model: NGramModel, words: list[str]) -> plain.Gram:
    return tuple(model.vocabulary.index.get(word, 0) for word in words)


def said(model: NGramModel, words: list[str]) -> float:
    """A model's p(last word | the words before), 0 for a word that it lacks."""
    if words[-1] not in model.vocabulary.index:
        return 0.0
    *context, word = own(model, words)
    start = max(0, len(context) - model.order + 1)
    return plain.Plain(model).probability(tuple(context[start:]), word)


def test_ngrams_of_the_tables_are_exact_sums() -> None:
    models, shares = members(), [0.3, 0.7]
    merged = mixture.merge(models, shares)
    assert merged.vocabulary.words == [*SPECIALS, *"abcdefghijklm", *"zt", *"srqpo"]
    assert merged.order == 3
    grams = {
        tuple(model.vocabulary.words[word] for word in gram) for model in models for gram in plain.Plain(model).prob
    }
    rule = plain.Plain(merged)
    named = {gram: tuple(merged.vocabulary.words[word] for word in gram) for gram in rule.prob}
    assert set(named.values()) == grams
    rng = np.random.default_rng(0)
    for index in rng.permutation(len(named))[:150]:
        gram, words = list(named.items())[index]
        if gram != (BOS_ID,):
            expected = sum(share * said(model, list(words)) for share, model in zip(shares, models, strict=True))
            assert rule.prob[gram] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shares", [[0.3, 0.7], [1.0, 0.0], [0.0, 1.0]])
def test_mixture_sums_to_one(shares: list[float]) -> None:
    merged = mixture.merge(members(), shares)
    assert plain.off_one(merged, TEXTS[0]) < 1e-9
    assert merged.levels[0].log10_prob[BOS_ID] == pytest.approx(0, abs=1e-12)
    assert all(np.all(level.log10_prob <= 0) for level in merged.levels)


def test_three_models_and_one_of_single_words_sums_to_one() -> None:
    counts = plain.counted(plain.random_text(12), order=1)
    words = plain.model(counts, witten_bell.estimate(counts, closed=True))
    merged = mixture.merge([*members(), words], [0.2, 0.3, 0.5])
    assert plain.off_one(merged, TEXTS[0]) < 1e-9
    assert len(merged.vocabulary) == 23 + 13


def test_one_model_alone_stays_what_it_was() -> None:
    model = members()[0]
    alone = mixture.merge([model], [1.0])
    for level, found in zip(model.levels, alone.levels, strict=True):
        np.testing.assert_array_equal(found.keys, level.keys)
        np.testing.assert_allclose(10**found.log10_prob, 10**level.log10_prob, rtol=1e-12)
        np.testing.assert_allclose(10**found.log10_backoff, 10**level.log10_backoff, rtol=1e-8)


def test_weights_of_two_models_that_know_different_words() -> None:
    # Tokens of which 7 in 10 only the first model finds possible: the weights are those shares.
    first = np.array([0.1] * 7 + [0.0] * 3)
    np.testing.assert_allclose(mixture.weights(np.stack([first, 0.1 - first])), [0.7, 0.3])


def test_weights_are_the_best_there_are() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random((3, 500)) ** 4
    found = mixture.weights(probabilities)
    assert found.sum() == pytest.approx(1)
    best = np.log(found @ probabilities).sum()
    for other in rng.dirichlet(np.ones(3), 2000):
        assert np.log(other @ probabilities).sum() <= best + 1e-6
    # At the greatest likelihood every weight in use has mean posterior / weight = 1 (Karush-Kuhn-Tucker).
    np.testing.assert_allclose((probabilities / (found @ probabilities)).mean(axis=1), 1, atol=1e-4)


def test_a_word_unknown_to_one_model_counts_as_impossible_there() -> None:
    probabilities = np.array([[0.5, 0.2, 0.4], [0.1, 0.2, 0.4]])
    unknown = np.array([[True, False, True], [False, False, True]])
    counted = np.array([[0.0, 0.2, 0.4], [0.1, 0.2, 0.4]])
    np.testing.assert_array_equal(mixture.weights(probabilities, unknown=unknown), mixture.weights(counted))
    # The first model looks better on paper only because it lumps all the words it lacks together.
    assert mixture.weights(probabilities)[0] > 0.99 > 0.01 > mixture.weights(probabilities, unknown=unknown)[0]


def test_impossible_tokens_are_left_out() -> None:
    probabilities = np.array([[0.5, 0.0, 0.1], [0.1, 0.0, 0.4]])
    np.testing.assert_array_equal(mixture.weights(probabilities), mixture.weights(probabilities[:, [0, 2]]))


def test_bad_input_a_text_impossible_to_all_is_refused() -> None:
    for nothing in (np.zeros((2, 5)), np.zeros((2, 0))):
        with pytest.raises(DataError, match="No model gives any word of the text a probability"):
            mixture.weights(nothing)


def test_bad_input_weights_are_refused() -> None:
    models = members()
    with pytest.raises(ValueError, match="1 weights for 2 models"):
        mixture.merge(models, [1.0])
    with pytest.raises(ValueError, match="expected shares from 0 to 1 whose sum is 1"):
        mixture.merge(models, [0.5, 0.6])
    with pytest.raises(ValueError, match="cannot be mixed"):
        mixture.merge([models[0], replace(models[1], normalised=False)], [0.5, 0.5])


def test_weights_are_the_most_probable_ones() -> None:
    """p(a) + p(b) is 0.8 in either model, so the best mixture has p(a) = 0.8 x the share of a among a and b."""
    models = [by_hand.unigrams(a=0.6, b=0.2), by_hand.unigrams(a=0.2, b=0.6)]
    weights = mixture.weigh(models, ["a b a\nb a\n"])
    # a is 3 of 5: 0.2 + 0.4 weight = 0.48.
    assert weights == pytest.approx([0.7, 0.3], abs=1e-4)


def test_weights_read_the_text_with_each_models_own_vocabulary() -> None:
    models = [by_hand.unigrams(a=0.5), by_hand.unigrams(b=0.5)]
    # Four ends are as likely in both; a is known to the first alone, b and c ... to the other.
    weights = mixture.weigh(models, ["a\na\na\nb\n"])
    assert weights == pytest.approx([0.75, 0.25], abs=1e-4)

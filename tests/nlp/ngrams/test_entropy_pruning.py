"""Relative-entropy pruning against the Kullback-Leibler divergence, summed word by word."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from nlp.ngrams import entropy_pruning
from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.smoothings import katz, kneser_ney, maximum_likelihood, stupid_backoff, witten_bell
from nlp.ngrams.tables import NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID
from tests.nlp.ngrams import plain

SMOOTHINGS = ("witten-bell", "katz", "maximum-likelihood", "modified-kneser-ney")
TEXT = plain.random_text(9, many=40)


def estimated(smoothing: str = "witten-bell", *, order: int = 3, text: plain.Text = TEXT) -> NGramModel:
    estimates: dict[str, Callable[[NGramCounts], plain.Pairs]] = {
        "witten-bell": witten_bell.estimate,
        "katz": katz.estimate,
        "maximum-likelihood": maximum_likelihood.estimate,
        "modified-kneser-ney": partial(kneser_ney.estimate, discount_fallback=(0.5, 1, 1.5)),
    }
    counts = plain.counted(text, order=order)
    return plain.model(counts, estimates[smoothing](counts), smoothing=smoothing)


def divergence(model: plain.Plain, gram: plain.Gram) -> float:
    """D(model || model without the n-gram) over the words after its context, times how probable the context is."""
    context = gram[:-1]
    often = 1.0
    for n, word in enumerate(context):
        often *= model.probability((), EOS_ID) if word == BOS_ID else model.probability(context[:n], word)
    words = [word for word in range(model.size) if word != BOS_ID]
    held = [word for word in words if (*context, word) in model.prob and word != gram[-1]]
    left = 1 - sum(model.prob[(*context, word)] for word in held)
    room = sum(model.probability(context[1:], word) for word in words if word not in held)
    total = 0.0
    for word in words:
        p = model.probability(context, word)
        q = p if word in held else left / room * model.probability(context[1:], word)
        total += p * math.log(p / q) if p else 0
    return often * total


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_losses_are_the_divergence(smoothing: str) -> None:
    model = estimated(smoothing)
    rule = plain.Plain(model)
    losses = np.concatenate(entropy_pruning.losses(model))
    assert np.all(np.isinf(losses[:16]))
    expected = [divergence(rule, gram) for gram in rule.prob if len(gram) > 1]
    assert max(expected) > 1e-3
    np.testing.assert_allclose(losses[16:], expected, rtol=1e-7, atol=1e-13)


@pytest.mark.parametrize("threshold", [1e-4, 1e-3, 3e-3])
def test_what_stays_lost_too_much_or_begins_such(threshold: float) -> None:
    model = estimated(order=4)
    rule, pruned = plain.Plain(model), plain.Plain(entropy_pruning.prune(model, threshold=threshold))
    dear = {gram for gram in rule.prob if len(gram) > 1 and math.exp(divergence(rule, gram)) - 1 >= threshold}
    expected = {gram[:n] for gram in dear for n in range(2, len(gram) + 1)} | {(word,) for word in range(16)}
    assert set(pruned.prob) == expected
    assert 16 < len(expected) < len(rule.prob)
    assert all(pruned.prob[gram] == rule.prob[gram] for gram in expected)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("threshold", [1e-6, 1e-3, 1.0])
def test_pruned_sums_to_one(smoothing: str, order: int, threshold: float) -> None:
    pruned = entropy_pruning.prune(estimated(smoothing, order=order), threshold=threshold)
    assert plain.off_one(pruned, TEXT) < 1e-9
    assert pruned.order == (1 if threshold == 1.0 else order)


@pytest.mark.parametrize(("name", "order"), plain.cases((2, 3, 5)))
def test_pruned_small_texts_sums_to_one(name: str, order: int) -> None:
    text = plain.SMALL_TEXTS[name]
    for smoothing in SMOOTHINGS:
        pruned = entropy_pruning.prune(estimated(smoothing, order=order, text=text), threshold=1e-3)
        assert plain.off_one(pruned, text) < 1e-9


def test_pruning_with_0_changes_nothing() -> None:
    model = estimated()
    assert entropy_pruning.prune(model, threshold=0) is model


def test_renormalise_finds_the_backoffs_again() -> None:
    model = estimated("katz", order=4)
    blank = replace(
        model, levels=tuple(replace(level, log10_backoff=np.zeros(len(level.keys))) for level in model.levels)
    )
    again = entropy_pruning.renormalise(blank)
    for level, found in zip(model.levels, again.levels, strict=True):
        np.testing.assert_allclose(10**found.log10_backoff, 10**level.log10_backoff, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(found.log10_prob, level.log10_prob)


def test_bad_input_threshold_and_improper_models_are_refused() -> None:
    model = estimated()
    with pytest.raises(ValueError, match="expected 0 or a small number above 0"):
        entropy_pruning.prune(model, threshold=-1e-8)
    counts = plain.counted(TEXT, order=2)
    improper = replace(plain.model(counts, stupid_backoff.estimate(counts)), smoothing="stupid", normalised=False)
    with pytest.raises(ValueError, match=r"probabilities of stupid do not sum to 1.*prune by counts"):
        entropy_pruning.prune(improper, threshold=1e-8)

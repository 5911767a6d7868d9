"""Walks through a model against the backoff rule, word by word."""

import numpy as np
import pytest

from nlp.ngrams import links, selection
from nlp.ngrams.smoothings import witten_bell
from nlp.ngrams.tables import NGramModel
from tests.nlp.ngrams import plain


def walk(model: NGramModel) -> links.Walk:
    walk = links.Walk(len(model.vocabulary))
    for level in model.levels:
        walk.add(level.keys, 10**level.log10_prob, 10**level.log10_backoff)
    return walk


def with_gaps(order: int) -> NGramModel:
    """A model that lacks some `b c` though it holds `a b c`, as pruning leaves it."""
    counts = plain.counted(plain.random_text(7), order=order)
    model = plain.model(counts, witten_bell.estimate(counts))
    rng = np.random.default_rng(0)
    return selection.select(model, [rng.random(len(level.keys)) < 0.3 for level in model.levels])


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_a_walk_scores_as_the_backoff_rule(order: int) -> None:
    model = with_gaps(order)
    steps, rule = walk(model), plain.Plain(model)
    many = 200
    words = np.random.default_rng(1).integers(3, 12, (many, 8))
    places = (np.full(many, 1, np.int8), np.full(many, 1, np.int64))
    for position in range(words.shape[1]):
        places, prob = steps.step(places, words[:, position])
        for row in range(many):
            before = (1, *words[row, :position].tolist())
            context = before[max(0, len(before) - order + 1) :]
            assert prob[row] == pytest.approx(rule.probability(context, int(words[row, position])), rel=1e-12)


@pytest.mark.parametrize("order", [2, 3, 5])
def test_adding_a_level_answers_the_shorter_contexts_probability(order: int) -> None:
    model = with_gaps(order)
    steps, rule = links.Walk(len(model.vocabulary)), plain.Plain(model)
    grams: list[plain.Gram] = [()]
    for level in model.levels:
        lower = steps.add(level.keys, 10**level.log10_prob, 10**level.log10_backoff)
        grams = [(*grams[key // 16], key % 16) for key in level.keys.tolist()]
        for gram, found in zip(grams, lower, strict=True):
            expected = rule.probability(gram[1:-1], gram[-1]) if len(gram) > 1 else 0
            assert found == pytest.approx(expected, rel=1e-12)


def test_links_lead_to_the_longest_ending() -> None:
    model = with_gaps(4)
    steps = walk(model)
    grams: list[list[plain.Gram]] = [[()]]
    for level in model.levels:
        grams.append([(*grams[-1][key // 16], key % 16) for key in level.keys.tolist()])
    held = {gram for level in grams for gram in level}
    gaps = 0
    for named, (lengths, indices) in zip(grams[1:], steps.link, strict=True):
        for gram, length, index in zip(named, lengths, indices, strict=True):
            longest = next(gram[start:] for start in range(1, 5) if gram[start:] in held)
            assert grams[length][index] == longest
            gaps += len(longest) < len(gram) - 1
    assert gaps > 10

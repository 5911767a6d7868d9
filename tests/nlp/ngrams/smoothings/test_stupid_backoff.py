"""Stupid backoff against its definition, restated with dictionaries."""

import pytest

from nlp.ngrams.smoothings import stupid_backoff
from tests.nlp.ngrams import plain


def formula(after: plain.Followers, context: plain.Gram, word: int) -> float:
    found = after[context]
    if found[word] or not context:
        return found[word] / sum(found.values())
    return (0.4 if found else 1) * formula(after, context[1:], word)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_every_context_follows_the_definition(order: int) -> None:
    text = plain.random_text(6, many=30)
    counts, after = plain.counted(text, order=order), plain.followers(text, order)
    model = plain.Plain(plain.model(counts, stupid_backoff.estimate(counts)))
    for context in [*plain.seen_contexts(text, order)[:60], *plain.contexts(order)]:
        for word in (0, 2, 3, 4, 9, 15):
            assert model.probability(context, word) == pytest.approx(formula(after, context, word), rel=1e-12)


def test_the_factor_is_paid_once_a_dropped_word() -> None:
    counts = plain.counted([[3, 4, 5], [6, 4, 3]], order=3)
    model = plain.Plain(plain.model(counts, stupid_backoff.estimate(counts)))
    assert model.probability((3, 4), 5) == 1
    assert model.probability((3, 4), 3) == pytest.approx(0.4 * 1 / 2)
    assert model.probability((3, 4), 6) == pytest.approx(0.4 * 0.4 * 1 / 8)


@pytest.mark.parametrize("factor", [0.0, 1.5, float("nan")])
def test_bad_input_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="expected above 0 and at most 1"):
        stupid_backoff.estimate(plain.counted([[3]], order=1), factor=factor)

"""Witten-Bell against its recursion, restated with dictionaries."""

import pytest

from nlp.errors import DataError
from nlp.ngrams.smoothings import witten_bell
from tests.nlp.ngrams import plain


def formula(after: plain.Followers, context: plain.Gram | None, word: int, *, can_follow: int) -> float:
    """Context None stands for the uniform distribution below the single word."""
    if context is None:
        return 1 / can_follow
    found = after[context]
    lower = formula(after, context[1:] if context else None, word, can_follow=can_follow)
    if not found:
        return lower
    return (found[word] + len(found) * lower) / (sum(found.values()) + len(found))


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_every_context_follows_the_recursion(order: int, closed: bool) -> None:
    text = plain.random_text(5, many=30)
    counts, after = plain.counted(text, order=order), plain.followers(text, order)
    model = plain.Plain(plain.model(counts, witten_bell.estimate(counts, closed=closed)))
    for context in [*plain.seen_contexts(text, order)[:60], *plain.contexts(order)]:
        for word in (0, 2, 3, 4, 9, 15):
            expected = formula(after, context, word, can_follow=14 if closed else 15)
            if closed and word == 0:
                expected = 0
            assert model.probability(context, word) == pytest.approx(expected, rel=1e-12)


def test_a_hand_worked_example() -> None:
    # Words a a b </s>: T = 3 of 4 tokens, |V| = 4 with <unk>. After a: a, b once each.
    counts = plain.counted([[3, 3, 4]], order=2, vocabulary_size=5)
    model = plain.Plain(plain.model(counts, witten_bell.estimate(counts)))
    assert model.probability((), 3) == pytest.approx((2 + 3 / 4) / 7)
    assert model.probability((), 0) == pytest.approx(3 / 4 / 7)
    assert model.probability((3,), 4) == pytest.approx((1 + 2 * 1.75 / 7) / 4)
    assert model.probability((3,), 2) == pytest.approx(2 / 4 * 1.75 / 7)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("name", "order"), plain.cases())
def test_witten_bell_sums_to_one(name: str, order: int, closed: bool) -> None:
    text = plain.SMALL_TEXTS[name]
    counts = plain.counted(text, order=order)
    if closed and name == "with unknown words":
        with pytest.raises(DataError, match="outside the vocabulary"):
            witten_bell.estimate(counts, closed=True)
        return
    assert plain.off_one(plain.model(counts, witten_bell.estimate(counts, closed=closed)), text) < 1e-9

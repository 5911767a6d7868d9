"""Katz's backoff against its definition, restated with dictionaries."""

import math
from collections import Counter

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams.smoothings import katz
from tests.nlp.ngrams import plain


def good_turing(text: plain.Text, order: int, *, most: int = 5) -> dict[int, float]:
    """The discounts of an order: Katz (1987), where the counts of counts allow all of them."""
    n = Counter(plain.tally(text, order).values())
    common = (most + 1) * n[most + 1] / n[1]
    starred = {r: (r + 1) * n[r + 1] / n[r] for r in range(1, most + 1)}
    return {r: (starred[r] / r - common) / (1 - common) for r in starred}


class Restated:
    """Katz's recursion by words."""

    def __init__(self, text: plain.Text, *, order: int, words: list[int]) -> None:
        self.words = words
        self.discounts = {n: good_turing(text, n) for n in range(1, order + 1)}
        self.after = plain.followers(text, order)

    def explicit(self, context: plain.Gram) -> dict[int, float]:
        found = self.after[context]
        discounts = self.discounts[len(context) + 1]
        kept = {word: discounts.get(n, 1.0) * n for word, n in found.items()}
        total = sum(found.values())
        if math.isclose(sum(kept.values()), total) and len(found) < len(self.words):
            total += 1
        return {word: n / total for word, n in kept.items()}

    def probability(self, context: plain.Gram, word: int) -> float:
        explicit = self.explicit(context)
        if word in explicit:
            return explicit[word]
        left = 1 - sum(explicit.values())
        if not context:
            return left / sum(word not in explicit for word in self.words)
        if not explicit:
            return self.probability(context[1:], word)
        room = sum(self.probability(context[1:], other) for other in self.words if other not in explicit)
        return left / room * self.probability(context[1:], word)


def skewed_text(seed: int, words: int = 400) -> plain.Text:
    """Words of a long-tailed distribution; seed 7 has counts of counts that allow all discounts of orders 1 to 3."""
    rng = np.random.default_rng(seed)
    return [[3 + min(words - 1, int(rank)) for rank in rng.zipf(1.35, 5)] for _ in range(500)]


def test_every_context_follows_the_definition() -> None:
    text, size = skewed_text(7), 410
    counts = plain.counted(text, order=3, vocabulary_size=size)
    restated = Restated(text, order=3, words=[0, *range(2, size)])
    for order, found in enumerate(katz.discounts(counts), start=1):
        expected = restated.discounts[order]
        assert all(0 < d < 1 for d in expected.values())
        np.testing.assert_allclose(found[1:], [expected[r] for r in range(1, 6)])
    assert katz.shortfalls(counts) == []
    model = plain.Plain(plain.model(counts, katz.estimate(counts)))
    for context in [(), (1,), (3,), (60,), (409,), (1, 3), (3, 3), (3, 4), (9, 60)]:
        for word in (0, 2, 3, 5, 60, 409):
            assert model.probability(context, word) == pytest.approx(restated.probability(context, word), rel=1e-9)


def test_discounts_by_hand() -> None:
    """Tallies 8, 3, 1, 1 for k = 3: A = 4 x 1 / 8; d_1 = (6/8 - 1/2) / (1/2); d_2 = (3/6 - 1/2) / ... is not above 0; d_3 = 4/3 > 1."""
    text = [[3 + i] for i in range(8)] + [[12 + i] * 2 for i in range(3)] + [[16] * 3] + [[17] * 4]
    [found] = katz.discounts(plain.counted(text, order=1, vocabulary_size=20), most=3)
    np.testing.assert_allclose(found[1:], [0.5, 1, 1])


def test_the_highest_count_is_lowered_until_one_above_occurs() -> None:
    """Tallies 4, 1, 0, 0: k falls from 5 to 1, and then d_1 = (2/4 - 2/4) / (1/2) = 0 is refused."""
    counts = plain.counted([[3, 4, 5, 6, 7, 7]] + [[]] * 9, order=1)
    np.testing.assert_array_equal(katz.discounts(counts)[0], np.ones(6))


def test_bad_input_too_little_text_says_which_order_and_what_instead() -> None:
    counts = plain.counted([[3, 4], [3, 4], [3, 4]], order=2)
    assert katz.shortfalls(counts) == [
        f"Order {order}: no count is discounted, as too few n-grams occur 1 to 6 times (0, 0, 3, 0, 0, 0) for Good-Turing;"
        " use more text, or --smoothing witten-bell, which needs no such counts."
        for order in (1, 2)
    ]
    text = [[3 + i] for i in range(8)] + [[12 + i] * 2 for i in range(3)] + [[16] * 3] + [[17] * 4]
    [sentence] = katz.shortfalls(plain.counted(text, order=1, vocabulary_size=20), most=3)
    assert sentence.startswith("Order 1: counts 2, 3 are left undiscounted, as")


def test_a_context_with_nothing_left_makes_room_for_unseen_words() -> None:
    counts = plain.counted([[3, 4], [3, 4], [3, 4]], order=2, vocabulary_size=6)
    model = plain.Plain(plain.model(counts, katz.estimate(counts)))
    assert model.probability((3,), 4) == pytest.approx(3 / 4)
    assert model.probability((), 3) == pytest.approx(3 / 10)
    assert model.probability((), 0) == model.probability((), 5) == pytest.approx(1 / 20)
    assert model.probability((3,), 5) == pytest.approx(1 / 4 * (1 / 20) / (7 / 10))


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("name", "order"), plain.cases())
def test_katz_sums_to_one(name: str, order: int, closed: bool) -> None:
    text = plain.SMALL_TEXTS[name]
    counts = plain.counted(text, order=order)
    if closed and name == "with unknown words":
        with pytest.raises(DataError, match="outside the vocabulary"):
            katz.estimate(counts, closed=True)
        return
    assert plain.off_one(plain.model(counts, katz.estimate(counts, closed=closed)), text) < 1e-9


def test_katz_sums_to_one_where_all_words_were_seen() -> None:
    text = plain.SMALL_TEXTS["every word after every word"]
    counts = plain.counted(text, order=3, vocabulary_size=7)
    for closed in (False, True):
        assert plain.off_one(plain.model(counts, katz.estimate(counts, closed=closed)), text) < 1e-9


def test_katz_sums_to_one_with_all_discounts() -> None:
    text = skewed_text(7)
    counts = plain.counted(text, order=3, vocabulary_size=410)
    model = plain.Plain(plain.model(counts, katz.estimate(counts)))
    for context in [(), (1,), (1, 3), (3, 3), (3, 4), (4, 77), (77, 88)]:
        assert model.sum(context) == pytest.approx(1, abs=1e-9)


def test_bad_input_most_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 or more counts to discount"):
        katz.discounts(plain.counted([[3]], order=1), most=0)

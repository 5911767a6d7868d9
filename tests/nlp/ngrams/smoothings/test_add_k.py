"""Add-k against its formula, restated with dictionaries, and a published worked example."""

from collections import Counter

import pytest

from nlp.errors import DataError
from nlp.ngrams.smoothings import add_k
from tests.nlp.ngrams import plain


def formula(found: Counter[int], word: int, *, k: float, can_follow: int) -> float:
    """found: how often each word follows the context."""
    return (found[word] + k) / (sum(found.values()) + k * can_follow)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("k", [1.0, 0.01])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_full_contexts_follow_the_formula(order: int, k: float, closed: bool) -> None:
    text = plain.random_text(4)
    counts, after = plain.counted(text, order=order), plain.followers(text, order)
    model = plain.Plain(plain.model(counts, add_k.estimate(counts, k=k, closed=closed)))
    full = [
        context
        for context in [*plain.seen_contexts(text, order), *plain.contexts(order)]
        if len(context) == order - 1 or context[:1] == (1,)
    ]
    assert len(full) > 20 or order == 1
    for context in full:
        for word in range(2, 16):
            expected = formula(after[context], word, k=k, can_follow=14 if closed else 15)
            assert model.probability(context, word) == pytest.approx(expected, rel=1e-12)
        unknown = 0.0 if closed else formula(after[context], 0, k=k, can_follow=15)
        assert model.probability(context, 0) == pytest.approx(unknown, rel=1e-12)


def test_laplace_bigrams_of_the_berkeley_restaurant_project() -> None:
    """Jurafsky and Martin, section "Laplace smoothing": "i want" 827 of 2533 and |V| = 1446 give 0.21 after adding one; unseen 0.00025."""
    i, want, other = 3, 4, 5
    text = [[i, want]] * 827 + [[i, other]] * (2533 - 827)
    counts = plain.counted(text, order=2, vocabulary_size=1446 + 1)
    model = plain.Plain(plain.model(counts, add_k.estimate(counts, k=1)))
    assert model.probability((i,), want) == pytest.approx(828 / 3979)
    assert round(model.probability((i,), want), 2) == 0.21
    assert round(model.probability((i,), 77), 5) == 0.00025


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("name", "order"), plain.cases())
def test_add_k_sums_to_one(name: str, order: int, closed: bool) -> None:
    text = plain.SMALL_TEXTS[name]
    counts = plain.counted(text, order=order)
    if closed and name == "with unknown words":
        with pytest.raises(DataError, match="outside the vocabulary"):
            add_k.estimate(counts, closed=True)
        return
    assert plain.off_one(plain.model(counts, add_k.estimate(counts, k=0.1, closed=closed)), text) < 1e-9


@pytest.mark.parametrize("k", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_input_k_is_refused(k: float) -> None:
    with pytest.raises(ValueError, match=r"k is .*; expected a number above 0"):
        add_k.estimate(plain.counted([[3]], order=1), k=k)

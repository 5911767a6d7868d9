"""Maximum likelihood against a published worked example and plain dictionaries."""

import pytest

from nlp.ngrams.smoothings import maximum_likelihood
from tests.nlp.ngrams import plain

# "I am Sam", "Sam I am", "I do not like green eggs and ham": words 3 to 12 in order of appearance.
I_AM_SAM = [[3, 4, 5], [5, 3, 4], [3, 6, 7, 8, 9, 10, 11, 12]]


def test_bigrams_of_i_am_sam() -> None:
    """The numbers of Jurafsky and Martin, Speech and Language Processing, chapter "N-gram Language Models", section 1.2."""
    counts = plain.counted(I_AM_SAM, order=2, vocabulary_size=13)
    model = plain.Plain(plain.model(counts, maximum_likelihood.estimate(counts)))
    i, am, sam, do = 3, 4, 5, 6
    assert model.probability((1,), i) == pytest.approx(2 / 3)
    assert model.probability((1,), sam) == pytest.approx(1 / 3)
    assert model.probability((i,), am) == pytest.approx(2 / 3)
    assert model.probability((sam,), 2) == pytest.approx(1 / 2)
    assert model.probability((am,), sam) == pytest.approx(1 / 2)
    assert model.probability((i,), do) == pytest.approx(1 / 3)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_every_context_of_the_text(order: int) -> None:
    text = plain.random_text(3)
    counts, after = plain.counted(text, order=order), plain.followers(text, order)
    model = plain.Plain(plain.model(counts, maximum_likelihood.estimate(counts)))
    for context in plain.seen_contexts(text, order):
        found = after[context]
        for word in (0, *range(2, 16)):
            assert model.probability(context, word) == pytest.approx(found[word] / sum(found.values()))


def test_an_unseen_context_goes_on_with_the_shorter_one() -> None:
    counts = plain.counted([[3, 4, 3, 4], [5, 4, 6]], order=3)
    model = plain.Plain(plain.model(counts, maximum_likelihood.estimate(counts)))
    assert model.probability((6, 4), 3) == pytest.approx(1 / 3)
    assert model.probability((7, 8), 4) == pytest.approx(3 / 9)
    assert model.probability((3, 4), 6) == 0


@pytest.mark.parametrize(("name", "order"), plain.cases())
def test_maximum_likelihood_sums_to_one(name: str, order: int) -> None:
    text = plain.SMALL_TEXTS[name]
    counts = plain.counted(text, order=order)
    assert plain.off_one(plain.model(counts, maximum_likelihood.estimate(counts)), text) < 1e-9

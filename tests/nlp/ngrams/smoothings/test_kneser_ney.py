"""Kneser-Ney against published and measured numbers of KenLM, and against an independent restatement."""

import re
from collections.abc import Sequence
from math import log10
from pathlib import Path

import numpy as np
import pytest
from gensim.test.utils import datapath

from nlp.errors import DataError
from nlp.ngrams import counts
from nlp.ngrams.smoothings import kneser_ney
from nlp.vocabulary import encode
from tests.nlp.ngrams import plain_kneser_ney as plain

Text = list[list[str]]
FALLBACK = (0.5, 1.0, 1.5)


def counted(text: Text, order: int) -> tuple[counts.NGramCounts, list[str]]:
    ids, vocabulary = encode(" ".join(words) + "\n" for words in text)
    return counts.count(ids, vocabulary_size=len(vocabulary), order=order), vocabulary.words


def estimated(
    text: Text,
    order: int,
    *,
    modified: bool = True,
    prune: Sequence[int] = (),
    fallback: tuple[float, float, float] | None = None,
    interpolate_unigrams: bool = True,
    closed: bool = False,
    vocab_pad: int = 0,
) -> plain.Estimates:
    """What the code under test says, by n-gram."""
    found, words = counted(text, order)
    tables = kneser_ney.estimate(
        found,
        modified=modified,
        prune=prune,
        discount_fallback=fallback,
        interpolate_unigrams=interpolate_unigrams,
        closed=closed,
        vocab_pad=vocab_pad,
    )
    names: list[tuple[str, ...]] = [(word,) for word in words]
    model: plain.Estimates = {}
    for n, ((prob, backoff), keep) in enumerate(zip(tables, kneser_ney.kept(found, prune), strict=True), start=1):
        if n > 1:
            names = [(*names[i], words[j]) for i, j in zip(found.prefix(n), found.last(n), strict=True)]
        model |= {
            gram: (float(p), float(b)) for gram, p, b, stays in zip(names, prob, backoff, keep, strict=True) if stays
        }
    return model


def random_text(seed: int, *, sentences: int = 40, words: int = 8) -> Text:
    """Sentences of 0 to 9 words (an empty one among them), with words of very different frequency."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 10, sentences)
    text = [[f"w{int(words * u**2)}" for u in rng.random(length)] for length in lengths]
    return [*text, [], ["w0", "w1", "w2", "w1", "w0"]]


@pytest.fixture(scope="module")
def lee() -> Text:
    """Gensim's Lee news corpus in sentences of more than two words."""
    lines = Path(datapath("lee_background.cor")).read_text(encoding="utf-8").lower().splitlines()
    sentences = [re.findall("[a-z']+", sentence) for line in lines for sentence in re.split("[.!?]", line)]
    return [words for words in sentences if len(words) > 2]


def test_kneser_ney_toy_model_of_kenlm() -> None:
    # The model that KenLM ships for its own tests (toy0), order 3.
    model = estimated([list("aaba"), list("baab")], 3, fallback=FALLBACK)
    expected = {
        "<unk>": -0.90309,
        "a": -0.46943438,
        "b": -0.5720968,
        "</s>": -0.5720968,
        "<s> a": -0.37712017,
        "b a": -0.2984526,
        "a </s>": -0.58682007,
        "b a </s>": -0.42082912,
        "a b a": -0.2997394,
    }
    for words, log in expected.items():
        assert log10(model[tuple(words.split())][0]) == pytest.approx(log, rel=1e-6)
    contexts = {gram[:-1] for gram in model if len(gram) > 1}
    for gram, (_, backoff) in model.items():
        assert log10(backoff) == pytest.approx(-0.30103 if gram in contexts else 0, rel=1e-6)


@pytest.mark.parametrize(
    ("order", "including", "excluding"),
    [(2, 379.9239, 255.1726), (3, 355.4670, 238.3367), (5, 352.6707, 236.7585)],
)
def test_kneser_ney_perplexities_of_lmplz(lee: Text, order: int, including: float, excluding: float) -> None:
    # Measured with `lmplz --discount_fallback` and `query` on the first 2,524 sentences and the last 200.
    assert len(lee) == 2724
    model = estimated(lee[:-200], order, fallback=FALLBACK)
    found = plain.perplexities(model, lee[-200:], order)
    assert found[:2] == pytest.approx((including, excluding), rel=3e-7)
    assert found[2:] == (4347, 317)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("prune", "interpolate_unigrams", "vocab_pad"),
    [((), True, 0), ((), False, 0), ((), True, 50), ((0, 1), True, 0), ((1, 1, 2), True, 0), ((3,), False, 0)],
)
def test_kneser_ney_equals_a_plain_restatement(
    order: int, prune: tuple[int, ...], interpolate_unigrams: bool, vocab_pad: int
) -> None:
    for seed in range(4):
        text = random_text(seed)
        model = estimated(
            text,
            order,
            prune=prune[:order],
            fallback=FALLBACK,
            interpolate_unigrams=interpolate_unigrams,
            vocab_pad=vocab_pad,
        )
        expected = plain.estimate(
            text,
            order,
            prune=prune[:order],
            fallback=FALLBACK,
            interpolate_unigrams=interpolate_unigrams,
            vocab_pad=vocab_pad,
        )
        assert model.keys() == expected.keys()
        for gram, numbers in expected.items():
            assert model[gram] == pytest.approx(numbers, rel=1e-10)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ([["one", "sentence", "only", "one"]], 4),
        ([["word"]], 3),
        ([[]], 2),
        ([[], [], []], 1),
        ([["b"], ["a", "b"], [], ["a"]], 2),
    ],
)
def test_kneser_ney_of_tiny_texts(text: Text, order: int) -> None:
    model, expected = estimated(text, order, fallback=FALLBACK), plain.estimate(text, order, fallback=FALLBACK)
    assert model == {gram: pytest.approx(numbers) for gram, numbers in expected.items()}


def test_kneser_ney_estimates_its_own_discounts() -> None:
    # Large enough for every order to have its own, so that the formulas for them are what is compared.
    rng = np.random.default_rng(11)
    text = [[f"w{number}" for number in rng.zipf(1.4, length)] for length in rng.integers(0, 20, 300)]
    model, expected = estimated(text, 3), plain.estimate(text, 3)
    assert model == {gram: pytest.approx(numbers, rel=1e-10) for gram, numbers in expected.items()}
    assert model != estimated(text, 3, modified=False)


def test_kneser_ney_tallies_the_last_ngram_by_its_raw_count() -> None:
    # `z` comes last; it occurs three times, always after `a`: adjusted 1, tallied as 3. The other tallies are counted by hand.
    found, _ = counted([["b", "a"], ["a", "z"], ["a", "z"], ["a", "z"]], 2)
    assert found.adjusted[0].tolist() == [0, 0, 2, 1, 2, 1]  # <unk> <s> </s> b a z
    assert kneser_ney._tallies(found, 1) == [1, 2, 1, 0]
    assert kneser_ney._tallies(found, 2) == [3, 0, 3, 0]


def test_kneser_ney_discounts_by_hand() -> None:
    # Words of 1, 2, 3 and 4 occurrences: four, three, two and one of them; <s> and </s> are in one long sentence.
    words = [
        name for times, names in enumerate(["abcd", "efg", "hi", "j"], start=1) for name in names for _ in range(times)
    ]
    found, _ = counted([words], 1)
    y = 5 / (5 + 2 * 3)  # </s> occurs once too
    expected = [1 - 2 * y * 3 / 5, 2 - 3 * y * 2 / 3, 3 - 4 * y * 1 / 2]
    assert kneser_ney.discounts(found)[0] == pytest.approx(expected)
    assert kneser_ney.discounts(found, modified=False)[0] == pytest.approx([y, y, y])


def test_plain_kneser_ney_by_hand() -> None:
    # Bigrams: "<s> a" 2, "<s> b" 1, "a b" 1, "a </s>" 1, "b </s>" 2; three of 1, two of 2: D = 3 / 7.
    # Unigrams: a 1, b 2 (tallied as it is: it comes last, and its raw count is 2), </s> 2: D = 1 / 5; gamma = 3 D / 5.
    model = estimated([["a", "b"], ["a"], ["b"]], 2, modified=False)
    b = (2 - 1 / 5) / 5 + (3 / 25) / 4
    assert model[("b",)][0] == pytest.approx(b)
    assert model["a", "b"][0] == pytest.approx((1 - 3 / 7) / 2 + (2 * 3 / 7) / 2 * b)


@pytest.mark.parametrize("order", [1, 3, 5])
@pytest.mark.parametrize("modified", [True, False])
@pytest.mark.parametrize(
    ("prune", "interpolate_unigrams", "closed"),
    [((), True, False), ((0, 1, 2), True, False), ((2,), True, False), ((), False, False), ((1,), True, True)],
)
def test_kneser_ney_sums_to_one(
    order: int, modified: bool, prune: tuple[int, ...], interpolate_unigrams: bool, closed: bool
) -> None:
    text = random_text(7, sentences=80, words=12)
    model = estimated(
        text,
        order,
        modified=modified,
        prune=prune[:order],
        fallback=FALLBACK,
        interpolate_unigrams=interpolate_unigrams,
        closed=closed,
    )
    words = [gram[0] for gram, (p, _) in model.items() if len(gram) == 1 and gram != ("<s>",) and p > 0]
    assert ("<unk>" in words) == (not closed)
    rng = np.random.default_rng(0)
    seen = [tuple(["<s>", *sentence][-length:]) for sentence in text for length in range(1, order)]
    unseen = [tuple(rng.choice(words, length)) for length in range(order) for _ in range(20)]
    for context in [*seen, *unseen]:
        assert sum(10 ** plain.log10_prob(model, context, word) for word in words) == pytest.approx(1, abs=1e-9)


def test_bad_input_too_little_text_for_discounts() -> None:
    said = r"order 1: adjusted counts of 1 occur 1 times, 2 occur 2 times, 3 occur 0 times.* --discount-fallback 0\.5 1 1\.5"
    with pytest.raises(DataError, match=said):
        estimated([["a", "b"], ["a"]], 1)


def test_bad_input_discounts_beyond_their_counts() -> None:
    # Many more fours than threes, and threes than twos: the formula gives negative discounts.
    text = [[word] * times for word, times in zip("abcdefghij", [1, 2, 3, 3, 3, 3, 4, 4, 4, 4], strict=True)]
    advice = r"more text, a larger vocabulary \(--vocabulary-size, --min-count\), --smoothing witten-bell, or --discount-fallback"
    with pytest.raises(DataError, match=rf"order 1: .* no Kneser-Ney discounts can be computed.*{advice}"):
        estimated(text, 1)


def test_bad_input_options_that_contradict() -> None:
    text = [["a", "b"]]
    with pytest.raises(ValueError, match="3 pruning thresholds for a model of order 2"):
        estimated(text, 2, prune=(0, 1, 2))
    with pytest.raises(ValueError, match="none lower than the one before"):
        estimated(text, 2, prune=(1, 0))
    with pytest.raises(ValueError, match=r"fallback discounts \(2, 1, 1\); expected three, from 0 to 1"):
        estimated(text, 2, fallback=(2, 1, 1))
    with pytest.raises(ValueError, match="closed vocabulary has no unseen words"):
        estimated(text, 2, fallback=FALLBACK, closed=True, vocab_pad=100)

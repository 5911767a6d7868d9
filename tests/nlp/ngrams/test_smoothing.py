"""Models of every smoothing, pruned and not: they sum to 1, and hold what they should."""

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp import ngram
from nlp.errors import DataError
from nlp.ngrams import query
from nlp.ngrams.smoothing import SMOOTHINGS
from nlp.ngrams.tables import NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID, UNK_ID, Vocabulary, encode
from tests.nlp.ngrams import plain_kneser_ney as plain
from tests.nlp.ngrams.texts import chunks, zipfian

FALLBACK = (0.5, 1.0, 1.5)


def spelled(model: NGramModel) -> plain.Estimates:
    """Probability and backoff weight by n-gram, read from the tables."""
    found: plain.Estimates = {}
    names: list[tuple[str, ...]] = [()]
    for level in model.levels:
        prefix, last = np.divmod(level.keys, len(model.vocabulary))
        names = [(*names[i], model.vocabulary.words[j]) for i, j in zip(prefix, last, strict=True)]
        numbers = zip(10**level.log10_prob, 10**level.log10_backoff, strict=True)
        found |= {gram: (float(p), float(b)) for gram, (p, b) in zip(names, numbers, strict=True)}
    return found


def contexts(ids: NDArray[np.int32], size: int, length: int) -> NDArray[np.int64]:
    """Seen and random contexts, padded with -1."""
    rng = np.random.default_rng(1)
    random = rng.integers(2, size, (60, length))
    random[::7, 0] = BOS_ID
    random[random == EOS_ID] = UNK_ID
    random[::5, : length - 1] = -1
    begin = np.full((1, length), -1)
    begin[0, -1] = BOS_ID
    windows = np.lib.stride_tricks.sliding_window_view(ids, length).astype(np.int64)
    seen = windows[~(windows == EOS_ID).any(axis=1)][:200]
    return np.concatenate([random, seen, begin])


@pytest.mark.parametrize("smoothing", [name for name in SMOOTHINGS if name != "stupid-backoff"])
@pytest.mark.parametrize("prune", [(), (0, 1), (0, 0, 2)])
@pytest.mark.parametrize("order", [3, 4])
def test_every_smoothing_sums_to_one(smoothing: str, prune: tuple[int, ...], order: int) -> None:
    ids, vocabulary = encode(chunks(zipfian(2)))
    model = ngram.estimate(
        ids, vocabulary, order=order, smoothing=smoothing, prune=prune, k=0.1, discount_fallback=FALLBACK
    )
    assert model.normalised
    told = query.distribution(model, contexts(ids, len(vocabulary), order - 1))
    assert told.sum(axis=1) == pytest.approx(1, abs=1e-9)


def test_stupid_backoff_says_that_it_does_not_sum_to_one() -> None:
    ids, vocabulary = encode(chunks(zipfian(2)))
    model = ngram.estimate(ids, vocabulary, order=2, smoothing="stupid-backoff", factor=0.3)
    assert (model.smoothing, model.normalised) == ("stupid-backoff", False)
    backoffs = spelled(model)
    assert backoffs["<s>",][1] == pytest.approx(0.3)


@pytest.mark.parametrize("prune", [(1,), (2, 3, 3), (0, 2), (100,)])
def test_pruned_kneser_ney_equals_a_plain_restatement(prune: tuple[int, ...]) -> None:
    text = zipfian(5)
    ids, vocabulary = encode(chunks(text))
    model = ngram.estimate(ids, vocabulary, order=3, prune=prune, discount_fallback=FALLBACK)
    expected = plain.estimate(text, 3, prune=prune, fallback=FALLBACK)
    assert spelled(model) == {gram: pytest.approx(numbers) for gram, numbers in expected.items()}
    assert all(np.all(np.diff(level.keys) > 0) for level in model.levels)
    assert model.levels[0].keys.tolist() == list(range(len(model.vocabulary)))


def test_unknown_words_of_the_text_are_a_word() -> None:
    # A limited vocabulary leaves <unk> in the text: it is counted as any word is.
    ids = np.array([BOS_ID, 3, UNK_ID, EOS_ID, BOS_ID, 3, EOS_ID], np.int32)
    vocabulary = Vocabulary(["<unk>", "<s>", "</s>", "a"])
    model = ngram.estimate(ids, vocabulary, order=2, discount_fallback=FALLBACK)
    # Adjusted counts: a 1, <unk> 1, </s> 2 (after <unk> and a); gamma = 2 / 4.
    assert spelled(model)["<unk>",][0] == pytest.approx((1 - 0.5) / 4 + 0.5 / 3)
    assert query.distribution(model, np.array([[3], [UNK_ID]])).sum(axis=1) == pytest.approx(1, abs=1e-9)
    with pytest.raises(DataError, match="closed vocabulary"):
        ngram.estimate(ids, vocabulary, order=2, discount_fallback=FALLBACK, closed=True)


@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "witten-bell", "add-k"])
def test_a_closed_vocabulary_leaves_nothing_to_unknown_words(smoothing: str) -> None:
    ids, vocabulary = encode(chunks(zipfian(3)))
    model = ngram.estimate(ids, vocabulary, order=2, smoothing=smoothing, closed=True, discount_fallback=FALLBACK)
    assert model.levels[0].log10_prob[UNK_ID] == -np.inf
    assert query.distribution(model, contexts(ids, len(vocabulary), 1)).sum(axis=1) == pytest.approx(1, abs=1e-9)


def test_the_begin_of_a_sentence_is_written_as_kenlm_does() -> None:
    ids, vocabulary = encode(chunks(zipfian(3)))
    for smoothing in SMOOTHINGS:
        model = ngram.estimate(ids, vocabulary, order=2, smoothing=smoothing, discount_fallback=FALLBACK)
        assert model.levels[0].log10_prob[BOS_ID] == 0
        assert not model.levels[-1].log10_backoff.any()


def test_bad_input_options_that_do_not_exist_together() -> None:
    ids, vocabulary = encode(["a b\n"])
    with pytest.raises(
        ValueError, match="smoothing none; expected one of modified-kneser-ney, kneser-ney, witten-bell"
    ):
        ngram.estimate(ids, vocabulary, order=2, smoothing="none")
    with pytest.raises(ValueError, match="for katz limit the vocabulary, or prune from order 2 on"):
        ngram.estimate(ids, vocabulary, order=2, smoothing="katz", prune=(1,))

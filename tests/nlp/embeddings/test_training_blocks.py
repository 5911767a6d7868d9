"""What is drawn, against the formulas of word2vec.c and, for negatives, a chi-square test."""

import numpy as np
import pytest
import scipy.stats

from nlp.embeddings import training_blocks
from nlp.embeddings.encoding import Encoded
from nlp.embeddings.training_blocks import CENTRES, Blocks, Drawer


def _drawer(lengths: list[int], *, words: int = 50, sample: float = 0.0, window: int = 4, seed: int = 3) -> Drawer:
    """A corpus of sentences of these lengths, its words drawn with falling frequency."""
    generator = np.random.default_rng(0)
    ids = np.minimum(generator.geometric(0.1, sum(lengths)) - 1, words - 1).astype(np.int32)
    starts = np.cumsum([0, *lengths[:-1]]).astype(np.int64)
    counts = np.maximum(np.bincount(ids, minlength=words), 1)
    encoded = Encoded(words=[f"w{n}" for n in range(words)], counts=counts, ids=ids, starts=starts, raw_words=len(ids))
    keep, noise = training_blocks.keep_probability(counts, sample), training_blocks.noise_probability(counts)
    return Drawer(encoded=encoded, keep=keep, noise=noise, window=window, seed=seed)


def _flat(part: Blocks) -> list[tuple[int, int, int, tuple[int, ...]]]:
    """(centre, left, right, tokens around it) of every centre of every block that has a window."""
    window = (part.tokens.shape[-1] - CENTRES) // 2
    found = []
    for tokens, left, right in zip(*(each.reshape(-1, each.shape[-1]) for each in part[:3]), strict=True):
        for i in range(CENTRES):
            around = tuple(tokens[window + i - left[i] : window + i + right[i] + 1].tolist())
            if left[i] + right[i]:
                found.append((int(tokens[window + i]), int(left[i]), int(right[i]), around))
    return found


def test_keep_probability_by_hand() -> None:
    # t = 1e-3, f = 0.9, 0.099, 0.001: sqrt(t/f) + t/f.
    kept = training_blocks.keep_probability(np.array([900, 99, 1]), 1e-3)
    np.testing.assert_allclose(kept, [0.0344444, 0.1106049, 1.0], rtol=1e-5)
    assert training_blocks.keep_probability(np.array([900, 99, 1]), 0.0).tolist() == [1, 1, 1]


def test_noise_probability_by_hand() -> None:
    np.testing.assert_allclose(training_blocks.noise_probability(np.array([16, 1])), [8 / 9, 1 / 9])


def test_subsampling_keeps_the_stated_share_of_each_word() -> None:
    drawer = _drawer([40] * 2000, sample=1e-2)
    centres = np.bincount([word for word, *_ in _flat(next(drawer.parts(0))[2])], minlength=50)[:10]
    counts, keep = drawer.encoded.counts[:10], drawer.keep[:10]
    deviation = (centres - counts * keep) / np.sqrt(counts * keep * (1 - keep))
    assert np.abs(deviation).max() < 4


def test_windows_are_uniform() -> None:
    reach = np.bincount(
        [max(left, right) for _, left, right, _ in _flat(next(_drawer([20_000]).parts(0))[2])], minlength=6
    )
    assert reach[0] == reach[5] == 0
    assert scipy.stats.chisquare(reach[1:5]).pvalue > 1e-4


def test_windows_stay_in_the_sentence() -> None:
    drawer = _drawer([30, 1, 2, 60] * 100, words=1000)
    part = next(drawer.parts(0))[2]
    words = drawer.encoded.ids
    ends = np.append(drawer.encoded.starts[1:], len(words))
    sentences = {
        tuple(words[i - left : i + right + 1].tolist())
        for start, end in zip(drawer.encoded.starts, ends, strict=True)
        for i in range(start, end)
        for reach in range(1, 5)
        for left, right in [(min(reach, i - start), min(reach, end - 1 - i))]
    }
    assert {around for *_, around in _flat(part)} <= sentences


def test_every_word_is_a_centre_once_whatever_the_blocks() -> None:
    drawer = _drawer([7] * 500)
    assert sorted(word for word, *_ in _flat(next(drawer.parts(0))[2])) == sorted(drawer.encoded.ids.tolist())


def test_negatives_follow_the_noise_distribution() -> None:
    drawer = _drawer([40] * 2000)
    drawn = np.bincount(next(drawer.parts(0))[2].drawn.ravel(), minlength=50)
    assert scipy.stats.chisquare(drawn, drawer.noise * drawn.sum()).pvalue > 1e-4
    # In random order: the first half holds each word about as often as the second.
    halves = np.split(next(drawer.parts(0))[2].drawn.ravel(), 2)
    table = [np.bincount(half, minlength=50) for half in halves]
    assert scipy.stats.chi2_contingency(table).pvalue > 1e-4


@pytest.mark.parametrize("other", [(1, 3), (0, 4)])
def test_draws_are_a_function_of_seed_and_epoch(other: tuple[int, int]) -> None:
    lengths = [30] * 200
    first = next(_drawer(lengths, seed=3).parts(0))[2]
    for mine, again in zip(first, next(_drawer(lengths, seed=3).parts(0))[2], strict=True):
        np.testing.assert_array_equal(mine, again)
    epoch, seed = other
    assert not np.array_equal(first.tokens, next(_drawer(lengths, seed=seed).parts(epoch))[2].tokens)


def test_parts_cover_the_text_and_cut_sentences_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_blocks, "PART", 100)
    drawer = _drawer([250])
    parts = list(drawer.parts(0))
    assert [(first, last) for first, last, _ in parts] == [(0, 100), (100, 200), (200, 250)]
    assert sum(len(_flat(part)) for _, _, part in parts) == 250

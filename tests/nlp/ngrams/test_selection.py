"""What stays of a model after n-grams are dropped."""

import numpy as np
import pytest

from nlp.ngrams import selection
from nlp.ngrams.smoothings import witten_bell
from nlp.ngrams.tables import NGramModel
from tests.nlp.ngrams import plain


def trigrams() -> NGramModel:
    counts = plain.counted(plain.random_text(8), order=3)
    return plain.model(counts, witten_bell.estimate(counts))


def test_chosen_ngrams_and_their_beginnings_stay_as_they_were() -> None:
    model = trigrams()
    rng = np.random.default_rng(0)
    keep = [rng.random(len(level.keys)) < 0.2 for level in model.levels]
    whole, part = plain.Plain(model), plain.Plain(selection.select(model, keep))
    chosen = {gram for gram, kept in zip(whole.prob, np.concatenate(keep), strict=True) if kept}
    expected = chosen | {gram[:-1] for gram in chosen if len(gram) == 3} | {(word,) for word in range(16)}
    assert part.prob == {gram: prob for gram, prob in whole.prob.items() if gram in expected}
    assert part.backoff == {gram: backoff for gram, backoff in whole.backoff.items() if gram in expected}
    assert len(expected) < len(whole.prob)


def test_keys_rise_and_masks_are_not_changed() -> None:
    model = trigrams()
    keep = [np.arange(len(level.keys)) % 3 == 0 for level in model.levels]
    before = [mask.copy() for mask in keep]
    part = selection.select(model, keep)
    assert all(np.all(np.diff(level.keys) > 0) for level in part.levels)
    assert all(np.array_equal(mask, same) for mask, same in zip(keep, before, strict=True))


def test_empty_levels_go_but_never_the_words() -> None:
    model = trigrams()
    part = selection.select(model, [np.zeros(len(level.keys), bool) for level in model.levels])
    assert part.order == 1
    assert len(part.levels[0].keys) == 16
    assert np.all(part.levels[0].log10_backoff == 0)


def test_bad_input_masks_of_other_sizes_are_refused() -> None:
    model = trigrams()
    with pytest.raises(ValueError, match=r"masks are of \[16\] n-grams by order; expected \[16, "):
        selection.select(model, [np.ones(16, bool)])

"""Counts of contexts against dictionaries; backoff weights against hand-worked numbers."""

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams.smoothings import contexts
from tests.nlp.ngrams import plain


def test_totals_and_followers_equal_dictionaries() -> None:
    text = plain.random_text(2)
    counts, after = plain.counted(text, order=3), plain.followers(text, 2)
    assert contexts.totals(counts, 1).tolist() == [sum(len(words) + 1 for words in text)]
    assert contexts.followers(counts, 1).tolist() == [len(after[()])]
    for word in range(16):
        found = after[(word,)]
        assert contexts.totals(counts, 2)[word] == sum(found.values())
        assert contexts.followers(counts, 2)[word] == len(found)


def test_what_can_follow() -> None:
    counts = plain.counted([[3, 5]], order=1, vocabulary_size=6)
    assert contexts.can_follow(counts, closed=False).tolist() == [True, False, True, True, True, True]
    assert contexts.can_follow(counts, closed=True).tolist() == [False, False, True, True, True, True]


def test_a_closed_vocabulary_refuses_unknown_words() -> None:
    with pytest.raises(DataError, match=r"holds 2 words outside the vocabulary .* use an open vocabulary"):
        contexts.can_follow(plain.counted([[3, 0], [0]], order=1), closed=True)


def test_leave_room_gives_the_rest_to_unseen_words() -> None:
    # Two contexts: the first leaves 0.4 where the shorter one leaves 0.8; nothing follows the second.
    prob, backoff = contexts.leave_room(np.array([0.5, 0.1]), np.array([0.15, 0.05]), prefix=np.array([0, 0]), size=2)
    np.testing.assert_allclose(prob, [0.5, 0.1])
    np.testing.assert_allclose(backoff, [0.5, 1])


def test_leave_room_scales_where_no_word_is_unseen() -> None:
    prob, backoff = contexts.leave_room(
        np.array([0.6, 0.2, 0.3]), np.array([0.5, 0.5, 0.2]), prefix=np.array([0, 0, 1]), size=2
    )
    np.testing.assert_allclose(prob, [0.75, 0.25, 0.3])
    np.testing.assert_allclose(backoff, [1, 0.7 / 0.8])

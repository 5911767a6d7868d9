"""nlp.ngrams.coverage against sets of tuples, counted in plain Python."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp.ngrams import coverage
from nlp.ngrams.counts import NGramCounts
from nlp.ngrams.coverage import Coverage
from nlp.vocabulary import BOS_ID, EOS_ID

Grams = Counter[tuple[int, ...]]


def _flat(sentences: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.array([word for sentence in sentences for word in (BOS_ID, *sentence, EOS_ID)], np.int32)


def _grams(sentences: Sequence[Sequence[int]], order: int) -> Grams:
    padded = [(BOS_ID, *sentence, EOS_ID) for sentence in sentences]
    return Counter(tuple(s[i : i + order]) for s in padded for i in range(len(s) - order + 1))


def _counts(sentences: Sequence[Sequence[int]], *, size: int, order: int) -> NGramCounts:
    """The tables as their docstring says, built from sorted tuples."""
    keys, raw = [], []
    rows: list[tuple[int, ...]] = [()]
    for n in range(1, order + 1):
        grams = _grams(sentences, n)
        wanted = (
            [(word,) for word in range(size)] if n == 1 else sorted(grams, key=lambda g: (rows.index(g[:-1]), g[-1]))
        )
        keys.append(np.array([rows.index(gram[:-1]) * size + gram[-1] for gram in wanted], np.int64))
        raw.append(np.array([grams[gram] for gram in wanted], np.int64))
        rows = list(wanted)
    nothing = tuple(np.zeros(len(key), np.int32) for key in keys)
    return NGramCounts(
        vocabulary_size=size,
        keys=tuple(keys),
        raw=tuple(raw),
        adjusted=tuple(raw),
        suffix=nothing,
        begins=tuple(array.astype(bool) for array in nothing),
    )


def _plain(train: Sequence[Sequence[int]], test: Sequence[Sequence[int]], *, size: int, order: int) -> Coverage:
    seen, new = _grams(train, order), _grams(test, order)
    if order == 1:
        del seen[BOS_ID,], new[BOS_ID,]
    return Coverage(
        order=order,
        distinct=len(seen),
        once=sum(number == 1 for number in seen.values()),
        possible=float(size**order),
        held_out=new.total(),
        unseen=sum(number for gram, number in new.items() if gram not in seen) / new.total(),
        unseen_distinct=len(set(new) - set(seen)) / len(new),
    )


def test_a_text_that_can_be_counted_by_hand() -> None:
    # "a b", "a" against "a c": c = 5 never occurs, of its bigrams only `<s> a` does.
    one, two, three = coverage.by_order(_counts([[3, 4], [3]], size=6, order=3), _flat([[3, 5]]))
    assert one == Coverage(order=1, distinct=3, once=1, possible=6.0, held_out=3, unseen=1 / 3, unseen_distinct=1 / 3)
    assert (two.distinct, two.once, two.possible, two.held_out) == (4, 3, 36.0, 3)
    assert two.unseen == pytest.approx(2 / 3)
    assert (three.distinct, three.held_out, three.unseen) == (3, 2, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_random_texts_against_sets_of_tuples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draw = [[int(word) for word in rng.integers(3, 9, rng.integers(0, 8))] for _ in range(60)]
    train = [[word for word in sentence if word != 8] for sentence in draw[:30]]
    # A word outside the vocabulary is `<unk>`, which the training text does not hold.
    test = [[0 if word == 8 else word for word in sentence] for sentence in draw[30:]]
    found = coverage.by_order(_counts(train, size=8, order=4), _flat(test))
    assert found == [_plain(train, test, size=8, order=order) for order in range(1, 5)]
    assert 0 < found[0].unseen < found[3].unseen


def test_what_was_seen_is_not_new() -> None:
    text = [[3, 4, 5], [5, 4], []]
    rows = coverage.by_order(_counts(text, size=6, order=3), _flat(text))
    assert [row.unseen for row in rows] == [0, 0, 0]
    assert [row.unseen_distinct for row in rows] == [0, 0, 0]


def test_no_held_out_ngram_gives_nan() -> None:
    counts = _counts([[3, 3]], size=4, order=3)
    assert all(math.isnan(row.unseen) for row in coverage.by_order(counts, np.zeros(0, np.int32)))
    bigram, trigram = coverage.by_order(counts, _flat([[]]))[1:]
    assert (bigram.unseen, trigram.held_out) == (1.0, 0)
    assert math.isnan(trigram.unseen_distinct)


def test_ids_of_another_vocabulary_are_refused() -> None:
    counts = _counts([[3]], size=4, order=2)
    with pytest.raises(
        ValueError, match="found ids 1 to 9 in the held-out text; expected 0 to 3: encode it with the voc"
    ):
        coverage.by_order(counts, _flat([[9]]))
    with pytest.raises(ValueError, match="found id 3 first in the held-out text; expected 1, the begin of a sentence"):
        coverage.by_order(counts, np.array([3, 2], np.int32))

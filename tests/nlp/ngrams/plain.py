"""Plain dictionaries to compare the tables with: counts by words, and the backoff rule word by word."""

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import counts
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID, UNK_ID, Vocabulary

Gram = tuple[int, ...]
Text = list[list[int]]
Followers = defaultdict[Gram, Counter[int]]
Pairs = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


def random_text(seed: int, *, many: int = 60, longest: int = 9, words: int = 12) -> Text:
    """Sentences of 0 to `longest` words, some words much more frequent than others; words are 3 to `words` + 2, of which the last occur
    rarely or never.
    """
    rng = np.random.default_rng(seed)
    return [[3 + int(words * u**3) for u in rng.random(length)] for length in rng.integers(0, longest + 1, many)]


def with_unknown(text: Text) -> Text:
    """The same with `<unk>` for word 4, as a limited vocabulary reads it."""
    return [[UNK_ID if word == 4 else word for word in sentence] for sentence in text]


def counted(text: Text, *, order: int, vocabulary_size: int = 16) -> counts.NGramCounts:
    ids = np.array([i for words in text for i in (BOS_ID, *words, EOS_ID)], np.int32)
    return counts.count(ids, vocabulary_size=vocabulary_size, order=order)


def tally(text: Text, order: int) -> Counter[Gram]:
    """How often each n-gram of an order occurs; `<s>` alone left out, as nothing predicts it."""
    padded = [(BOS_ID, *words, EOS_ID) for words in text]
    found = Counter(words[i : i + order] for words in padded for i in range(len(words) - order + 1))
    del found[(BOS_ID,)]
    return found


def followers(text: Text, order: int) -> Followers:
    """How often each word follows each context of up to order - 1 words; an unseen context has none."""
    found: Followers = defaultdict(Counter)
    for n in range(1, order + 1):
        for gram, times in tally(text, n).items():
            found[gram[:-1]][gram[-1]] = times
    return found


def vocabulary(size: int = 16) -> Vocabulary:
    return Vocabulary(["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(3, size))])


def model(counted: counts.NGramCounts, pairs: Pairs, *, smoothing: str = "witten-bell") -> NGramModel:
    with np.errstate(divide="ignore"):
        levels = tuple(
            Level(keys=keys, log10_prob=np.log10(prob), log10_backoff=np.log10(backoff))
            for keys, (prob, backoff) in zip(counted.keys, pairs, strict=True)
        )
    return NGramModel(vocabulary=vocabulary(counted.vocabulary_size), levels=levels, smoothing=smoothing)


class Plain:
    """A model as two dictionaries by words."""

    def __init__(self, model: NGramModel) -> None:
        self.prob: dict[Gram, float] = {}
        self.backoff: dict[Gram, float] = {}
        self.size = len(model.vocabulary)
        shorter: list[Gram] = [()]
        for level in model.levels:
            grams = [(*shorter[int(key) // self.size], int(key) % self.size) for key in level.keys]
            self.prob.update(zip(grams, (10**level.log10_prob).tolist(), strict=True))
            self.backoff.update(zip(grams, (10**level.log10_backoff).tolist(), strict=True))
            shorter = grams

    def probability(self, context: Gram, word: int) -> float:
        if (*context, word) in self.prob:
            return self.prob[(*context, word)]
        return self.backoff.get(context, 1.0) * self.probability(context[1:], word)

    def sum(self, context: Gram) -> float:
        return math.fsum(self.probability(context, word) for word in range(self.size) if word != BOS_ID)


def contexts(order: int, *, size: int = 16, seed: int = 0, many: int = 60) -> list[Gram]:
    """Contexts of all lengths up to order - 1, of random words, many never seen, in the middle or at the beginning of a sentence."""
    rng = np.random.default_rng(seed)
    words = [UNK_ID, *range(3, size)]
    return [
        (*begin, *(int(word) for word in rng.choice(words, length)))
        for length, begin, _ in itertools.product(range(order), [(), (BOS_ID,)], range(many // order))
        if length + len(begin) < order
    ]


def seen_contexts(text: Text, order: int) -> list[Gram]:
    """All contexts of the text of up to order - 1 words."""
    return [(), *sorted({gram[:-1] for n in range(2, order + 1) for gram in tally(text, n)})]


def off_one(model: NGramModel, text: Text) -> float:
    """The greatest distance from 1 that the probabilities after any seen, unseen or partly seen context sum to."""
    plain = Plain(model)
    tried = [*contexts(model.order, size=len(model.vocabulary)), *seen_contexts(text, model.order)]
    return max(abs(plain.sum(context) - 1) for context in tried)


SMALL_TEXTS: dict[str, Text] = {
    "usual": random_text(0),
    "one sentence": [[3, 4, 3, 5, 6, 7]],
    "one word": [[3]],
    "empty sentences": [[], [3, 4, 5, 6], []],
    "every word after every word": [[a, b, c] for a in range(3, 7) for b in range(3, 7) for c in range(3, 7)],
    "much of the same": [[3, 4, 5, 6, 7, 8]] * 40 + [[3, 4, 5, 6]] * 3 + [[5, 6, 5, 6, 9]],
    "with unknown words": with_unknown(random_text(1)),
}
"""Texts of words 3 to 15; every order up to the longest sentence + 2 can be counted."""


def cases(orders: tuple[int, ...] = (1, 2, 3, 4, 5)) -> list[tuple[str, int]]:
    """Names of the small texts with the orders that they are long enough for."""
    longest = {name: max(map(len, text)) + 2 for name, text in SMALL_TEXTS.items()}
    return [(name, order) for name in SMALL_TEXTS for order in orders if order <= longest[name]]

"""Random texts for the tests of n-grams."""

import numpy as np
from numpy.typing import NDArray

from nlp.vocabulary import BOS_ID, EOS_ID


def sentences(seed: int, *, many: int, longest: int, words: int) -> list[list[int]]:
    """Random sentences of 0 to `longest` words, some words much more frequent than others; words are 3 to `words` + 2."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, longest + 1, many)
    return [[3 + int(words * u**3) for u in rng.random(length)] for length in lengths]


def flat(text: list[list[int]]) -> NDArray[np.int32]:
    """As `counts.count` takes them."""
    return np.array([i for words in text for i in (BOS_ID, *words, EOS_ID)], np.int32)


def zipfian(seed: int, *, sentences: int = 60) -> list[list[str]]:
    """Sentences of 0 to 11 words, frequent ones and rare ones."""
    rng = np.random.default_rng(seed)
    return [
        [f"w{number}" for number in rng.zipf(1.5, length) if number < 30] for length in rng.integers(0, 12, sentences)
    ]


def chunks(text: list[list[str]]) -> list[str]:
    """As `vocabulary.encode` takes them."""
    return [" ".join(words) + "\n" for words in text]

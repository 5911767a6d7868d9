"""Sentences drawn from an n-gram model, all of them word by word at once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams import query
from nlp.ngrams.tables import NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID, UNK_ID

_MEMORY = 1 << 23
"""Bytes of one array of probabilities: what a processor's cache holds."""


def sample(
    model: NGramModel,
    *,
    count: int,
    longest: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
    start: Sequence[str] = (),
) -> list[list[str]]:
    """Draw `count` sentences of at most `longest` words; each begins with the words `start`, which count.

    temperature: p becomes proportional to p^(1/temperature): below 1 likelier words become likelier still, 0 takes the likeliest.
    top_k: only the so many likeliest words. top_p: only the fewest likeliest words that have at least this share of the probability.
    Equally likely words are taken in the order of their ids. `<unk>` and `<s>` are never drawn. Equal seeds give equal sentences.
    Raises DataError for a word of `start` outside the vocabulary, ValueError for options out of range.
    """
    _check(count=count, longest=longest, temperature=temperature, top_k=top_k, top_p=top_p)
    begin = [_id(model, word) for word in start]
    if temperature == 0:
        temperature, top_k = 1.0, 1
    context = np.array([[BOS_ID, *begin]])
    sentences = [list(start) for _ in range(count)]
    open_ones = np.arange(count)
    state = query.after(model, np.repeat(context, count, axis=0))
    generator = np.random.default_rng(seed)
    for _ in range(longest - len(begin)):
        if not len(open_ones):
            break
        points = generator.random(count)[open_ones]
        words = np.concatenate(
            [_draw(_kept(part, temperature, top_k, top_p), points[rows]) for rows, part in _distributions(model, state)]
        )
        going = words != EOS_ID
        open_ones, words = open_ones[going], words[going]
        for sentence, word in zip(open_ones.tolist(), words.tolist(), strict=True):
            sentences[sentence].append(model.vocabulary.words[word])
        _, state = query.advance(model, tuple(places[going] for places in state), words)
    return sentences


def _check(*, count: int, longest: int, temperature: float, top_k: int | None, top_p: float) -> None:
    if count < 0 or longest < 1:
        raise ValueError(f"count is {count}, longest {longest}; expected 0 or more sentences of 1 or more words")
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature is {temperature}; expected 0 (the likeliest word) or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; expected 1 or more, or none for all words")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; expected more than 0 and at most 1")


def _id(model: NGramModel, word: str) -> int:
    number = model.vocabulary.index.get(word, UNK_ID)
    if number <= EOS_ID:
        raise DataError(f"cannot begin with {word!r}: the model does not know it; begin with words of its vocabulary")
    return number


def _distributions(model: NGramModel, state: query.State) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the probabilities of the next words, some rows at a time."""
    rows = max(1, _MEMORY // (8 * len(model.vocabulary)))
    for start in range(0, len(state[0]), rows):
        part = slice(start, start + rows)
        yield part, query.next_words(model, tuple(places[part] for places in state))


def _kept(
    probabilities: NDArray[np.float64], temperature: float, top_k: int | None, top_p: float
) -> NDArray[np.float64]:
    """Return the weights (b, V) of the words that may be drawn."""
    weights = probabilities
    weights[:, [UNK_ID, BOS_ID]] = 0.0
    if temperature != 1:
        largest = np.maximum(weights.max(axis=1, keepdims=True), np.finfo(float).tiny)
        weights = (weights / largest) ** (1 / temperature)
    if top_k is None and top_p == 1:
        return weights
    falling = -np.sort(-weights, axis=1)
    keep = np.full(len(weights), weights.shape[1] if top_k is None else min(top_k, weights.shape[1]))
    if top_p < 1:
        sums = np.cumsum(falling, axis=1)
        keep = np.minimum(keep, np.sum(sums < top_p * sums[:, -1:], axis=1) + 1)
    lowest = falling[np.arange(len(weights)), keep - 1][:, None]
    above, level = weights > lowest, weights == lowest
    room = keep[:, None] - above.sum(axis=1, keepdims=True)
    return np.where(above | (level & (np.cumsum(level, axis=1) <= room)), weights, 0.0)


def _draw(weights: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the word at each point, 0 to below 1, of the weights laid end to end; the sentence's end where nothing can follow."""
    sums = np.cumsum(weights, axis=1)
    totals = sums[:, -1]
    # Rounding must not reach the end: no word is there.
    targets = np.minimum(points * totals, np.nextafter(totals, 0))
    words = np.array(
        [np.searchsorted(row, target, side="right") for row, target in zip(sums, targets, strict=True)], np.int64
    )
    return np.where(totals > 0, words, EOS_ID)

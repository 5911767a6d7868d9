"""Questions to an n-gram model: log-probability of every token, perplexity, all next words of a context.

    log10 p(w | h) = log10 p of the longest n-gram `h' w` in the tables + backoffs of the longer contexts in them

Everything is a lookup of many keys at once: they are sorted (NumPy sorts 64-bit integers with vector instructions), so that the search
walks the table from one end to the other instead of jumping about in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS_ID, EOS_ID, UNK_ID

CHUNK = 1 << 21
"""Tokens scored at once: about 200 MB of temporary arrays."""

Indices = NDArray[np.int64]
State = tuple[Indices, ...]
"""What a model knows of the words so far, for each text of a batch: element n-1 holds, (b,), the index of the last n words in the tables,
-1 where they are absent; there are order - 1 elements, at least one."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of the t tokens of a text, in their order: words and ends of sentences; `<s>` is not a token."""

    log10: NDArray[np.float64]
    """(t,), at most 0; -inf for a probability of 0."""
    unknown: NDArray[np.bool_]
    """(t,), whether the token is outside the vocabulary."""
    order: NDArray[np.int8]
    """(t,), words of the longest n-gram found, 1 or more."""
    sentences: int
    """Ends of sentences among the tokens."""


@dataclass(frozen=True, kw_only=True)
class Perplexity:
    """10 to the power of minus the mean of log10 p over tokens (1 or more, or inf; nan of no token at all)."""

    including: float
    """Of all tokens: KenLM's `Perplexity including OOVs`."""
    excluding: float
    """Without the tokens outside the vocabulary, which remain as context of others: KenLM's `Perplexity excluding OOVs`."""
    tokens: int
    """Words and ends of sentences."""
    oov: int
    """Tokens outside the vocabulary."""
    sentences: int


def score(model: NGramModel, ids: NDArray[np.integer], *, chunk: int = CHUNK) -> Scores:
    """Score a flat text, `<s> w ... w </s> <s> ...` (ids, of any integer type, 0 for an unknown word).

    Without `<s>` and `</s>` the words are scored as a part of a sentence: nothing is known before the first.
    """
    flat = np.asarray(ids)
    log10, order = np.empty(len(flat)), np.empty(len(flat), np.int8)
    overlap = model.order - 1
    for start in range(0, len(flat), chunk):
        begin = max(0, start - overlap)
        found = _score(model, flat[begin : start + chunk].astype(np.int64))
        log10[start : start + chunk], order[start : start + chunk] = (values[start - begin :] for values in found)
    counted = flat != BOS_ID
    tokens = flat[counted]
    sentences = int(np.count_nonzero(tokens == EOS_ID))
    return Scores(log10=log10[counted], unknown=tokens == UNK_ID, order=order[counted], sentences=sentences)


def perplexity(scores: Scores) -> Perplexity:
    """Compute the perplexity of a scored text, with and without the words outside the vocabulary."""
    return Perplexity(
        including=_perplexity(scores.log10),
        excluding=_perplexity(scores.log10[~scores.unknown]),
        tokens=len(scores.log10),
        oov=int(np.count_nonzero(scores.unknown)),
        sentences=scores.sentences,
    )


def start(model: NGramModel, batch: int = 1) -> State:
    """Return the state at the beginning of a sentence, for `batch` texts."""
    return after(model, np.full((batch, 1), BOS_ID))


def after(model: NGramModel, contexts: NDArray[np.integer]) -> State:
    """Return the state after the words `contexts` (b, t), padded with -1 on the left; nothing is known before them."""
    batch, length = contexts.shape
    state: State = (np.full(batch, -1, np.int64),) * max(1, model.order - 1)
    for place in range(max(0, length - len(state)), length):
        state = _matches(model, state, contexts[:, place].astype(np.int64))[: len(state)]
    return state


def advance(model: NGramModel, state: State, words: NDArray[np.integer]) -> tuple[NDArray[np.float64], State]:
    """Return log10 p of the next words (b,) and the state after them."""
    found = _matches(model, state, words.astype(np.int64))
    return _log10(model, state, found)[0], found[: len(state)]


def distribution(model: NGramModel, contexts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the probabilities (b, V) of all words after `contexts` (b, t), padded with -1 on the left; 0 for `<s>`."""
    return next_words(model, after(model, contexts))


def next_words(model: NGramModel, state: State) -> NDArray[np.float64]:
    """Return the probabilities (b, V) of all words in this state; 0 for `<s>`, which never follows."""
    rest = _backoffs(model, state)
    probabilities = np.power(10.0, rest[0])[:, None] * np.power(10.0, model.levels[0].log10_prob)
    for level, context, backoffs in zip(model.levels[1:], state, rest[1:], strict=False):
        rows, words, members = _followers(level, context, len(model.vocabulary))
        probabilities[rows, words] = np.power(10.0, level.log10_prob[members] + backoffs[rows])
    probabilities[:, BOS_ID] = 0.0
    return probabilities


def next_log10(model: NGramModel, state: State) -> NDArray[np.float64]:
    """Return log10 p (b, V) of all words in this state; -inf for `<s>`, which never follows."""
    rest = _backoffs(model, state)
    log10 = model.levels[0].log10_prob + rest[0][:, None]
    for level, context, backoffs in zip(model.levels[1:], state, rest[1:], strict=False):
        rows, words, members = _followers(level, context, len(model.vocabulary))
        log10[rows, words] = level.log10_prob[members] + backoffs[rows]
    log10[:, BOS_ID] = -np.inf
    return log10


def next_count(model: NGramModel, k: int) -> int:
    """Return how many next words an answer lists: `k`, or all but `<unk>` and `<s>` where they are fewer."""
    return min(k, len(model.vocabulary) - 2)


def sums_to_one(model: NGramModel, *, contexts: int = 20) -> bool:
    """Whether the probabilities of all words sum to 1, within the rounding of a file, without a context and after some of each length.

    contexts: at most so many, evenly from the tables.
    """
    sums = [next_words(model, after(model, np.full((1, 1), -1))).sum(axis=1)]
    for order in range(2, model.order + 1):
        some = _contexts(model, order, max(1, contexts // (model.order - 1)))
        sums.append(next_words(model, after(model, some)).sum(axis=1))
    return bool(np.all(np.abs(np.concatenate(sums) - 1) < 1e-3))


def find(keys: Indices, wanted: Indices) -> Indices:
    """Find the place of each wanted key in the rising `keys`, -1 where it is absent (negative ones always are)."""
    if len(wanted) < 64 or not len(keys):
        places = np.searchsorted(keys, wanted)
        present = places < len(keys)
        present[present] = keys[places[present]] == wanted[present]
        return np.where(present, places, -1)
    bits = (len(wanted) - 1).bit_length()
    room = 62 - int(keys[-1]).bit_length()
    if bits > room:  # The key and its position share 63 bits; a huge model leaves the position fewer.
        half = len(wanted) // 2
        return np.concatenate([find(keys, wanted[:half]), find(keys, wanted[half:])])
    packed = np.clip(wanted, -1, keys[-1] + 1) << bits | np.arange(len(wanted))
    packed.sort()
    values = packed >> bits
    first = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    places = np.searchsorted(keys, values[first])
    np.minimum(places, len(keys) - 1, out=places)
    places[keys[places] != values[first]] = -1
    result = np.empty(len(wanted), np.int64)
    result[packed & ((1 << bits) - 1)] = np.repeat(places, np.diff(first, append=len(values)))
    return result


def _contexts(model: NGramModel, order: int, most: int) -> Indices:
    """Pick contexts (b, order-1), b at most `most`, of n-grams of this order, evenly from its table."""
    keys = model.levels[order - 1].keys
    picked = keys[np.linspace(0, len(keys) - 1, min(most, len(keys))).astype(np.int64)]
    places = np.unique(picked // len(model.vocabulary))
    words: list[Indices] = []
    for level in model.levels[order - 2 :: -1]:
        places, last = np.divmod(level.keys[places], len(model.vocabulary))
        words.append(last)
    return np.stack(words[::-1], axis=1)


def _backoffs(model: NGramModel, state: State) -> list[NDArray[np.float64]]:
    """Sum for each order, (b,), what is added to log10 p of its n-grams: the backoffs of all longer contexts."""
    rest = [np.zeros(len(state[0]))]
    for level, context in reversed(list(zip(model.levels[:-1], state, strict=False))):
        known = context >= 0
        more = rest[-1].copy()
        more[known] += level.log10_backoff[context[known]]
        rest.append(more)
    return rest[::-1]


def _followers(level: Level, context: Indices, size: int) -> tuple[Indices, Indices, Indices]:
    """Find all n-grams of a level that begin with the contexts (b,): row of the context, last word, index in the level."""
    rows = np.flatnonzero(context >= 0)
    begin, end = np.searchsorted(level.keys, [context[rows] * size, (context[rows] + 1) * size])
    counts = end - begin
    # The ranges begin[i] to end[i], one after the other.
    members = np.arange(counts.sum()) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
    return np.repeat(rows, counts), level.keys[members] % size, members


def _matches(model: NGramModel, state: State, words: Indices) -> State:
    """Find in every level the index of the n-gram that ends with `words`, -1 where it is absent."""
    size = len(model.vocabulary)
    found = [words]
    for level, context in zip(model.levels[1:], state, strict=False):
        found.append(find(level.keys, np.where((context >= 0) & (words >= 0), context * size + words, -1)))
    return tuple(found)


def _score(model: NGramModel, words: Indices) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return log10 p and matched order of every word of a flat text; those of `<s>` have no meaning."""
    size, begins = len(model.vocabulary), words == BOS_ID
    found, state = [words], []
    for level in model.levels[1:]:
        context = np.concatenate([[-1], found[-1][:-1]])
        state.append(context)
        # No n-gram ends with <s>, so that none reaches over the end of a sentence either.
        found.append(find(level.keys, np.where((context >= 0) & ~begins, context * size + words, -1)))
    return _log10(model, state, found)


def _log10(
    model: NGramModel, state: Sequence[Indices], found: Sequence[Indices]
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return log10 p and matched order, from the indices of the contexts and of the n-grams."""
    log10 = model.levels[0].log10_prob[found[0]]
    order = np.ones(len(log10), np.int8)
    for number, (level, context, place) in enumerate(zip(model.levels[1:], state, found[1:], strict=False)):
        known = context >= 0
        log10[known] += model.levels[number].log10_backoff[context[known]]
        present = place >= 0
        log10[present] = level.log10_prob[place[present]]
        order[present] = number + 2
    return log10, order


def _perplexity(log10: NDArray[np.float64]) -> float:
    if not len(log10):
        return float("nan")
    exponent = -float(np.mean(log10))
    return 10.0**exponent if exponent < 308 else float("inf")

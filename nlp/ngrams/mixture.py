"""Several n-gram models as one: the weights that suit a text, and the model they make."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams import entropy_pruning, links, query
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import UNK_ID, Vocabulary

ITERATIONS = 10_000
TOLERANCE = 1e-7


def weights(probabilities: NDArray[np.float64], *, unknown: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Find by EM the weights (models,), of sum 1, under which a text that no model was trained on is most probable.

    probabilities: (models, tokens), linear: each model's probability of each token of that text (`</s>` included), read with its own
    vocabulary. unknown: bool of the same shape, where a token is outside a model's vocabulary.

    A model's probability of `<unk>` is that of all words it lacks together, not of this one; so a token that a model lacks counts as
    impossible there while another model has it, and as `<unk>` where all lack it. That is also what `merge` builds.
    Tokens that are impossible to every model are left out.

    Raises DataError when no token is left.
    """
    likely = np.array(probabilities, np.float64)
    if unknown is not None:
        likely[unknown & ~unknown.all(axis=0)] = 0
    likely = likely[:, likely.any(axis=0)]
    if not likely.size:
        raise DataError(
            "No model gives any word of the text a probability, so they cannot be weighted; use a text of their language."
        )
    share = np.full(len(likely), 1 / len(likely))
    for _ in range(ITERATIONS):
        before = share
        share = share * (likely / (share @ likely)).mean(axis=1)
        if np.abs(share - before).max() < TOLERANCE:
            break
    return share / share.sum()


def merge(models: Sequence[NGramModel], weights: Sequence[float] | NDArray[np.float64]) -> NGramModel:
    """Merge several models into one: all their words and n-grams, p(w | h) the weighted sum of the models' probabilities.

    A word outside a model's vocabulary has probability 0 there and is its `<unk>` inside a context. Backoff weights are computed anew, so
    that every context sums to 1. For the n-grams of the tables the mixture is exact; what is backed off to is close to it (static
    interpolation, as SRILM's -mix-lm; Stolcke, 2002). Words are numbered as in the first model, then those new in the second, and so on.

    Raises ValueError when there are not as many weights as models, they are not shares of 1, or a model does not sum to 1.
    """
    shares = np.asarray(weights, np.float64)
    _check(models, shares)
    vocabulary = Vocabulary(list(dict.fromkeys(itertools.chain(*(model.vocabulary.words for model in models)))))
    members = [_Member(model, vocabulary) for model in models]
    orders = range(1, max(model.order for model in models) + 1)
    levels = [_level(members, shares / shares.sum(), order, size=len(vocabulary)) for order in orders]
    return entropy_pruning.renormalise(NGramModel(vocabulary=vocabulary, levels=tuple(levels), smoothing="mixture"))


def _check(models: Sequence[NGramModel], shares: NDArray[np.float64]) -> None:
    if len(shares) != len(models) or not len(models):
        raise ValueError(f"{len(shares)} weights for {len(models)} models; expected one weight per model.")
    if not (np.all(shares >= 0) and abs(shares.sum() - 1) < 1e-6):
        raise ValueError(f"The weights are {shares.tolist()}; expected shares from 0 to 1 whose sum is 1.")
    for model in models:
        if not model.normalised:
            raise ValueError(
                f"The probabilities of {model.smoothing} do not sum to 1, so they cannot be mixed; use another smoothing."
            )


class _Member:
    """A model inside the mixture: its tables, the numbers of its words and n-grams there, and its context after each n-gram there."""

    def __init__(self, model: NGramModel, vocabulary: Vocabulary) -> None:
        self.model = model
        self.walk = links.Walk(len(model.vocabulary))
        for level in model.levels:
            self.walk.add(level.keys, 10**level.log10_prob, 10**level.log10_backoff)
        self.word = np.array([vocabulary.index[word] for word in model.vocabulary.words], np.int64)
        own = np.full(len(vocabulary), -1, np.int64)
        own[self.word] = np.arange(len(self.word))
        self.known = own >= 0
        self.own = np.where(self.known, own, UNK_ID)
        self.number = np.zeros(1, np.int64)
        """Index in the mixture's level of each n-gram of the model's level, the level last taken."""
        self.places = (np.zeros(1, np.int8), np.zeros(1, np.int64))
        """The model's context after each n-gram of the mixture's level last taken."""

    def keys(self, order: int, *, size: int) -> NDArray[np.int64]:
        """Return the model's n-grams of an order, as keys of the mixture."""
        if order > self.model.order:
            return np.zeros(0, np.int64)
        own = self.model.levels[order - 1].keys
        return self.number[own // len(self.word)] * size + self.word[own % len(self.word)]

    def take(self, prefix: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.float64]:
        """Move on by one word to n-grams of the mixture's next level, and return the word's probability there: 0 outside the vocabulary."""
        lengths, indices = self.places
        self.places, prob = self.walk.step((lengths[prefix], indices[prefix]), self.own[words])
        return np.where(self.known[words], prob, 0)


def _level(members: Sequence[_Member], shares: NDArray[np.float64], order: int, *, size: int) -> Level:
    own = [member.keys(order, size=size) for member in members]
    keys = np.sort(np.concatenate(own))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    prob = np.zeros(len(keys))
    for member, part, share in zip(members, own, shares, strict=True):
        member.number = np.searchsorted(keys, part)
        prob += share * member.take(keys // size, keys % size)
    with np.errstate(divide="ignore"):
        return Level(keys=keys, log10_prob=np.log10(np.minimum(prob, 1)), log10_backoff=np.zeros(len(keys)))


def weigh(models: Sequence[NGramModel], chunks: Sequence[str]) -> NDArray[np.float64]:
    """Find the weights under which a text is most probable.

    chunks: normalised text that no model was trained on. Errors as `weights`.
    """
    found = [query.score(model, model.vocabulary.encode(chunks)) for model in models]
    return weights(
        np.power(10.0, [scores.log10 for scores in found]), unknown=np.array([scores.unknown for scores in found])
    )

"""The evidence of an n-gram run: what its report shows, from the counts, the model and its answers to the test text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp import ngram
from nlp.errors import DataError
from nlp.ngram import NGramCounts
from nlp.ngrams import counts, coverage
from nlp.ngrams.coverage import Coverage
from nlp.ngrams.smoothings import kneser_ney
from nlp.vocabulary import BOS_ID, UNK_ID
from pipelines.ngram import training
from pipelines.ngram.config import Config
from pipelines.ngram.evaluation import Evaluated
from pipelines.ngram.pictures import Word
from pipelines.ngram.training import Trained

SAMPLES, TEMPERATURES, LONGEST = 4, (0.7, 1.0), 40
"""Sentences that the model writes at each temperature, and most words of one."""
EXTREMES = 5
"""Sentences shown at either end of perplexity."""
LONGEST_SHOWN = 500
"""Most characters of such a sentence."""
COLOURED, COLOURED_WORDS, LONGEST_COLOURED = 3, (6, 30), 200
"""Sentences shown word by word, how many words they have, and at most where there is none of that length."""


class Part(NamedTuple):
    """Training, validation or test text."""

    name: str
    sentences: int
    words: int
    types: int
    """Distinct words."""
    oov: int
    """Words that are outside the vocabulary, repeated ones counted again."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one run has to show. Every text in it may come from the corpus."""

    scores: Mapping[str, float]
    """As in scores.json; listed."""
    smoothing: str
    parameters: Mapping[str, str | float | Sequence[float]]
    """Of the smoothing, such as the discounts by order."""
    normalised: bool
    """Whether the probabilities after every context sum to 1."""
    vocabulary: int
    """Words that the model can give a probability, `<unk>` and the end of a sentence among them."""
    ngrams: Sequence[int]
    """N-grams in the model, orders 1 to N."""
    parts: Sequence[Part]
    """The last one is the test text, which the scores are about."""
    coverage: Sequence[Coverage]
    perplexity: Sequence[tuple[int, float, float]]
    """(order, including unknown words, which count as `<unk>`, excluding them) on the test text, the orders rising; the last is this
    run's model."""
    matched: Sequence[float]
    """Share of the test tokens by the order of the n-gram that gave their probability; first, as order 0, the unknown words."""
    samples: Sequence[tuple[float, str]]
    """(temperature, sentence) that the model wrote."""
    hardest: Sequence[tuple[str, float]]
    """(test sentence, perplexity), the highest first."""
    easiest: Sequence[tuple[str, float]]
    """The same, the lowest first."""
    coloured: Sequence[Sequence[Word]]
    """A few test sentences, word by word."""
    replaced: int
    """Lines in which bytes that are not UTF-8 were replaced by U+FFFD."""


def gather(config: Config, evaluated: Evaluated) -> Evidence:
    """Collect everything that the report shows."""
    trained, texts = evaluated.trained, evaluated.trained.data
    model, test = trained.model, texts.vocabulary.encode(texts.test_chunks)
    shown = _Sentences(evaluated)
    return Evidence(
        scores=evaluated.scores,
        smoothing=model.smoothing,
        parameters={**_parameters(config), **_discounts(config, trained.counts), **trained.parameters},
        normalised=model.normalised,
        vocabulary=len(model.vocabulary) - 1,
        ngrams=[len(level.keys) for level in model.levels],
        parts=[_part("training", texts.train)] * (trained.counts is not None) + [_part("test", test)],
        coverage=[] if trained.counts is None else coverage.by_order(trained.counts, test),
        perplexity=list(_by_order(config, evaluated)),
        matched=_matched(evaluated),
        samples=list(_samples(config, trained)),
        hardest=shown.extremes(hardest=True),
        easiest=shown.extremes(hardest=False),
        coloured=shown.coloured(seed=config.seed),
        replaced=texts.not_used.replaced,
    )


class _Sentences:
    """The sentences of the test text, each with the model's answers to its tokens."""

    def __init__(self, evaluated: Evaluated) -> None:
        chunks = evaluated.trained.data.test_chunks
        self._lines = [line for chunk in chunks for line in chunk.removesuffix("\n").split("\n")]
        self._tokens = evaluated.tokens
        lengths = np.array([len(_words(line)) + 1 for line in self._lines])
        self._ends = np.cumsum(lengths)
        self._starts = self._ends - lengths
        means = np.add.reduceat(self._tokens.log10, self._starts) / lengths
        with np.errstate(over="ignore"):
            self._perplexity = np.power(10.0, -means)
        self._words = lengths - 1

    def extremes(self, *, hardest: bool) -> list[tuple[str, float]]:
        """Sentences, cut where they are very long, and their perplexity, the most extreme first; impossible ones are not easy."""
        order = np.argsort(-self._perplexity if hardest else self._perplexity, kind="stable")
        if not hardest:
            order = order[np.isfinite(self._perplexity[order])]
        distinct = dict.fromkeys(self._lines[place] for place in order if self._lines[place])
        values = {self._lines[place]: float(self._perplexity[place]) for place in order[::-1]}
        return [(_clipped(line), values[line]) for line in list(distinct)[:EXTREMES]]

    def coloured(self, *, seed: int) -> list[list[Word]]:
        """Some sentences of middling length."""
        least, most = COLOURED_WORDS
        fitting = np.flatnonzero((self._words >= least) & (self._words <= most))
        if not len(fitting):
            fitting = np.flatnonzero((self._words > 0) & (self._words <= LONGEST_COLOURED))
        chosen = np.random.default_rng(seed).permutation(fitting)[:COLOURED]
        return [self._coloured(int(place)) for place in chosen]

    def _coloured(self, place: int) -> list[Word]:
        start, end = self._starts[place], self._ends[place]
        words = [*_words(self._lines[place]), "</s>"]
        order = np.where(self._tokens.unknown[start:end], 0, self._tokens.order[start:end])
        return [
            Word(word, float(log10), int(matched))
            for word, log10, matched in zip(words, self._tokens.log10[start:end], order, strict=True)
        ]


def _clipped(line: str) -> str:
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]} …"


def _words(line: str) -> list[str]:
    return line.split(" ") if line else []


def _part(name: str, ids: NDArray[np.int32]) -> Part:
    sentences = int(np.count_nonzero(ids == BOS_ID))
    return Part(
        name=name,
        sentences=sentences,
        words=len(ids) - 2 * sentences,
        types=len(np.unique(ids[ids > BOS_ID])) - 1,
        oov=int(np.count_nonzero(ids == UNK_ID)),
    )


def _parameters(config: Config) -> dict[str, str | float | Sequence[float]]:
    parameters: dict[str, str | float | Sequence[float]] = {"tokenizer": config.tokenizer}
    if config.model is not None:
        return parameters | {"read from": config.model.name}
    if config.smoothing == "add-k":
        parameters["k"] = config.k
    if config.discount_fallback is not None:
        parameters["discount fallback"] = " ".join(map(str, config.discount_fallback))
    if config.prune:
        parameters["pruned by count"] = " ".join(map(str, config.prune))
    if config.prune_entropy:
        parameters["pruned by entropy"] = config.prune_entropy
    return parameters


def _discounts(config: Config, counts: NGramCounts | None) -> dict[str, list[float]]:
    if counts is None or not config.smoothing.endswith("kneser-ney"):
        return {}
    modified = config.smoothing.startswith("modified")
    found = kneser_ney.discounts(counts, modified=modified, discount_fallback=config.discount_fallback)
    return {
        f"discounts of order {order}": [float(value) for value in values] for order, values in enumerate(found, start=1)
    }


def _by_order(config: Config, evaluated: Evaluated) -> Iterator[tuple[int, float, float]]:
    """Of the models of lower order too, where they differ in nothing else; one whose discounts cannot be estimated is left out."""
    trained, texts = evaluated.trained, evaluated.trained.data
    if trained.counts is not None and not config.mix and not config.prune_entropy:
        for order in range(1, min(trained.counts.order, trained.model.order)):
            try:
                model = training.smoothed(config, counts.shorter(trained.counts, order), texts.vocabulary)
            except DataError:
                continue
            found = ngram.perplexity(ngram.score(model, model.vocabulary.encode(texts.test_chunks)))
            yield order, found.including, found.excluding
    found = ngram.perplexity(evaluated.tokens)
    yield trained.model.order, found.including, found.excluding


def _matched(evaluated: Evaluated) -> list[float]:
    matched = np.where(evaluated.tokens.unknown, 0, evaluated.tokens.order)
    shares = np.bincount(matched, minlength=evaluated.trained.model.order + 1) / max(1, len(matched))
    return [float(share) for share in shares]


def _samples(config: Config, trained: Trained) -> Iterator[tuple[float, str]]:
    space = "" if config.tokenizer == "characters" else " "
    for temperature in TEMPERATURES:
        for words in ngram.sample(
            trained.model, count=SAMPLES, longest=LONGEST, temperature=temperature, seed=config.seed
        ):
            yield temperature, space.join(words).replace("▁", " ") if not space else space.join(words)

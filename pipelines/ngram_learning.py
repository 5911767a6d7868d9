"""The acts of the n-gram story: the text read and cut into words, the model estimated, scored, and what the report shows of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlp import corpora, ngram, vocabulary
from nlp.corpora import Corpus
from nlp.errors import DataError
from nlp.ngram import NGramCounts, NGramModel
from nlp.ngrams import katz, mixture
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import Vocabulary
from pipelines import options, progress, text_runs
from pipelines.text_runs import NotUsed

if TYPE_CHECKING:
    from pipelines.ngram import Config

HELD_OUT = 0.2
"""Share of the lines of a single text that is held out for the scores; with --mix as much again weighs the models."""
WEIGHING = 0.1
"""Share of the training lines that weighs the models when there is a test text and no validation text."""
NEGLIGIBLE = 0.001
"""Weight below which a mixed model says nothing."""
GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The parts of the text as flat ids, `<s> w ... </s> <s> ...`, unknown words as 0."""

    vocabulary: Vocabulary
    train: NDArray[np.int32]
    test_chunks: list[str]
    """The test text as words: a sentence a line."""
    validation_chunks: list[str]
    """The same of the validation text; empty where nothing has to be chosen."""
    not_used: NotUsed
    """Lines and files of all parts that could not be read as they are."""
    given: NGramModel | None = None
    """The model of --model, in whose place nothing is counted."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """The model, and what it was counted from."""

    model: NGramModel
    counts: NGramCounts | None
    """None of a model that was read."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """What was chosen along the way, for the report."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the model says about the test text."""

    scores: dict[str, float]
    tokens: ngram.Scores


def tokenizer(config: "Config") -> Tokenizer:
    """The rule that makes words of text, in training and in the served graph."""
    return Tokenizer(config.tokenizer, shortest=config.shortest_sentence, symbols=config.symbols)


def read(config: "Config") -> Corpus:
    """The text in its parts: a test text there is always, a validation text where models are mixed.

    Raises DataError for no text, and for a file of --mix or --model that is missing.
    """
    for flag, path in (*(("mix", path) for path in config.mix), ("model", config.model)):
        if path is not None and not path.is_file():
            raise DataError(f"--{flag} {path}: no such file; expected an ARPA file or the model.npz of another run")
    corpus = corpora.read(
        config.data,
        errors=config.errors,
        validation=config.validation,
        test=config.test,
        most=options.example_limit(),
    )
    train, validation, test = corpus.train, corpus.validation, corpus.test
    weighed = bool(config.mix)
    if config.model is not None:
        train = test = test or train
    if test is None:
        share = HELD_OUT if weighed and validation is None else 0.0
        train, held, test = corpora.split(train, seed=config.seed, shares=(1 - HELD_OUT - share, share, HELD_OUT))
        validation = validation or (held if share else None)
    elif weighed and validation is None:
        train, validation, _ = corpora.split(train, seed=config.seed, shares=(1 - WEIGHING, WEIGHING, 0.0))
    return Corpus(name=corpus.name, train=train, validation=validation if weighed else None, test=test)


def encode(config: "Config", corpus: Corpus, cut: Tokenizer, work: Path) -> Texts:
    """Words as numbers, the training text's in a temporary file in `work`. Raises DataError where a part has no sentence."""
    if config.model is not None:
        return _given(ngram.read(config.model), corpus, cut)
    ids, words = vocabulary.encode(cut.normalise(corpus.train), folder=work)
    if config.vocabulary_size is not None or config.min_count > 1:
        ids, words = vocabulary.limit(ids, words, most=config.vocabulary_size, min_count=config.min_count, folder=work)
    return Texts(
        vocabulary=words,
        train=ids,
        test_chunks=_held_out("test", corpus.test, cut),
        validation_chunks=_held_out("validation", corpus.validation, cut) if corpus.validation is not None else [],
        not_used=text_runs.not_used(
            lines for lines in (corpus.train, corpus.validation, corpus.test) if lines is not None
        ),
    )


def learn(config: "Config", texts: Texts, folder: Path, work: Path) -> Learned:
    """Count, with temporary files in `work`, estimate, prune and mix; model.npz and model.arpa are written."""
    if texts.given is not None:
        return _written(config, folder, Learned(model=texts.given, counts=None))
    with progress.shares("counting") as tell:
        counts = ngram.count(
            texts.train,
            vocabulary_size=len(texts.vocabulary),
            order=config.order,
            memory=int(config.memory * GIB),
            folder=work,
            progress=tell,
        )
    if config.smoothing == "katz":
        for shortfall in katz.shortfalls(counts):
            print(f"note: {shortfall}", flush=True)
    model = smoothed(config, counts, texts.vocabulary)
    parameters: dict[str, Any] = {}
    if config.prune_entropy:
        model = ngram.prune(model, threshold=config.prune_entropy)
    if config.mix:
        others = [_other(path) for path in config.mix]
        weights = weigh([model, *others], texts.validation_chunks)
        model = ngram.merge([model, *others], weights)
        print(f"weights, this model's first: {' '.join(f'{weight:.4f}' for weight in weights)}", flush=True)
        if min(weights) < NEGLIGIBLE:
            print(
                "note: a model has next to no weight. Was another one trained on the text that weighs them? Then give --validation with "
                "text that none of them has seen",
                flush=True,
            )
        parameters["weights of the mixed models"] = [float(weight) for weight in weights]
    return _written(config, folder, Learned(model=model, counts=counts, parameters=parameters))


def _written(config: "Config", folder: Path, learned: Learned) -> Learned:
    ngram.write(learned.model, folder / "model.npz")
    if config.arpa:
        ngram.write(learned.model, folder / "model.arpa")
    return learned


def smoothed(config: "Config", counts: NGramCounts, words: Vocabulary) -> NGramModel:
    """The model of these counts."""
    return ngram.smooth(
        counts,
        words,
        smoothing=config.smoothing,
        k=config.k,
        prune=config.prune[: counts.order],
        discount_fallback=config.discount_fallback,
        interpolate_unigrams=config.interpolate_unigrams,
        closed=config.closed,
    )


def weigh(models: Sequence[NGramModel], chunks: Sequence[str]) -> NDArray[np.float64]:
    """The weights under which a text is most probable, by EM."""
    found = [ngram.score(model, model.vocabulary.encode(chunks)) for model in models]
    return mixture.weights(
        np.power(10.0, [scores.log10 for scores in found]), unknown=np.array([scores.unknown for scores in found])
    )


def judge(learned: Learned, texts: Texts) -> Judged:
    """Perplexity on the test text, which chose nothing."""
    test = learned.model.vocabulary.encode(texts.test_chunks)
    tokens = ngram.score(learned.model, test)
    found = ngram.perplexity(tokens)
    scores = {
        "perplexity": found.including,
        "perplexity_without_oov": found.excluding,
        "oov": float(found.oov),
        "sentences": float(found.sentences),
        "impossible": float(np.isneginf(tokens.log10).sum()),
        "n": float(found.tokens),
    }
    return Judged(scores={name: value for name, value in scores.items() if np.isfinite(value)}, tokens=tokens)


def _given(model: NGramModel, corpus: Corpus, cut: Tokenizer) -> Texts:
    """The test text for a model that was not counted here."""
    return Texts(
        vocabulary=model.vocabulary,
        train=np.zeros(0, np.int32),
        test_chunks=_held_out("test", corpus.test, cut),
        validation_chunks=[],
        not_used=text_runs.not_used([corpus.train]),
        given=model,
    )


def _held_out(part: str, lines: Iterable[str] | None, cut: Tokenizer) -> list[str]:
    """The sentences of a held-out text, in chunks."""
    chunks = list(cut.normalise(lines or ()))
    if not any(chunks):
        raise DataError(
            f"the {part} text has no sentence by the tokenizer {cut.name}; give more text, or --{part} with sentences of its own"
        )
    return chunks


def _other(path: Path) -> NGramModel:
    """A model to mix with."""
    model = ngram.read(path)
    if not model.normalised:
        raise DataError(
            f"--mix {path}: its scores do not sum to 1, so they cannot be mixed; give a model of another smoothing"
        )
    return model

"""The text of an n-gram model: read, split into parts, and encoded as ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp import corpora, ngram, vocabulary
from nlp.corpora import Corpus
from nlp.errors import DataError
from nlp.ngram import NGramModel
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import Vocabulary
from pipelines import flags
from pipelines.ngram.config import Config
from pipelines.text import left_out
from pipelines.text.left_out import NotUsed

HELD_OUT = 0.2
"""Share of the lines of a single text that is held out for the scores; with --mix as much again weighs the models."""
WEIGHING = 0.1
"""Share of the training lines that weighs the models when there is a test text and no validation text."""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The parts of the text as flat ids, `<s> w ... </s> <s> ...`, unknown words as 0."""

    corpus: Corpus
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    train: NDArray[np.int32]
    test_chunks: list[str]
    """The test text as words: one sentence per line."""
    validation_chunks: list[str]
    """The validation text as words; empty where nothing has to be chosen."""
    not_used: NotUsed
    """Lines and files of all parts that could not be read as they are."""
    model: NGramModel | None = None
    """The model of --model, in whose place nothing is counted."""


def tokenizer(config: Config) -> Tokenizer:
    """Make the rule that cuts text into words, in training and in the served graph."""
    return Tokenizer(config.tokenizer, shortest=config.shortest_sentence, symbols=config.symbols)


def read(config: Config) -> Corpus:
    """Read the text in its parts; there is always a test text, and a validation text where models are mixed.

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
        most=flags.example_limit(),
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


def encode(config: Config, corpus: Corpus, work: Path) -> Texts:
    """Turn words into numbers, the training text's in a temporary file in `work`. Raises DataError where a part has no sentence."""
    rule = tokenizer(config)
    if config.model is not None:
        return _of_model(ngram.read(config.model), corpus, rule)
    ids, words = vocabulary.encode(rule.normalise(corpus.train), folder=work)
    if config.vocabulary_size is not None or config.min_count > 1:
        ids, words = vocabulary.limit(ids, words, most=config.vocabulary_size, min_count=config.min_count, folder=work)
    return Texts(
        corpus=corpus,
        tokenizer=rule,
        vocabulary=words,
        train=ids,
        test_chunks=_held_out("test", corpus.test, rule),
        validation_chunks=_held_out("validation", corpus.validation, rule) if corpus.validation is not None else [],
        not_used=left_out.not_used(
            lines for lines in (corpus.train, corpus.validation, corpus.test) if lines is not None
        ),
    )


def _of_model(model: NGramModel, corpus: Corpus, rule: Tokenizer) -> Texts:
    """The test text for a model that was not counted here."""
    return Texts(
        corpus=corpus,
        tokenizer=rule,
        vocabulary=model.vocabulary,
        train=np.zeros(0, np.int32),
        test_chunks=_held_out("test", corpus.test, rule),
        validation_chunks=[],
        not_used=left_out.not_used([corpus.train]),
        model=model,
    )


def _held_out(part: str, lines: Iterable[str] | None, rule: Tokenizer) -> list[str]:
    """The sentences of a held-out text, in chunks."""
    chunks = list(rule.normalise(lines or ()))
    if not any(chunks):
        raise DataError(
            f"the {part} text has no sentence by the tokenizer {rule.name}; give more text, or --{part} with sentences of its own"
        )
    return chunks

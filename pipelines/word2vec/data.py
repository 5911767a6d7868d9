"""The training text of word vectors, as a file of sentences."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp import corpora, word2vec
from nlp.corpora import Corpus
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer
from nlp.word2vec import Phrase
from pipelines import flags
from pipelines.text import left_out
from pipelines.text.left_out import NotUsed
from pipelines.word2vec.config import Config


@dataclass(frozen=True, kw_only=True)
class Text:
    """The training text as a file: one sentence per line, words separated by one space."""

    path: Path
    sentences: int
    words: int
    """With phrases joined, where they are."""
    phrases: list[Phrase]
    """Joined in it, the best first."""
    not_used: NotUsed
    """Lines and files that could not be read as they are."""


def tokenizer(config: Config) -> Tokenizer:
    """Make the rule that cuts text into words. It reserves no words, so that `<unk>` in the text (as in WikiText) is one."""
    return Tokenizer(config.tokenizer, symbols="rename")


def read(config: Config) -> Corpus:
    """Read the text; of a folder with train, valid and test files those of train.

    Raises DataError for no text and for unusable word lists.
    """
    _check_lists(config)
    corpus = corpora.read(config.data, errors=config.errors, most=flags.example_limit())
    return Corpus(name=corpus.name, train=corpus.train)


def normalise(config: Config, corpus: Corpus, work: Path) -> Text:
    """Write the text's sentences to a file in `work`, phrases joined. Raises DataError for a text without a word."""
    path, sentences, words = work / "text.txt", 0, 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in tokenizer(config).normalise(corpus.train):
            file.write(chunk)
            sentences += chunk.count("\n")
            words += _words(chunk)
    if not words:
        raise DataError(
            f"{corpus.name} holds no words; expected a text of sentences. The tokenizer {config.tokenizer} may not know this "
            "script; try --tokenizer characters"
        )
    phrases: list[Phrase] = []
    if config.phrases:
        joined = work / "joined.txt"
        phrases = word2vec.join_phrases(path, joined, passes=config.phrases, min_count=config.min_count)
        path = joined
        with path.open(encoding="utf-8", newline="\n") as file:
            words = sum(map(_words, file))
    return Text(
        path=path, sentences=sentences, words=words, phrases=phrases, not_used=left_out.not_used([corpus.train])
    )


def _words(lines: str) -> int:
    """Words of whole lines, in which one space separates them."""
    ends = lines.count("\n")
    return lines.count(" ") + ends - lines.split("\n")[:-1].count("")


def _check_lists(config: Config) -> None:
    """Read the user's own word lists once, before hours of training."""
    vectors = keyed(["word"], np.ones((1, 1), np.float32))
    if config.pairs is not None:
        word2vec.similarity(vectors, config.pairs)
    if config.questions is not None:
        word2vec.analogies(vectors, config.questions, "full")

"""The acts of the word2vec story: the text cut into words, the vectors learned, judged by word lists."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from gensim.models import KeyedVectors

from nlp import corpora, word2vec
from nlp.corpora import Corpus
from nlp.embeddings.evaluation import Analogies, Similarity
from nlp.embeddings.keyed import keyed
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer
from nlp.word2vec import Phrase, Row
from pipelines import options, progress, runs, text_runs
from pipelines.text_runs import NotUsed

if TYPE_CHECKING:
    from pipelines.word2vec import Config

READ, MOST_EPOCHS = 15_000_000, 20
"""Without --training.epochs so many words are read in all, in so many epochs at most."""
SIMILARITIES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999"}
"""The word pairs that every run is judged by: part of the score's name, and the name on the page."""
PROTOCOLS: tuple[Literal["top30k", "full"], ...] = ("top30k", "full")


@dataclass(frozen=True, kw_only=True)
class Text:
    """The training text as a file: a sentence a line, words separated by one space."""

    path: Path
    sentences: int
    words: int
    """With phrases joined, where they are."""
    phrases: list[Phrase]
    """Joined in it, the best first."""
    not_used: NotUsed
    """Lines and files that could not be read as they are."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """The vectors, and how they came about."""

    vectors: KeyedVectors
    rows: list[Row]
    """The history, an epoch each."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the word lists say."""

    similarity: Mapping[str, Similarity]
    """By the list's name."""
    analogies: Mapping[str, Analogies]
    """By protocol."""
    scores: dict[str, float]


def tokenizer(config: "Config") -> Tokenizer:
    """The rule that makes words of text; word vectors reserve no words, so that `<unk>` in the text (as in WikiText) is one."""
    return Tokenizer(config.tokenizer, symbols="rename")


def read(config: "Config") -> Corpus:
    """The text; of a folder with train, valid and test files those of train. Raises DataError for no text and for unusable word lists."""
    _check_lists(config)
    corpus = corpora.read(config.data, errors=config.errors, most=options.example_limit())
    return Corpus(name=corpus.name, train=corpus.train)


def normalise(config: "Config", corpus: Corpus, cut: Tokenizer, work: Path) -> Text:
    """Write the text's sentences to a file in `work`, phrases joined. Raises DataError for a text without a word."""
    path, sentences, words = work / "text.txt", 0, 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in cut.normalise(corpus.train):
            file.write(chunk)
            sentences += chunk.count("\n")
            words += _words(chunk)
    if not words:
        raise DataError(
            f"{corpus.name} holds no words; expected a text of sentences. Has the tokenizer {config.tokenizer} none in this script?"
        )
    phrases: list[Phrase] = []
    if config.phrases:
        joined = work / "joined.txt"
        phrases = word2vec.join_phrases(path, joined, passes=config.phrases, min_count=config.min_count)
        path = joined
        with path.open(encoding="utf-8", newline="\n") as file:
            words = sum(map(_words, file))
    return Text(
        path=path, sentences=sentences, words=words, phrases=phrases, not_used=text_runs.not_used([corpus.train])
    )


def _words(lines: str) -> int:
    """Words of whole lines, in which one space separates them."""
    ends = lines.count("\n")
    return lines.count(" ") + ends - lines.split("\n")[:-1].count("")


def learn(config: "Config", text: Text, folder: Path) -> Learned:
    """Train, from the last finished epoch where there is one; history.csv, vectors.bin and vectors.kv are written."""
    rows: list[Row] = []
    epochs, told = epochs_of(config, words=text.words), _told(folder)
    (folder / "checkpoints").mkdir(exist_ok=True)

    def keep(row: Row) -> None:
        rows.append(row)
        runs.write_csv(folder / "history.csv", rows)
        if len(rows) <= told:
            return
        loss = "no two neighbouring words" if math.isnan(row["loss"]) else f"loss {row['loss']:.4f}"
        print(f"epoch {row['epoch']:.0f}/{epochs}  {loss}  {row['words_per_second']:,.0f} words/s", flush=True)

    with progress.shares("training") as tell:
        vectors = word2vec.train(
            text.path,
            engine=config.engine,
            architecture=config.architecture,
            objective=config.objective,
            dimensions=config.dimensions,
            window=config.window,
            negatives=config.negatives,
            sample=config.sample,
            min_count=config.min_count,
            most=config.vocabulary_size,
            epochs=epochs,
            learning_rate=config.training.learning_rate,
            min_learning_rate=config.training.min_learning_rate,
            workers=config.training.workers or os.cpu_count() or 1,
            seed=config.seed,
            deterministic=config.training.deterministic,
            state=folder / "checkpoints" / "last.npz",
            on_epoch=keep,
            progress=lambda share: tell((len(rows) + share) / epochs),
        )
    for name in ("vectors.bin", "vectors.kv"):
        word2vec.write(folder / name, vectors)
    return Learned(vectors=vectors, rows=rows)


def _told(folder: Path) -> int:
    """Epochs that an earlier process has told."""
    history = folder / "history.csv"
    return history.read_text(encoding="utf-8").count("\n") - 1 if history.exists() else 0


def epochs_of(config: "Config", *, words: int) -> int:
    """Passes over a text of so many words."""
    named = config.training.epochs or min(max(round(READ / words), 1), MOST_EPOCHS)
    return min(named, options.TINY_EPOCHS) if options.tiny() else named


def _check_lists(config: "Config") -> None:
    """Whether one's own word lists can be read, before hours of training."""
    vectors = keyed(["word"], np.ones((1, 1), np.float32))
    if config.pairs is not None:
        word2vec.similarity(vectors, config.pairs)
    if config.questions is not None:
        word2vec.analogies(vectors, config.questions, "full")


def judge(config: "Config", learned: Learned) -> Judged:
    """Correlation with people's judgement of word pairs, and the share of analogies answered; what cannot be judged has no score."""
    lists = {name: (key, word2vec.built_in(key)) for key, name in SIMILARITIES.items()}
    if config.pairs is not None:
        key = own_key(config.pairs)
        lists[f"{config.pairs.stem} (--pairs)" if config.pairs.stem in lists else config.pairs.stem] = key, config.pairs
    questions = config.questions or word2vec.built_in("questions")
    similarity = {name: word2vec.similarity(learned.vectors, path) for name, (_, path) in lists.items()}
    analogies: dict[str, Analogies] = {
        protocol: word2vec.analogies(learned.vectors, questions, protocol) for protocol in PROTOCOLS
    }
    scores: dict[str, float] = {}
    for name, found in similarity.items():
        key, _ = lists[name]
        scores |= {} if found.spearman is None else {f"spearman_{key}": found.spearman}
        scores |= {f"n_{key}": float(found.n), f"oov_{key}": found.oov_share}
    for protocol, answered in analogies.items():
        total = answered.total
        scores |= {} if total.accuracy is None else {f"analogies_{protocol}": total.accuracy}
        scores |= {f"n_analogies_{protocol}": float(total.n), f"oov_analogies_{protocol}": total.oov_share}
    scores["n"] = float(len(learned.vectors))
    return Judged(similarity=similarity, analogies=analogies, scores=scores)


def own_key(pairs: Path) -> str:
    """What the scores of one's own list are called after its file: `spearman_<this>`; no name of another score."""
    slug = re.sub(r"\W+", "_", pairs.stem.lower()).strip("_")
    taken = {*SIMILARITIES, *(f"analogies{protocol}" for protocol in PROTOCOLS), "", "analogies"}
    return f"pairs_{slug}".rstrip("_") if slug.replace("_", "") in taken else slug

"""The training of word vectors."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from gensim.models import KeyedVectors

from nlp import word2vec
from nlp.word2vec import Course, Kept, Method, Row
from pipelines import flags
from pipelines.record import files, progress
from pipelines.training import options
from pipelines.word2vec.config import Config
from pipelines.word2vec.data import Text

READ, MOST_EPOCHS = 15_000_000, 20
"""Without --training.epochs so many words are read in all, in so many epochs at most."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The vectors, and how they came about."""

    data: Text
    """Its file is gone after the training."""
    vectors: KeyedVectors
    rows: list[Row]
    """The history, one row per epoch."""


def train(config: Config, text: Text, folder: Path) -> Trained:
    """Train, from the last finished epoch where there is one; history.csv, vectors.bin and vectors.kv are written."""
    rows: list[Row] = []
    epochs, printed = epochs_of(config, words=text.words), _finished_epochs(folder)
    (folder / "checkpoints").mkdir(exist_ok=True)

    def keep(row: Row) -> None:
        rows.append(row)
        files.write_csv(folder / "history.csv", rows)
        if len(rows) <= printed:
            return
        loss = "no two neighbouring words" if math.isnan(row["loss"]) else f"loss {row['loss']:.4f}"
        print(f"epoch {row['epoch']:.0f}/{epochs}  {loss}  {row['words_per_second']:,.0f} words/s", flush=True)

    with progress.shares("training") as show:
        vectors = word2vec.train(
            text.path,
            _method(config),
            Kept(min_count=config.min_count, most=config.vocabulary_size),
            _course(config, epochs),
            state=folder / "checkpoints" / "last.npz",
            on_epoch=keep,
            progress=lambda share: show((len(rows) + share) / epochs),
        )
    for name in ("vectors.bin", "vectors.kv"):
        word2vec.write(folder / name, vectors)
    return Trained(data=text, vectors=vectors, rows=rows)


def _method(config: Config) -> Method:
    return Method(
        engine=config.engine,
        architecture=config.architecture,
        objective=config.objective,
        dimensions=config.dimensions,
        window=config.window,
        negatives=config.negatives,
        sample=config.sample,
    )


def _course(config: Config, epochs: int) -> Course:
    training = config.training
    return Course(
        epochs=epochs,
        learning_rate=training.learning_rate,
        min_learning_rate=training.min_learning_rate,
        workers=training.workers or os.cpu_count() or 1,
        seed=config.seed,
        deterministic=training.deterministic,
    )


def _finished_epochs(folder: Path) -> int:
    """Epochs that an earlier process has finished, and printed."""
    history = folder / "history.csv"
    return history.read_text(encoding="utf-8").count("\n") - 1 if history.exists() else 0


def epochs_of(config: Config, *, words: int) -> int:
    """Number of passes over a text of so many words."""
    named = config.training.epochs or min(max(round(READ / words), 1), MOST_EPOCHS)
    return min(named, options.TINY_EPOCHS) if flags.tiny() else named

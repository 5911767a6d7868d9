"""word2vec: a vector for every frequent word, so that words of like use lie near each other (Mikolov et al., 2013).

Two engines behind one function, gensim and our own in Keras; both give gensim's KeyedVectors with the attribute "count". What else a
user of this room needs is here under short names.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from gensim.models import KeyedVectors

from nlp.embeddings import encoding, gensim_engine, training_state
from nlp.embeddings.evaluation import analogies, built_in, similarity
from nlp.embeddings.files import read, write
from nlp.embeddings.lookup import analogy, neighbours, vector
from nlp.embeddings.phrases import Phrase
from nlp.embeddings.phrases import join as join_phrases
from nlp.embeddings.training_state import Row
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

__all__ = [
    "ENGINES",
    "Phrase",
    "Row",
    "analogies",
    "analogy",
    "built_in",
    "join_phrases",
    "neighbours",
    "read",
    "similarity",
    "train",
    "vector",
    "write",
]

ENGINES = ("keras", "gensim")
ARCHITECTURES = ("skip-gram", "cbow")
OBJECTIVES = ("negative-sampling", "hierarchical-softmax")
LEAST_RATE = 0.025
"""The lowest of the learning rates that the engines begin with by themselves."""
_CHUNK = 1 << 20


def train(
    text: Path,
    *,
    engine: Literal["keras", "gensim"] = "keras",
    architecture: Literal["skip-gram", "cbow"] = "skip-gram",
    objective: Literal["negative-sampling", "hierarchical-softmax"] = "negative-sampling",
    dimensions: int = 100,
    window: int = 5,
    negatives: int = 5,
    sample: float = 1e-3,
    min_count: int = 5,
    most: int | None = None,
    epochs: int = 5,
    learning_rate: float | None = None,
    min_learning_rate: float = 1e-4,
    workers: int = 2,
    seed: int = 0,
    deterministic: bool = False,
    state: Path | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> KeyedVectors:
    """Learn vectors from a normalised text file: one sentence a line, words separated by one space.

    objective: "hierarchical-softmax" takes gensim. window: most words on each side that count as context. sample: frequency above which
    a word is left out at random, 0 to 1; 0 leaves none out. min_count, most: rarer words, and all but so many of the most frequent, get
    no vector. learning_rate: what suits engine and architecture when absent; it falls evenly to min_learning_rate. workers: threads of
    gensim. deterministic: the same vectors on every run on the same machine. state: a file written after every epoch, from which an
    interrupted training goes on. on_epoch: hears every epoch's row once and in order, those before an interruption included.
    progress: hears the share of the running epoch, 0 to 1 (keras only).
    Raises DataError when the text teaches nothing, and when the state is of another training; ValueError for numbers out of range.
    """
    for name, value, names in (
        ("engine", engine, ENGINES),
        ("architecture", architecture, ARCHITECTURES),
        ("objective", objective, OBJECTIVES),
    ):
        _check(value in names, name, value, f"one of {', '.join(names)}")
    sizes = {"dimensions": dimensions, "window": window, "negatives": negatives, "min_count": min_count}
    for name, number in (sizes | {"most": most, "epochs": epochs, "workers": workers}).items():
        _check(number is None or number >= 1, name, number, "1 or more")
    _check(0 <= sample <= 1, "sample", sample, "0 to 1")
    _check(learning_rate is None or 0 < learning_rate <= 1, "learning_rate", learning_rate, "above 0, at most 1")
    highest = LEAST_RATE if learning_rate is None else learning_rate
    _check(0 <= min_learning_rate <= highest, "min_learning_rate", min_learning_rate, f"0 to {highest}")
    shape = {"architecture": architecture, "dimensions": dimensions, "window": window, "negatives": negatives}
    course = {"sample": sample, "epochs": epochs, "min_learning_rate": min_learning_rate, "seed": seed}
    options: dict[str, Any] = {**shape, **course, "deterministic": deterministic}
    if learning_rate is not None:
        options["learning_rate"] = learning_rate
    kept: dict[str, Any] = {"min_count": min_count, "most": most, "state": state, "on_epoch": on_epoch}
    if engine == "gensim":
        return gensim_engine.train(text, objective=objective, workers=workers, **kept, **options)
    if objective != "negative-sampling":
        raise ValueError(f"the engine keras has no {objective}; use the engine gensim, or negative-sampling")
    return _keras(text, progress=progress, **kept, **options)


def _check(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {value!r}; expected {expected}")


def _keras(
    text: Path,
    *,
    min_count: int,
    most: int | None,
    state: Path | None,
    on_epoch: Callable[[Row], None] | None,
    progress: Callable[[float], None] | None,
    **options: Any,
) -> KeyedVectors:
    """Our own engine; options: what `keras_engine.train` takes of them."""
    # Imported here so that gensim's users do not wait for TensorFlow.
    from nlp.embeddings import keras_engine

    options["sample"] = options["sample"] if options["sample"] < 1 else 0.0
    encoded = encoding.encode(_chunks(text), min_count=min_count, most=most)
    settings = {**options, "words": training_state.digest(encoded.words, encoded.counts)}
    arrays, rows = training_state.read(state, settings=settings) if state is not None and state.exists() else ({}, [])
    for row in rows:
        if on_epoch is not None:
            on_epoch(row)

    def keep(reached: keras_engine.State, row: Row) -> None:
        rows.append(row)
        if state is not None:
            arrays = {"words": reached.words, "contexts": reached.contexts}
            training_state.write(state, arrays, settings=settings, rows=rows)
        if on_epoch is not None:
            on_epoch(row)

    before = keras_engine.State(words=arrays["words"], contexts=arrays["contexts"], epochs=len(rows)) if rows else None
    matrix = keras_engine.train(encoded, state=before, on_epoch=keep, progress=progress, **options)
    return keyed(encoded.words, matrix, counts=encoded.counts)


def _chunks(text: Path) -> Iterator[str]:
    """Pieces of whole lines, about 1 MiB each."""
    try:
        with text.open(encoding="utf-8", newline="\n") as file:
            while lines := file.readlines(_CHUNK):
                if not lines[-1].endswith("\n"):
                    lines[-1] += "\n"
                yield "".join(lines)
    except UnicodeDecodeError as error:
        raise DataError(f"{text} is not UTF-8 ({error}); expected text that the tokeniser has normalised") from error

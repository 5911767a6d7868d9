"""word2vec: a vector for every frequent word, so that words that are used alike lie near each other (Mikolov et al., 2013).

Two engines behind one function, gensim and our own in Keras; both give gensim's KeyedVectors with the attribute "count". The public face
of `nlp.embeddings`.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from gensim.models import KeyedVectors

from nlp.embeddings import encoding, gensim_engine, training_state
from nlp.embeddings.evaluation import analogies, built_in, similarity
from nlp.embeddings.files import read, write
from nlp.embeddings.lookup import analogy, neighbours, vector
from nlp.embeddings.phrases import Phrase
from nlp.embeddings.phrases import join as join_phrases
from nlp.embeddings.settings import ENGINES, Course, Kept, Method
from nlp.embeddings.training_state import Row
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

__all__ = [
    "ENGINES",
    "Course",
    "Kept",
    "Method",
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

_CHUNK = 1 << 20


def train(
    text: Path,
    method: Method = Method(),  # noqa: B008  the records are frozen
    kept: Kept = Kept(),  # noqa: B008
    course: Course = Course(),  # noqa: B008
    *,
    state: Path | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> KeyedVectors:
    """Learn vectors from a normalised text file: one sentence per line, words separated by one space.

    state: a file written after every epoch, from which an interrupted training goes on. on_epoch: receives every epoch's row once and in
    order, those before an interruption included. progress: receives the share of the running epoch, 0 to 1 (keras only).
    Raises DataError when the text teaches nothing, and when the state is of another training.
    """
    if method.engine == "gensim":
        return gensim_engine.train(text, method, kept, course, state=state, on_epoch=on_epoch)
    # Imported here so that gensim's users do not wait for TensorFlow.
    from nlp.embeddings import keras_engine

    encoded = encoding.encode(_chunks(text), min_count=kept.min_count, most=kept.most)
    settings = {**asdict(method), **asdict(course), "words": training_state.digest(encoded.words, encoded.counts)}
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
    matrix = keras_engine.train(encoded, method, course, state=before, on_epoch=keep, progress=progress)
    return keyed(encoded.words, matrix, counts=encoded.counts)


def _chunks(text: Path) -> Iterator[str]:
    """Yield pieces of whole lines, about 1 MiB each."""
    try:
        with text.open(encoding="utf-8", newline="\n") as file:
            while lines := file.readlines(_CHUNK):
                if not lines[-1].endswith("\n"):
                    lines[-1] += "\n"
                yield "".join(lines)
    except UnicodeDecodeError as error:
        raise DataError(f"{text} is not UTF-8 ({error}); expected text that the tokeniser has normalised") from error

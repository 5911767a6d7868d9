"""word2vec trained by gensim: CBOW or skip-gram, with negative sampling or hierarchical softmax, one epoch at a time."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

from nlp.embeddings import encoding, gensim_loss, sentences, training_state
from nlp.embeddings.gensim_log import quiet
from nlp.embeddings.sentences import Counted
from nlp.embeddings.settings import Course, Kept, Method
from nlp.embeddings.training_state import Row
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

LEARNING_RATES = {"skip-gram": 0.025, "cbow": 0.05}
"""First learning rates of word2vec.c (gensim has 0.025 for both)."""
_ABSURD = 10
"""A loss of so many times that of chance means that the vectors grow without end."""


@dataclass(frozen=True, kw_only=True)
class _Settings:
    """The settings that decide the result; a state is continued only under equal ones."""

    architecture: str
    objective: str
    dimensions: int
    window: int
    negatives: int
    sample: float
    epochs: int
    learning_rate: float
    min_learning_rate: float
    workers: int
    seed: int
    words: str
    """SHA-256 of the vocabulary and its counts."""

    def rate(self, epochs: float) -> float:
        """Return the learning rate after so many epochs: it falls evenly from the first to the last."""
        return self.learning_rate - (self.learning_rate - self.min_learning_rate) * epochs / self.epochs


def train(
    text: Path,
    method: Method = Method(),  # noqa: B008  the records are frozen
    kept: Kept = Kept(),  # noqa: B008
    course: Course = Course(),  # noqa: B008
    *,
    state: Path | None = None,
    on_epoch: Callable[[Row], None] | None = None,
) -> KeyedVectors:
    """Learn vectors of the words of a normalised text file (one sentence per line), with their counts.

    course.learning_rate: 0.025 for skip-gram and 0.05 for CBOW when None. course.deterministic: one worker, so that no two threads race
    for a vector. state: a file written after every epoch, from which an interrupted training goes on. on_epoch: receives every epoch's
    row once and in order, those before an interruption included; the loss is that of a fixed sample of the text (see `gensim_loss`).
    Raises DataError when the text teaches nothing, and when the state is of another training.
    """
    counted = sentences.count(text)
    counts = vocabulary(counted, min_count=kept.min_count, most=kept.most)
    if not sentences.pair(text, counts):
        raise DataError(encoding.NO_PAIR)
    numbers = np.array(list(counts.values()), np.int64)
    settings = _Settings(
        architecture=method.architecture,
        objective=method.objective,
        dimensions=method.dimensions,
        window=method.window,
        negatives=method.negatives if method.objective == "negative-sampling" else 0,
        sample=method.sample if method.sample < 1 else 0.0,
        epochs=course.epochs,
        learning_rate=LEARNING_RATES[method.architecture] if course.learning_rate is None else course.learning_rate,
        min_learning_rate=course.min_learning_rate,
        workers=1 if course.deterministic else course.workers,
        seed=course.seed,
        words=training_state.digest(list(counts), numbers),
    )
    with quiet(), tempfile.TemporaryDirectory() as folder:
        short = sentences.cut(text, counted, target=Path(folder) / "text.txt")
        model = _model(settings, counts)
        _epochs(model, settings, short, sentences.count(short) if short != text else counted, state, on_epoch)
    return keyed(list(counts), model.wv.vectors, counts=numbers)


def vocabulary(counted: Counted, *, min_count: int, most: int | None) -> dict[str, int]:
    """Select the words to learn, with their counts, most frequent first. Raises DataError where fewer than two are left."""
    kept = [(word, number) for word, number in counted.counts.items() if number >= min_count][:most]
    encoding.check_kept(
        len(kept),
        frequent=next(iter(counted.counts.items()), ("", 0)),
        distinct=len(counted.counts) / max(counted.words, 1),
        min_count=min_count,
        most=most,
    )
    return dict(kept)


def _model(settings: _Settings, counts: dict[str, int]) -> Word2Vec:
    """Make an untrained model; it is given the vocabulary, so that the order is ours."""
    softmax = settings.objective == "hierarchical-softmax"
    model = Word2Vec(
        vector_size=settings.dimensions,
        alpha=settings.learning_rate,
        min_alpha=settings.min_learning_rate,
        window=settings.window,
        min_count=1,
        sample=settings.sample,
        seed=settings.seed,
        workers=settings.workers,
        sg=int(settings.architecture == "skip-gram"),
        hs=int(softmax),
        negative=settings.negatives,
        sorted_vocab=0,
    )
    model.build_vocab_from_freq({sentences.spelt(word): number for word, number in counts.items()})
    return model


def _epochs(
    model: Word2Vec,
    settings: _Settings,
    text: Path,
    counted: Counted,
    state: Path | None,
    on_epoch: Callable[[Row], None] | None,
) -> None:
    """Train the epochs that the state does not hold yet."""
    sample = _sample(model, settings, text)
    chance = _loss(model, sample)  # the output vectors are still zero
    rows = _restore(model, settings, state) if state is not None and state.exists() else []
    report = on_epoch or (lambda _: None)
    for row in rows:
        report(row)
    for epoch in range(len(rows), settings.epochs):
        started = time.perf_counter()
        model.train(
            **_source(model, text, counted),
            epochs=1,
            start_alpha=settings.rate(epoch),
            end_alpha=settings.rate(epoch + 1),
        )
        seconds = time.perf_counter() - started
        reached = _loss(model, sample)
        if len(sample.targets) and not reached <= _ABSURD * chance:
            raise DataError(
                f"the loss became {reached:.3g} in epoch {epoch + 1}, where guessing has {chance:.3g}; lower --training.learning-rate "
                f"(now {settings.learning_rate})"
            )
        rows.append(
            {
                "epoch": epoch + 1,
                "loss": reached,
                # From a file gensim compares a worker's own sentences with all: each rate falls only this far within an epoch.
                "learning_rate": settings.rate(epoch + 1 / (1 if model.hs else settings.workers)),
                "words_per_second": counted.words / seconds,
                "seconds": seconds,
            }
        )
        if state is not None:
            _save(model, settings, rows, state)
        report(rows[-1])
    if not _outputs(model).any():
        raise DataError(encoding.NO_PAIR_DRAWN)


def _source(model: Word2Vec, text: Path, counted: Counted) -> dict[str, Any]:
    """Name the text as `Word2Vec.train` takes it: the file, which is fastest, where the results are reproducible."""
    if model.hs:
        # From a file gensim 4.4's hierarchical softmax gives other vectors on every call, even with one worker and a seed.
        return {"corpus_iterable": sentences.Sentences(text), "total_words": counted.words}
    return {"corpus_file": str(text), "total_examples": counted.lines, "total_words": counted.words}


def _sample(model: Word2Vec, settings: _Settings, text: Path) -> gensim_loss.Sample:
    return gensim_loss.draw(
        text,
        model.wv.key_to_index,
        np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key], np.int64),
        cbow=settings.architecture == "cbow",
        window=settings.window,
        negatives=settings.negatives,
        seed=settings.seed,
    )


def _loss(model: Word2Vec, sample: gensim_loss.Sample) -> float:
    with np.errstate(over="ignore", invalid="ignore"):  # of vectors that grow without end
        if model.hs:
            codes, points = model.wv.expandos["code"], model.wv.expandos["point"]
            return gensim_loss.hierarchical_softmax(sample, model.wv.vectors, model.syn1, codes, points)
        return gensim_loss.negative_sampling(sample, model.wv.vectors, model.syn1neg)


def _outputs(model: Word2Vec) -> Any:
    """Return the output vectors, zero before training."""
    return model.syn1 if model.hs else model.syn1neg


def _save(model: Word2Vec, settings: _Settings, rows: list[Row], path: Path) -> None:
    random = model.random.get_state(legacy=False)["state"]
    arrays = {
        "vectors": model.wv.vectors,
        "outputs": _outputs(model),
        "random": random["key"],
        "position": np.array(random["pos"]),
    }
    training_state.write(path, arrays, settings=asdict(settings), rows=rows)


def _restore(model: Word2Vec, settings: _Settings, path: Path) -> list[Row]:
    """Set the model to the state in the file; return the rows of its epochs."""
    arrays, rows = training_state.read(path, settings=asdict(settings))
    model.wv.vectors[:], _outputs(model)[:] = arrays["vectors"], arrays["outputs"]
    random = model.random.get_state(legacy=False)
    random["state"] = {"key": arrays["random"], "pos": int(arrays["position"])}
    model.random.set_state(random)
    return rows

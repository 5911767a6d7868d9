"""The training of an n-gram model: count, estimate, prune and mix."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nlp import ngram
from nlp.errors import DataError
from nlp.ngram import NGramCounts, NGramModel
from nlp.ngrams import mixture
from nlp.ngrams.smoothings import katz
from nlp.vocabulary import Vocabulary
from pipelines.ngram.config import Config
from pipelines.ngram.data import Texts
from pipelines.record import progress

NEGLIGIBLE = 0.001
"""Weight below which a mixed model is of no use."""
GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The model, and what it was counted from."""

    data: Texts
    model: NGramModel
    counts: NGramCounts | None
    """None of a model that was read."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """What was chosen along the way, for the report."""


def train(config: Config, texts: Texts, folder: Path, work: Path) -> Trained:
    """Count, with temporary files in `work`, estimate, prune and mix; model.npz and model.arpa are written."""
    if texts.model is not None:
        return _written(config, folder, Trained(data=texts, model=texts.model, counts=None))
    with progress.shares("counting") as show:
        counts = ngram.count(
            texts.train,
            vocabulary_size=len(texts.vocabulary),
            order=config.order,
            memory=int(config.memory * GIB),
            folder=work,
            progress=show,
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
        weights = mixture.weigh([model, *others], texts.validation_chunks)
        model = ngram.merge([model, *others], weights)
        print(f"weights, this model's first: {' '.join(f'{weight:.4f}' for weight in weights)}", flush=True)
        if min(weights) < NEGLIGIBLE:
            print(
                "note: a model has next to no weight. Was another one trained on the text that weighs them? Then give --validation with "
                "text that none of them has seen",
                flush=True,
            )
        parameters["weights of the mixed models"] = [float(weight) for weight in weights]
    return _written(config, folder, Trained(data=texts, model=model, counts=counts, parameters=parameters))


def _written(config: Config, folder: Path, trained: Trained) -> Trained:
    ngram.write(trained.model, folder / "model.npz")
    if config.arpa:
        ngram.write(trained.model, folder / "model.arpa")
    return trained


def smoothed(config: Config, counts: NGramCounts, words: Vocabulary) -> NGramModel:
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


def _other(path: Path) -> NGramModel:
    """A model to mix with."""
    model = ngram.read(path)
    if not model.normalised:
        raise DataError(
            f"--mix {path}: its scores do not sum to 1, so they cannot be mixed; give a model of another smoothing"
        )
    return model

"""N-gram language models: count a text, smooth the counts, ask the model. The public face of `nlp.ngrams`.

ids, vocabulary = vocabulary.encode(tokenizer.normalise(lines))
model = ngram.estimate(ids, vocabulary, order=3)
ngram.perplexity(ngram.score(model, vocabulary.encode(tokenizer.normalise(others)))).including
"""

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from nlp.ngrams import arpa, files
from nlp.ngrams.counts import NGramCounts, count
from nlp.ngrams.entropy_pruning import prune
from nlp.ngrams.mixture import merge
from nlp.ngrams.query import Perplexity, Scores, advance, distribution, perplexity, score, start
from nlp.ngrams.sampling import sample
from nlp.ngrams.smoothing import SMOOTHINGS, Smoothing, smooth
from nlp.ngrams.tables import NGramModel
from nlp.vocabulary import Vocabulary

__all__ = [
    "SMOOTHINGS",
    "NGramCounts",
    "NGramModel",
    "Perplexity",
    "Scores",
    "advance",
    "count",
    "distribution",
    "estimate",
    "merge",
    "perplexity",
    "prune",
    "read",
    "sample",
    "score",
    "smooth",
    "start",
    "write",
]


def estimate(
    ids: NDArray[np.int32],
    vocabulary: Vocabulary,
    *,
    order: int,
    memory: int = 2 << 30,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
    **smoothing: Unpack[Smoothing],
) -> NGramModel:
    """Estimate a model of a text: `smooth` of its counts.

    ids: int32 (t,) as `vocabulary.encode` lays them out; memory, folder, progress and errors as in `count`. Estimating
    takes about as much memory again as the tables.
    """
    counts = count(ids, vocabulary_size=len(vocabulary), order=order, memory=memory, folder=folder, progress=progress)
    return smooth(counts, vocabulary, **smoothing)


def read(path: Path) -> NGramModel:
    """Read a model from a file of `write`, or from any ARPA file. Raises DataError for other files."""
    return files.read(path) if path.suffix == ".npz" else arpa.read(path)


def write(model: NGramModel, path: Path) -> None:
    """Write a model: compact if the name ends in `.npz`, else as an ARPA file (`.gz`: compressed), which KenLM and SRILM read."""
    (files.write if path.suffix == ".npz" else arpa.write)(model, path)

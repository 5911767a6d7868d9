"""The scores of an n-gram model: its perplexity on the test text."""

from dataclasses import dataclass

import numpy as np

from nlp import ngram
from pipelines.ngram.training import Trained


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What was trained, and what it says about the test text."""

    trained: Trained
    scores: dict[str, float]
    """As in scores.json."""
    tokens: ngram.Scores
    """The model's answers to every token of the test text."""


def evaluate(trained: Trained) -> Evaluated:
    """Score the test text, which had no part in counting or in any choice."""
    test = trained.model.vocabulary.encode(trained.data.test_chunks)
    tokens = ngram.score(trained.model, test)
    found = ngram.perplexity(tokens)
    scores = {
        "perplexity": found.including,
        "perplexity_without_oov": found.excluding,
        "oov": float(found.oov),
        "sentences": float(found.sentences),
        "impossible": float(np.isneginf(tokens.log10).sum()),
        "n": float(found.tokens),
    }
    finite = {name: value for name, value in scores.items() if np.isfinite(value)}
    return Evaluated(trained=trained, scores=finite, tokens=tokens)

"""The scores of an n-gram model: its perplexity on the test text."""

from dataclasses import dataclass

import numpy as np

from nlp import ngram
from pipelines.ngram.data import Texts
from pipelines.ngram.training import Learned


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the model says about the test text."""

    scores: dict[str, float]
    tokens: ngram.Scores


def judge(learned: Learned, texts: Texts) -> Judged:
    """Perplexity on the test text, which chose nothing."""
    test = learned.model.vocabulary.encode(texts.test_chunks)
    tokens = ngram.score(learned.model, test)
    found = ngram.perplexity(tokens)
    scores = {
        "perplexity": found.including,
        "perplexity_without_oov": found.excluding,
        "oov": float(found.oov),
        "sentences": float(found.sentences),
        "impossible": float(np.isneginf(tokens.log10).sum()),
        "n": float(found.tokens),
    }
    return Judged(scores={name: value for name, value in scores.items() if np.isfinite(value)}, tokens=tokens)

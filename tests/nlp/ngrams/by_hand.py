"""N-gram models whose probabilities are written down."""

import numpy as np

from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS, EOS, UNK, Vocabulary


def unigrams(**probabilities: float) -> NGramModel:
    """A model of order 1; what is left to 1 goes to the end of the sentence, nothing to unknown words."""
    end = 1 - sum(probabilities.values())
    linear = np.array([0, 1, end, *probabilities.values()])
    with np.errstate(divide="ignore"):
        log10 = np.log10(linear)
    level = Level(keys=np.arange(len(linear)), log10_prob=log10, log10_backoff=np.zeros(len(linear)))
    return NGramModel(vocabulary=Vocabulary([UNK, BOS, EOS, *probabilities]), levels=(level,), smoothing="by hand")

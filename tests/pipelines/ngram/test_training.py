"""Parts, weights, scores and files of an n-gram run, against numbers worked out by hand."""

import numpy as np
import pytest

from nlp.ngram import NGramModel
from nlp.ngrams import mixture
from nlp.ngrams.tables import Level
from nlp.vocabulary import BOS, EOS, UNK, Vocabulary


def unigrams(**probabilities: float) -> NGramModel:
    """A model of order 1; what is left to 1 goes to the end of the sentence, nothing to unknown words."""
    end = 1 - sum(probabilities.values())
    linear = np.array([0, 1, end, *probabilities.values()])
    with np.errstate(divide="ignore"):
        log10 = np.log10(linear)
    level = Level(keys=np.arange(len(linear)), log10_prob=log10, log10_backoff=np.zeros(len(linear)))
    return NGramModel(vocabulary=Vocabulary([UNK, BOS, EOS, *probabilities]), levels=(level,), smoothing="by hand")


def test_weights_are_the_most_probable_ones() -> None:
    """p(a) + p(b) is 0.8 in either model, so the best mixture has p(a) = 0.8 x the share of a among a and b."""
    models = [unigrams(a=0.6, b=0.2), unigrams(a=0.2, b=0.6)]
    weights = mixture.weigh(models, ["a b a\nb a\n"])
    # a is 3 of 5: 0.2 + 0.4 weight = 0.48.
    assert weights == pytest.approx([0.7, 0.3], abs=1e-4)


def test_weights_read_the_text_with_each_models_own_vocabulary() -> None:
    models = [unigrams(a=0.5), unigrams(b=0.5)]
    # Four ends are as likely in both; a is known to the first alone, b and c ... to the other.
    weights = mixture.weigh(models, ["a\na\na\nb\n"])
    assert weights == pytest.approx([0.75, 0.25], abs=1e-4)

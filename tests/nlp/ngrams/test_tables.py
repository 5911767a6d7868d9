"""The form of a model."""

import numpy as np

from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary


def test_the_order_is_the_number_of_levels() -> None:
    words = Vocabulary(["<unk>", "<s>", "</s>"])
    first = Level(keys=np.arange(3), log10_prob=np.zeros(3), log10_backoff=np.zeros(3))
    second = Level(keys=np.array([5]), log10_prob=np.zeros(1), log10_backoff=np.zeros(1))
    assert NGramModel(vocabulary=words, levels=(first, second), smoothing="by hand").order == 2

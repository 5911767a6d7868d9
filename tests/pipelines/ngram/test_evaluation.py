"""The scores of an n-gram model, by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from nlp import corpora, ngram
from nlp.ngram import NGramModel
from nlp.tokenizers import Tokenizer
from pipelines.ngram import evaluation
from pipelines.ngram.data import Texts
from pipelines.ngram.training import Trained
from pipelines.text.left_out import NotUsed
from tests.e2e import texts
from tests.nlp.ngrams import by_hand


def _scores(model: NGramModel, text: str, tmp_path: Path) -> dict[str, float]:
    data = Texts(
        corpus=corpora.read(str(texts.write(tmp_path / "any.txt", ["a"]))),
        tokenizer=Tokenizer("space"),
        vocabulary=model.vocabulary,
        train=np.zeros(0, np.int32),
        test_chunks=[text],
        validation_chunks=[],
        not_used=NotUsed(0, []),
    )
    counts = ngram.count(model.vocabulary.encode(["a\n"]), vocabulary_size=len(model.vocabulary), order=1)
    return evaluation.evaluate(Trained(data=data, model=model, counts=counts)).scores


def test_scores_by_hand(tmp_path: Path) -> None:
    scores = _scores(by_hand.unigrams(a=0.5, b=0.25), "a b\na\n", tmp_path)
    # 0.5 x 0.25 x 0.25 (end) x 0.5 x 0.25 (end) over five tokens.
    expected = (0.5 * 0.25 * 0.25 * 0.5 * 0.25) ** (-1 / 5)
    assert scores == pytest.approx(
        {
            "perplexity": expected,
            "perplexity_without_oov": expected,
            "oov": 0,
            "sentences": 2,
            "impossible": 0,
            "n": 5,
        }
    )


def test_what_is_infinite_is_no_score(tmp_path: Path) -> None:
    scores = _scores(by_hand.unigrams(a=0.5, b=0.0), "a c\nb\n", tmp_path)
    assert scores == {"oov": 1, "sentences": 2, "impossible": 2, "n": 5}
    scores = _scores(by_hand.unigrams(a=0.5), "a c\n", tmp_path)
    assert scores["perplexity_without_oov"] == pytest.approx(2)
    assert all(math.isfinite(value) for value in scores.values())

"""The lines that prove an n-gram bundle; the bundle itself is tried end to end."""

from pathlib import Path

import numpy as np
import pytest

from nlp import corpora, ngram, vocabulary
from nlp.ngram import NGramModel
from nlp.tokenizers import Tokenizer
from pipelines.ngram import export
from pipelines.ngram.data import Texts
from pipelines.ngram.training import Trained
from pipelines.text.left_out import NotUsed
from tests.e2e import texts


@pytest.fixture(scope="module")
def model() -> NGramModel:
    """Bigrams by maximum likelihood of two sentences."""
    ids, words = vocabulary.encode(["a b c\n", "b a\n"])
    return ngram.estimate(ids, words, order=2, smoothing="maximum-likelihood")


def _trained(folder: Path, model: NGramModel, train: list[str], test: list[str]) -> Trained:
    corpus = corpora.read(str(texts.write(folder / "train.txt", train)), test=texts.write(folder / "test.txt", test))
    data = Texts(
        corpus=corpus,
        tokenizer=Tokenizer("space"),
        vocabulary=model.vocabulary,
        train=np.zeros(0, np.int32),
        test_chunks=[],
        validation_chunks=[],
        not_used=NotUsed(0, []),
    )
    return Trained(data=data, model=model, counts=None)


def test_the_bundle_is_proven_on_possible_lines(tmp_path: Path, model: NGramModel) -> None:
    trained = _trained(tmp_path, model, ["b a"], ["c a", "", "a b c", "  b a ", "new"])
    assert export.samples(trained) == ["a b c", "b a"]


def test_or_on_one_of_the_training_text(tmp_path: Path, model: NGramModel) -> None:
    trained = _trained(tmp_path, model, ["c c", "a b c", "b a"], ["c a"])
    assert export.samples(trained) == ["a b c"]


def test_or_on_nothing_after_so_many_lines(tmp_path: Path, model: NGramModel) -> None:
    """A text of millions of impossible lines is not read to its end; a long line is cut."""
    trained = _trained(tmp_path, model, ["c c", *["x " * 1000] * export.TRIED, "a b c"], ["c a"])
    assert export.samples(trained) == [""]

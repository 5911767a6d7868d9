"""The two text pipelines on real Wikipedia text: n-grams beside a plain restatement, word vectors beside gensim."""

from pathlib import Path

import pytest

from nlp import corpora, ngram
from nlp.tokenizers import Tokenizer
from pipelines import ngram as ngram_pipeline
from pipelines import word2vec as word2vec_pipeline
from pipelines.ngram import config
from pipelines.word2vec import config as word2vec_config
from pipelines.word2vec.config import Training
from tests.nlp.ngrams import plain_kneser_ney


def _sentences(path: Path) -> list[list[str]]:
    text = "".join(Tokenizer("letters", shortest=3).normalise(corpora.read(str(path)).train))
    return [line.split(" ") for line in text.splitlines()]


@pytest.mark.data
def test_perplexities_are_those_of_the_plain_restatement(real_data: Path, tmp_path: Path) -> None:
    sentences = _sentences(real_data / "wiki" / "wiki.valid.en.txt.xz")
    train, test = sentences[:-1000], sentences[-1000:]
    for name, part in (("train", train), ("test", test)):
        (tmp_path / f"{name}.txt").write_text("".join(" ".join(words) + "\n" for words in part), encoding="utf-8")
    scores = ngram_pipeline.run(
        config.Config(data=str(tmp_path), tokenizer="space", order=3, out=tmp_path / "run", export=False)
    )
    expected = plain_kneser_ney.perplexities(plain_kneser_ney.estimate(train, 3), test, 3)
    assert scores["perplexity"] == pytest.approx(expected[0], rel=1e-7)
    assert scores["perplexity_without_oov"] == pytest.approx(expected[1], rel=1e-7)
    assert (scores["n"], scores["oov"]) == expected[2:]
    again = ngram.read(tmp_path / "run" / "model.arpa")
    found = ngram.perplexity(ngram.score(again, again.vocabulary.encode(" ".join(words) + "\n" for words in test)))
    assert found.including == pytest.approx(expected[0], rel=1e-6)


@pytest.mark.data
def test_keras_vectors_are_as_good_as_gensims(real_data: Path, tmp_path: Path) -> None:
    """A fortieth of the text of `make bench word2vec`, five times over."""
    found = {
        engine: word2vec_pipeline.run(
            word2vec_config.Config(
                data=str(real_data / "wiki" / "wiki.valid.en.txt.xz"),
                engine=engine,
                out=tmp_path / engine,
                export=False,
                training=Training(epochs=5, workers=2),
            )
        )
        for engine in ("keras", "gensim")
    }
    for scores in found.values():
        assert scores["n_wordsim353"] > 200
        assert scores["spearman_wordsim353"] > 0.15
    assert found["keras"]["spearman_wordsim353"] > found["gensim"]["spearman_wordsim353"] - 0.05

"""A whole run of ngram: counting, bundle, `python -m serving` over HTTP and gRPC, and Python, all with one answer."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.test.utils import datapath

from nlp import ngram
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import BOS_ID, UNK_ID
from pipelines import ngram as pipeline
from pipelines.ngram import config as ngram_config
from pipelines.ngram import data as ngram_data
from tests.e2e import promises
from tests.e2e.helpers import post

TEXTS = ["The fire has", "Police say the man was found. He", "Zyzzyva qwxk.", "", "the government of the united states"]


TITLES = (
    *("What the scores mean", "The curse of dimensionality", "Perplexity by order", "Longest match", "Word by word"),
    *(
        "Most and least surprising sentences",
        "Written by the model",
        "The model",
        "The text",
        "Timing",
        "Skipped files",
    ),
)


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    scores: dict[str, float]
    config: ngram_config.Config
    model: ngram.NGramModel


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trigrams of the first half of the Lee corpus."""
    folder = tmp_path_factory.mktemp("runs") / "news"
    data = folder.with_name("news.txt")
    lines = Path(datapath("lee_background.cor")).read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join(lines[:150]) + "\n", encoding="utf-8")
    config = ngram_config.Config(data=str(data), out=folder, discount_fallback=(0.5, 1.0, 1.5))
    scores = pipeline.run(config)
    return Run(folder, scores, config, ngram.read(folder / "model.npz"))


def _expected(run: Run, text: str) -> dict[str, Any]:
    """Python's answer: natural log of all sentences, perplexity, the next words of the open sentence."""
    cut = Tokenizer("words").sentences(text)
    model = run.model
    ids = model.vocabulary.encode(" ".join(words) + "\n" for words in cut.sentences)
    found = ngram.score(model, ids)
    context = np.array([[BOS_ID, *model.vocabulary.ids(cut.open)]])
    after = ngram.distribution(model, context)[0]
    after[UNK_ID] = 0
    best = np.argsort(-after, kind="stable")[:10]
    return {
        "log_prob": float(found.log10.sum()) * math.log(10),
        "perplexity": ngram.perplexity(found).including,
        "next_words": [model.vocabulary.words[word] for word in best],
        "next_scores": after[best].tolist(),
    }


def test_keeps_its_promises(run: Run) -> None:
    def tokens(url: str, _: int) -> None:
        found = post(f"{url}:predict", {"signature_name": "tokens", "inputs": {"text": TEXTS[:1]}})["outputs"]
        assert found["tokens"] == [["the", "fire", "has", "</s>"]]
        assert sum(found["log_probs"][0]) == pytest.approx(_expected(run, TEXTS[0])["log_prob"], rel=1e-4)

    promises.keeps_its_promises(
        promises.Promised(
            task="ngram",
            folder=run.folder,
            scores=run.scores,
            beside={"model.arpa", "model.npz"},
            input={"text": {"dtype": "string", "shape": [None]}},
            outputs={"log_prob", "perplexity", "next_words", "next_scores"},
            signatures={"serving_default", "tokens"},
            titles=TITLES,
        ),
        promises.Asked(inputs=TEXTS, expected=[_expected(run, text) for text in TEXTS], first=TEXTS[0]),
        tokens,
    )
    assert "Flex" in (run.folder / "mobile" / "README.md").read_text(encoding="utf-8")
    assert "curse" in (run.folder / "report.html").read_text(encoding="utf-8").lower()


def test_scores_are_those_of_lines_that_training_did_not_see(run: Run) -> None:
    corpus = ngram_data.read(run.config)
    train, test = set(corpus.train), list(corpus.test or ())
    assert test
    assert not train & set(test)
    model = ngram.read(run.folder / "model.arpa")
    found = ngram.perplexity(ngram.score(model, model.vocabulary.encode(Tokenizer("words").normalise(test))))
    assert run.scores["perplexity"] == pytest.approx(found.including, rel=1e-5)
    assert run.scores["perplexity_without_oov"] == pytest.approx(found.excluding, rel=1e-5)
    assert run.scores["n"] == found.tokens
    assert 100 < found.excluding < found.including < len(model.vocabulary)

"""The n-gram story, whole: counting, bundle, `python -m serving` over HTTP and gRPC, and Python, all with one answer."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.test.utils import datapath

from nlp import ngram
from nlp.tokenizers.tokenizer import Tokenizer
from nlp.vocabulary import BOS_ID, UNK_ID
from pipelines import ngram as story
from pipelines.ngram import config as ngram_config
from pipelines.ngram import data as ngram_data
from tests.e2e.helpers import ROOT, free_port, get, post, predict_grpc, served

TEXTS = ["The fire has", "Police say the man was found. He", "Zyzzyva qwxk.", "", "the government of the united states"]


@dataclass(frozen=True)
class Told:
    """A finished run."""

    folder: Path
    scores: dict[str, float]
    config: ngram_config.Config
    model: ngram.NGramModel


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Trigrams of the first half of the Lee corpus."""
    folder = tmp_path_factory.mktemp("runs") / "news"
    data = folder.with_name("news.txt")
    lines = Path(datapath("lee_background.cor")).read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join(lines[:150]) + "\n", encoding="utf-8")
    config = ngram_config.Config(data=str(data), out=folder, discount_fallback=(0.5, 1.0, 1.5))
    scores = story.run(config)
    return Told(folder, scores, config, ngram.read(folder / "model.npz"))


def _expected(told: Told, text: str) -> dict[str, Any]:
    """Python's answer: natural log of all sentences, perplexity, the next words of the open sentence."""
    cut = Tokenizer("words").sentences(text)
    model = told.model
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


def _check(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    for name in ("log_prob", "perplexity", "next_scores"):
        assert answer[name] == pytest.approx(expected[name], rel=1e-4), name
    # Equal words may change places where two stored probabilities round alike.
    pairs = zip(answer["next_words"], expected["next_words"], expected["next_scores"], strict=True)
    unlike = [score for found, wanted, score in pairs if found != wanted]
    assert all(np.isclose(expected["next_scores"], score, rtol=1e-4).sum() > 1 for score in unlike)


def test_the_run_folder_holds_what_was_promised(told: Told) -> None:
    expected = [
        "config.json",
        "environment.json",
        "export",
        "mobile",
        "model.arpa",
        "model.npz",
        "report.html",
        "samples",
        "scores.json",
    ]
    assert sorted(path.name for path in told.folder.iterdir()) == expected
    assert "Flex" in (told.folder / "mobile" / "README.md").read_text(encoding="utf-8")
    assert told.scores == json.loads((told.folder / "scores.json").read_text())


def test_scores_are_those_of_lines_that_training_did_not_see(told: Told) -> None:
    corpus = ngram_data.read(told.config)
    train, test = set(corpus.train), list(corpus.test or ())
    assert test
    assert not train & set(test)
    model = ngram.read(told.folder / "model.arpa")
    found = ngram.perplexity(ngram.score(model, model.vocabulary.encode(Tokenizer("words").normalise(test))))
    assert told.scores["perplexity"] == pytest.approx(found.including, rel=1e-5)
    assert told.scores["perplexity_without_oov"] == pytest.approx(found.excluding, rel=1e-5)
    assert told.scores["n"] == found.tokens
    assert 100 < found.excluding < found.including < len(model.vocabulary)


def test_rest_and_grpc_answer_as_python_does(told: Told) -> None:
    port = free_port()
    with served(told.folder / "export", name="news", grpc_port=port) as url:
        rows = post(f"{url}:predict", {"instances": [{"text": text} for text in TEXTS]})["predictions"]
        tokens = post(f"{url}:predict", {"signature_name": "tokens", "inputs": {"text": TEXTS[:1]}})["outputs"]
        columns = predict_grpc(port, "news", {"text": TEXTS})
        metadata = get(f"{url}/metadata")
    assert len(rows) == len(TEXTS)
    for place, text in enumerate(TEXTS):
        expected = _expected(told, text)
        _check(rows[place], expected)
        by_grpc = {name: value[place].tolist() for name, value in columns.items()}
        _check(by_grpc | {"next_words": [word.decode() for word in by_grpc["next_words"]]}, expected)
    assert tokens["tokens"] == [["the", "fire", "has", "</s>"]]
    assert sum(tokens["log_probs"][0]) == pytest.approx(rows[0]["log_prob"], rel=1e-5)
    assert set(metadata["metadata"]["signature_def"]["signature_def"]) >= {"serving_default", "tokens"}


def test_predict_says_the_same_on_the_command_line(told: Told) -> None:
    command = [sys.executable, "-m", "serving.predict", str(told.folder), TEXTS[0], "--json"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    _check(json.loads(said), _expected(told, TEXTS[0]))


def test_the_bundle_says_what_it_is(told: Told) -> None:
    model: dict[str, Any] = json.loads((told.folder / "export" / "1" / "assets.extra" / "model.json").read_text())
    assert model["task"] == "ngram"
    assert model["scores"] == told.scores
    assert model["signatures"]["serving_default"]["inputs"] == {"text": {"dtype": "string", "shape": [None]}}
    outputs = model["signatures"]["serving_default"]["outputs"]
    assert set(outputs) == {"log_prob", "perplexity", "next_words", "next_scores"}


def test_the_report_tells_the_story(told: Told) -> None:
    text = (told.folder / "report.html").read_text(encoding="utf-8")
    for title in ("What the scores mean", "The text", "Timing"):
        assert f"<h2>{title}</h2>" in text
    assert "curse" in text.lower()
    assert "http://" not in text.replace("http://www.w3.org", "")

"""pipelines.ngram.config: config: every flag of ngram with its sentence and range."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from nlp import ngram
from nlp.errors import DataError
from pipelines import ngram as story
from pipelines.ngram import config as ngram_config
from pipelines.ngram import data as ngram_data
from tests.e2e import texts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A text of 200 sentences."""
    return texts.write(tmp_path / "good.txt", texts.sentences(200))


def _config(data: Path, **flags: object) -> ngram_config.Config:
    named: dict[str, object] = {
        "data": str(data),
        "out": data.parent / "run",
        "tokenizer": "space",
        "discount_fallback": (0.5, 1.0, 1.5),
        "export": False,
    }
    return ngram_config.Config(**{**named, **flags})  # type: ignore[arg-type]


def _check(config: ngram_config.Config, scores: dict[str, float]) -> None:
    """The folder holds what was promised, and the scores are those of the model in it."""
    assert config.out is not None
    assert scores == json.loads((config.out / "scores.json").read_text(encoding="utf-8"))
    assert all(math.isfinite(value) for value in scores.values())
    assert (config.out / "report.html").stat().st_size > 10_000
    assert not [path for path in config.out.iterdir() if path.name.startswith(".")]
    corpus = ngram_data.read(config)
    model = ngram.read(config.out / "model.arpa")
    test = model.vocabulary.encode(ngram_data.tokenizer(config).normalise(corpus.test or ()))
    found = ngram.perplexity(ngram.score(model, test))
    assert scores["n"] == found.tokens
    assert scores["oov"] == found.oov
    for name, value in (("perplexity", found.including), ("perplexity_without_oov", found.excluding)):
        assert scores.get(name, math.inf) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("smoothing", ngram.SMOOTHINGS)
def test_every_smoothing(data: Path, smoothing: str) -> None:
    config = _config(data, smoothing=smoothing)
    scores = story.run(config)
    _check(config, scores)
    assert ("perplexity" in scores) == (scores["impossible"] == 0)
    assert (scores["impossible"] > 0) == (smoothing == "maximum-likelihood")


@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "kneser-ney", "witten-bell", "katz", "add-k"])
def test_closed_vocabularies_sum_to_one_without_unknown_words(data: Path, smoothing: str) -> None:
    config = _config(data, smoothing=smoothing, closed=True, order=2)
    _check(config, story.run(config))
    model = ngram.read(data.parent / "run" / "model.npz")
    after = ngram.distribution(model, model.vocabulary.encode(["w1 w2\n"])[None, :2])[0]
    assert after[0] == 0
    assert after.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "flags",
    [
        {"prune": (0, 0, 1)},
        {"prune": (1,)},
        {"prune": (0, 1), "smoothing": "katz"},
        {"prune": (0, 1), "smoothing": "stupid-backoff"},
        {"prune": (0, 1), "smoothing": "maximum-likelihood"},
        {"prune_entropy": 1e-3},
        {"prune_entropy": 1e-3, "smoothing": "maximum-likelihood"},
        {"vocabulary_size": 9},
        {"vocabulary_size": 9, "smoothing": "stupid-backoff"},
        {"min_count": 10, "shortest_sentence": 4},
        {"order": 1},
        {"order": 1, "smoothing": "maximum-likelihood"},
        {"order": 1, "smoothing": "katz", "vocabulary_size": 1},
        {"order": 6, "interpolate_unigrams": False},
        {"tokenizer": "words"},
        {"tokenizer": "letters"},
        {"tokenizer": "english", "smoothing": "add-k", "k": 0.01},
        {"tokenizer": "characters", "order": 5},
        {"memory": 0.1, "seed": 7},
    ],
    ids=str,
)
def test_every_flag(data: Path, flags: dict[str, object]) -> None:
    config = _config(data, **flags)
    _check(config, story.run(config))


@pytest.mark.parametrize("smoothing", ["maximum-likelihood", "stupid-backoff"])
def test_what_cannot_always_answer_is_exported(data: Path, smoothing: str) -> None:
    config = _config(data, smoothing=smoothing, export=True)
    story.run(config)
    samples = (data.parent / "run" / "samples" / "texts.txt").read_text(encoding="utf-8").splitlines()
    assert 1 <= len(samples) <= 8
    model = ngram.read(data.parent / "run" / "model.npz")
    found = ngram.score(model, model.vocabulary.encode(f"{line}\n" for line in samples))
    assert np.isfinite(found.log10).all()
    exported = json.loads(
        (data.parent / "run" / "export" / "1" / "assets.extra" / "model.json").read_text(encoding="utf-8")
    )
    assert exported["made"]["smoothing"] == smoothing


def test_a_model_from_elsewhere_is_scored_and_served(data: Path, tmp_path: Path) -> None:
    counted = _config(data, smoothing="witten-bell", out=tmp_path / "counted")
    story.run(counted)
    held_out = texts.write(tmp_path / "held.txt", texts.sentences(30)[20:])
    given = {"data": str(held_out), "tokenizer": "space", "out": tmp_path / "given", "export": True}
    scores = story.run(ngram_config.Config(model=tmp_path / "counted" / "model.arpa", **given))  # type: ignore[arg-type]
    model = ngram.read(tmp_path / "counted" / "model.npz")
    found = ngram.perplexity(ngram.score(model, model.vocabulary.encode([held_out.read_text(encoding="utf-8")])))
    assert scores["perplexity"] == pytest.approx(found.including, rel=1e-5)
    assert scores["n"] == found.tokens
    assert (tmp_path / "given" / "export" / "1" / "saved_model.pb").exists()
    assert "not known" in (tmp_path / "given" / "report.html").read_text(encoding="utf-8")


def test_bad_input_a_model_that_is_missing_or_to_be_mixed(data: Path) -> None:
    with pytest.raises(DataError, match=r"--model nope\.arpa: no such file; expected an ARPA file or the model\.npz"):
        story.run(_config(data, model=Path("nope.arpa")))
    with pytest.raises(ValueError, match="--model counts none; leave out one of the two"):
        _config(data, model=Path("a.arpa"), mix=(Path("b.arpa"),))

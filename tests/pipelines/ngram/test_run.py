"""A whole n-gram run as a function: with every smoothing and every flag, mixed, killed and given up."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from nlp import ngram
from nlp.errors import DataError
from pipelines import ngram as pipeline
from pipelines.ngram import Config
from pipelines.ngram import data as ngram_data
from tests.e2e import texts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A text of 200 sentences."""
    return texts.write(tmp_path / "good.txt", texts.sentences(200))


def _config(data: Path, **flags: object) -> Config:
    named: dict[str, object] = {
        "data": str(data),
        "out": data.parent / "run",
        "tokenizer": "space",
        "discount_fallback": (0.5, 1.0, 1.5),
        "export": False,
    }
    return Config(**{**named, **flags})  # type: ignore[arg-type]


def _check(config: Config, scores: dict[str, float]) -> None:
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
    scores = pipeline.run(config)
    _check(config, scores)
    assert ("perplexity" in scores) == (scores["impossible"] == 0)
    assert (scores["impossible"] > 0) == (smoothing == "maximum-likelihood")


@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "kneser-ney", "witten-bell", "katz", "add-k"])
def test_closed_vocabularies_sum_to_one_without_unknown_words(data: Path, smoothing: str) -> None:
    config = _config(data, smoothing=smoothing, closed=True, order=2)
    _check(config, pipeline.run(config))
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
    _check(config, pipeline.run(config))


@pytest.mark.parametrize("smoothing", ["maximum-likelihood", "stupid-backoff"])
def test_what_cannot_always_answer_is_exported(data: Path, smoothing: str) -> None:
    config = _config(data, smoothing=smoothing, export=True)
    pipeline.run(config)
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
    pipeline.run(counted)
    held_out = texts.write(tmp_path / "held.txt", texts.sentences(30)[20:])
    given = {"data": str(held_out), "tokenizer": "space", "out": tmp_path / "given", "export": True}
    scores = pipeline.run(Config(model=tmp_path / "counted" / "model.arpa", **given))  # type: ignore[arg-type]
    model = ngram.read(tmp_path / "counted" / "model.npz")
    found = ngram.perplexity(ngram.score(model, model.vocabulary.encode([held_out.read_text(encoding="utf-8")])))
    assert scores["perplexity"] == pytest.approx(found.including, rel=1e-5)
    assert scores["n"] == found.tokens
    assert (tmp_path / "given" / "export" / "1" / "saved_model.pb").exists()
    assert "not known" in (tmp_path / "given" / "report.html").read_text(encoding="utf-8")


def test_fewer_n_grams_when_pruned(data: Path) -> None:
    pipeline.run(_config(data, prune=(0, 0, 1)))
    model = ngram.read(data.parent / "run" / "model.npz")
    config = _config(data, out=data.parent / "whole")
    pipeline.run(config)
    whole = ngram.read(data.parent / "whole" / "model.npz")
    assert [len(level.keys) for level in model.levels[:2]] == [len(level.keys) for level in whole.levels[:2]]
    assert len(model.levels[2].keys) < len(whole.levels[2].keys)


def test_two_models_mixed_in(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = []
    for seed, smoothing in ((1, "katz"), (2, "witten-bell")):
        text = texts.write(data.parent / f"{smoothing}.txt", [*texts.sentences(100, seed=seed), f"only {smoothing}"])
        out = data.parent / smoothing
        pipeline.run(_config(text, out=out, smoothing=smoothing, order=2, test=data))
        others.append(out / "model.arpa")
    config = _config(data, mix=tuple(others))
    scores = pipeline.run(config)
    _check(config, scores)
    model = ngram.read(data.parent / "run" / "model.npz")
    assert {"only", "katz", "witten-bell"} <= set(model.vocabulary.words)
    weights = capsys.readouterr().out.split("weights, this model's first: ")[1].split("\n")[0].split()
    assert len(weights) == 3
    assert sum(map(float, weights)) == pytest.approx(1, abs=1e-3)
    after = ngram.distribution(model, model.vocabulary.encode(["w1 w2\n"])[None, :3])[0]
    assert after.sum() == pytest.approx(1, abs=1e-5)


def test_the_same_seed_gives_the_same_run(data: Path) -> None:
    first = pipeline.run(_config(data))
    again = pipeline.run(_config(data, out=data.parent / "again"))
    other = pipeline.run(_config(data, out=data.parent / "other", seed=1))
    assert first == again
    assert first != other
    run, repeated = data.parent / "run", data.parent / "again"
    assert (run / "model.arpa").read_bytes() == (repeated / "model.arpa").read_bytes()


def test_a_run_that_was_killed_goes_on(data: Path) -> None:
    scores = pipeline.run(_config(data))
    run = data.parent / "run"
    for name in ("scores.json", "report.html", "model.arpa"):
        (run / name).unlink()
    (run / ".work").mkdir()
    (run / "model.npz").write_bytes(b"half")
    config = _config(data, resume=True)
    assert pipeline.run(config) == scores
    _check(config, scores)


def test_check_looks_only(data: Path) -> None:
    found = pipeline.run(_config(data, check=True))
    assert sorted(path.name for path in (data.parent / "run").iterdir()) == ["check.html", "check.json"]
    lines = data.read_text(encoding="utf-8").splitlines()
    assert found["n"] == 200
    assert found["words"] == sum(len(line.split()) for line in lines)
    # What was only looked at may be started afterwards.
    assert pipeline.run(_config(data))["n"] > 0


def test_an_error_leaves_nothing(data: Path) -> None:
    with pytest.raises(DataError, match="--order can be"):
        pipeline.run(_config(data, order=20))
    assert not (data.parent / "run").exists()
    # The same folder may be used at once.
    pipeline.run(_config(data))


def test_a_model_that_is_missing_is_told(data: Path) -> None:
    with pytest.raises(DataError, match=r"--model nope\.arpa: no such file; expected an ARPA file or the model\.npz"):
        pipeline.run(_config(data, model=Path("nope.arpa")))

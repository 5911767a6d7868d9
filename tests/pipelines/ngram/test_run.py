"""The n-gram story as a function: every smoothing and flag gives a whole run."""

import json
import math
from pathlib import Path

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


def test_fewer_n_grams_when_pruned(data: Path) -> None:
    story.run(_config(data, prune=(0, 0, 1)))
    model = ngram.read(data.parent / "run" / "model.npz")
    config = _config(data, out=data.parent / "whole")
    story.run(config)
    whole = ngram.read(data.parent / "whole" / "model.npz")
    assert [len(level.keys) for level in model.levels[:2]] == [len(level.keys) for level in whole.levels[:2]]
    assert len(model.levels[2].keys) < len(whole.levels[2].keys)


def test_two_models_mixed_in(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = []
    for seed, smoothing in ((1, "katz"), (2, "witten-bell")):
        text = texts.write(data.parent / f"{smoothing}.txt", [*texts.sentences(100, seed=seed), f"only {smoothing}"])
        out = data.parent / smoothing
        story.run(_config(text, out=out, smoothing=smoothing, order=2, test=data))
        others.append(out / "model.arpa")
    config = _config(data, mix=tuple(others))
    scores = story.run(config)
    _check(config, scores)
    model = ngram.read(data.parent / "run" / "model.npz")
    assert {"only", "katz", "witten-bell"} <= set(model.vocabulary.words)
    weights = capsys.readouterr().out.split("weights, this model's first: ")[1].split("\n")[0].split()
    assert len(weights) == 3
    assert sum(map(float, weights)) == pytest.approx(1, abs=1e-3)
    after = ngram.distribution(model, model.vocabulary.encode(["w1 w2\n"])[None, :3])[0]
    assert after.sum() == pytest.approx(1, abs=1e-5)


def test_the_same_seed_gives_the_same_run(data: Path) -> None:
    first = story.run(_config(data))
    again = story.run(_config(data, out=data.parent / "again"))
    other = story.run(_config(data, out=data.parent / "other", seed=1))
    assert first == again
    assert first != other
    run, repeated = data.parent / "run", data.parent / "again"
    assert (run / "model.arpa").read_bytes() == (repeated / "model.arpa").read_bytes()


def test_a_run_that_was_killed_goes_on(data: Path) -> None:
    scores = story.run(_config(data))
    run = data.parent / "run"
    for name in ("scores.json", "report.html", "model.arpa"):
        (run / name).unlink()
    (run / ".work").mkdir()
    (run / "model.npz").write_bytes(b"half")
    config = _config(data, resume=True)
    assert story.run(config) == scores
    _check(config, scores)


def test_check_looks_only(data: Path) -> None:
    found = story.run(_config(data, check=True))
    assert sorted(path.name for path in (data.parent / "run").iterdir()) == ["check.html", "check.json"]
    lines = data.read_text(encoding="utf-8").splitlines()
    assert found["n"] == 200
    assert found["words"] == sum(len(line.split()) for line in lines)
    # What was only looked at may be started afterwards.
    assert story.run(_config(data))["n"] > 0


def test_an_error_leaves_nothing(data: Path) -> None:
    with pytest.raises(DataError, match="--order can be"):
        story.run(_config(data, order=20))
    assert not (data.parent / "run").exists()
    # The same folder may be used at once.
    story.run(_config(data))

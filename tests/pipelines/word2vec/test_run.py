"""The word2vec story as a function: engines and flags give a whole run."""

import csv
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from nlp import word2vec as vectors_of
from pipelines import word2vec as story
from pipelines.word2vec import config as word2vec_config
from pipelines.word2vec.config import Training
from tests.e2e import texts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A text of 200 sentences, an empty one among them."""
    return texts.write(tmp_path / "good.txt", ["", *texts.sentences(199)])


def _config(data: Path, **flags: object) -> word2vec_config.Config:
    named: dict[str, object] = {
        "data": str(data),
        "out": data.parent / "run",
        "tokenizer": "space",
        "dimensions": 4,
        "min_count": 1,
        "engine": "gensim",
        "training": Training(epochs=2, deterministic=True),
        "export": False,
    }
    return word2vec_config.Config(**{**named, **flags})  # type: ignore[arg-type]


def _check(config: word2vec_config.Config, scores: dict[str, float]) -> None:
    assert config.out is not None
    assert scores == json.loads((config.out / "scores.json").read_text(encoding="utf-8"))
    assert all(math.isfinite(value) for value in scores.values())
    assert (config.out / "report.html").stat().st_size > 10_000
    assert not [path for path in config.out.rglob("*") if path.name.startswith(".")]
    binary, keyed = (vectors_of.read(config.out / name) for name in ("vectors.bin", "vectors.kv"))
    assert binary.index_to_key == keyed.index_to_key
    np.testing.assert_array_equal(binary.vectors, keyed.vectors)
    assert np.isfinite(keyed.vectors).all()
    assert keyed.vectors.shape == (scores["n"], config.dimensions)
    with (config.out / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_a_run_that_was_killed_goes_on(data: Path) -> None:
    config = _config(data)
    scores = story.run(config)
    run = data.parent / "run"
    before = (run / "vectors.bin").read_bytes()
    for name in ("scores.json", "report.html", "vectors.kv"):
        (run / name).unlink()
    (run / ".work").mkdir()
    (run / "vectors.bin").write_bytes(b"half")
    assert story.run(_config(data, resume=True)) == scores
    _check(config, scores)
    assert (run / "vectors.bin").read_bytes() == before


@pytest.mark.parametrize("engine", ["gensim", "keras"])
def test_a_text_so_small_that_some_epochs_have_no_pair(
    data: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts.write(data, ["a b"])
    config = _config(data, engine=engine, sample=0.07, training=Training(epochs=20, deterministic=True), export=True)
    assert story.run(config)["n"] == 2
    assert (data.parent / "run" / "mobile" / "model.tflite").exists()
    assert ("  no two neighbouring words  " in capsys.readouterr().out) == (engine == "keras")
    before = (data.parent / "run" / "vectors.bin").read_bytes()
    (data.parent / "run" / "scores.json").unlink()
    assert story.run(dataclasses.replace(config, resume=True))["n"] == 2
    assert (data.parent / "run" / "vectors.bin").read_bytes() == before

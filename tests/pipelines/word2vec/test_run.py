"""A whole word2vec run as a function: with every engine and every flag, killed and given up."""

import csv
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from nlp import word2vec as vectors_of
from nlp.errors import DataError
from pipelines import word2vec as pipeline
from pipelines.word2vec import Config
from pipelines.word2vec.config import Training
from tests.e2e import texts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A text of 200 sentences, an empty one among them."""
    return texts.write(tmp_path / "good.txt", ["", *texts.sentences(199)])


def _config(data: Path, **flags: object) -> Config:
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
    return Config(**{**named, **flags})  # type: ignore[arg-type]


def _check(config: Config, scores: dict[str, float]) -> None:
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


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"engine": "keras"},
        {"engine": "keras", "architecture": "cbow", "sample": 0.0},
        {"architecture": "cbow", "negatives": 2},
        {"objective": "hierarchical-softmax"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "sample": 1.0},
        {"phrases": 2},
        {"vocabulary_size": 2},
        {"engine": "keras", "vocabulary_size": 2, "window": 1},
        {"tokenizer": "characters"},
        {"tokenizer": "words", "dimensions": 1},
        {"training": Training(epochs=2, learning_rate=0.1, min_learning_rate=0.1, workers=2)},
    ],
    ids=str,
)
def test_engines_and_flags(data: Path, flags: dict[str, object]) -> None:
    config = _config(data, **flags)
    _check(config, pipeline.run(config))


@pytest.mark.parametrize("engine", ["gensim", "keras"])
def test_deterministic_runs_are_equal_bit_by_bit(data: Path, engine: str) -> None:
    for name, seed in (("run", 0), ("again", 0), ("other", 1)):
        pipeline.run(_config(data, out=data.parent / name, engine=engine, seed=seed))
    run, again, other = ((data.parent / name / "vectors.bin").read_bytes() for name in ("run", "again", "other"))
    assert run == again
    assert run != other


def test_check_looks_only(data: Path) -> None:
    found = pipeline.run(_config(data, check=True))
    assert sorted(path.name for path in (data.parent / "run").iterdir()) == ["check.html", "check.json"]
    assert found["types"] == len(set(data.read_text(encoding="utf-8").split()))


@pytest.mark.parametrize("engine", ["gensim", "keras"])
def test_an_error_leaves_nothing(data: Path, engine: str) -> None:
    with pytest.raises(DataError, match="leaves no word"):
        pipeline.run(_config(data, min_count=10_000, engine=engine))
    assert not (data.parent / "run").exists()


@pytest.mark.parametrize("engine", ["gensim", "keras"])
def test_sentences_of_one_word_teach_nothing(data: Path, engine: str) -> None:
    texts.write(data, ["one", "two"] * 20)
    with pytest.raises(DataError, match="two"):
        pipeline.run(_config(data, engine=engine))
    assert not (data.parent / "run").exists()


def test_the_report_covers_all_of_a_text_whose_words_all_have_vectors(data: Path) -> None:
    texts.write(data, ["one new york day", "two new york nights", *(f"word{number} more" for number in range(99))])
    pipeline.run(_config(data, phrases=1))
    page = (data.parent / "run" / "report.html").read_text(encoding="utf-8")
    assert "a phrase being one, in 101 sentences" in page
    assert "which covers 100.0% of the text" in page


def test_symbols_of_other_programs_are_learned(data: Path) -> None:
    texts.write(data, ["a <unk> b </s>", "<unk> c"] * 20)
    pipeline.run(_config(data))
    assert {"<UNK>", "</S>"} <= set(vectors_of.read(data.parent / "run" / "vectors.kv").index_to_key)


def test_check_knows_min_count(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.run(_config(data, check=True, min_count=1000))
    assert (
        "warning: train: --min-count 1000 leaves no word: the most frequent one, 'w0', occurs"
        in capsys.readouterr().out
    )


def test_a_run_that_was_killed_goes_on(data: Path) -> None:
    config = _config(data)
    scores = pipeline.run(config)
    run = data.parent / "run"
    before = (run / "vectors.bin").read_bytes()
    for name in ("scores.json", "report.html", "vectors.kv"):
        (run / name).unlink()
    (run / ".work").mkdir()
    (run / "vectors.bin").write_bytes(b"half")
    assert pipeline.run(_config(data, resume=True)) == scores
    _check(config, scores)
    assert (run / "vectors.bin").read_bytes() == before


@pytest.mark.parametrize("engine", ["gensim", "keras"])
def test_a_text_so_small_that_some_epochs_have_no_pair(
    data: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts.write(data, ["a b"])
    config = _config(data, engine=engine, sample=0.07, training=Training(epochs=20, deterministic=True), export=True)
    assert pipeline.run(config)["n"] == 2
    assert (data.parent / "run" / "mobile" / "model.tflite").exists()
    assert ("  no two neighbouring words  " in capsys.readouterr().out) == (engine == "keras")
    before = (data.parent / "run" / "vectors.bin").read_bytes()
    (data.parent / "run" / "scores.json").unlink()
    assert pipeline.run(dataclasses.replace(config, resume=True))["n"] == 2
    assert (data.parent / "run" / "vectors.bin").read_bytes() == before

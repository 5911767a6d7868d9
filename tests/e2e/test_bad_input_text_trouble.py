"""Ctrl-C and a full disk in the middle of the text pipelines: what `--resume` then gives is what an uninterrupted run gives."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest

from nlp import word2vec
from tests.e2e import texts
from tests.e2e.pipeline_runs import Pipeline, contents, troubled

NGRAM = ("--data", "good.txt", "--tokenizer", "space", "--discount-fallback", "0.5", "1", "1.5")
WORDS = ("--data", "good.txt", "--tokenizer", "space", "--dimensions", "4", "--min-count", "1")
EPOCHS = ("--training.epochs", "4", "--training.deterministic")
FULL = "the disk is full or the file too large"


@pytest.fixture(autouse=True)
def _text(tmp_path: Path) -> None:
    """good.txt in every test's folder."""
    texts.write(tmp_path / "good.txt", texts.sentences(200))


def _again(said: str) -> list[str]:
    """The flags of the command that a message ends with."""
    return shlex.split(re.split("[Cc]ontinue with: ", said)[1])[3:]


def _no_temporary_files(folder: Path) -> None:
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def _rows(folder: Path) -> list[list[str]]:
    """epoch, loss and learning rate of the history; its other columns are times."""
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return [[row["epoch"], row["loss"], row["learning_rate"]] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    "moment",
    ["nlp.vocabulary.encode", "nlp.ngram.count", "nlp.ngram.smooth", "nlp.ngram.write", "nlp.ngram.score"],
)
def test_interrupted_n_grams(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    flags = (*NGRAM, "--no-export")
    with monkeypatch.context() as patch:
        texts.at_call(patch, moment, 1, texts.interrupt)
        ended = pipeline("ngram", "--out", "run", *flags)
    ended.refuses("interrupted; what was finished is kept. Continue with: python -m pipelines.ngram", code=130)
    _no_temporary_files(tmp_path)
    assert not (tmp_path / "run" / "scores.json").exists()
    again = _again(ended.said)
    assert again == ["--out", "run", *flags, "--resume"]
    assert pipeline("ngram", *again).code == 0
    assert pipeline("ngram", "--out", "straight", *flags).code == 0
    run, straight = contents(tmp_path / "run"), contents(tmp_path / "straight")
    assert sorted(run) == sorted(straight)
    assert run["scores.json"] == straight["scores.json"]
    assert run["model.arpa"] == straight["model.arpa"]


def test_interrupted_before_the_run_began(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, flags in (("ngram", NGRAM), ("word2vec", WORDS)):
        with monkeypatch.context() as patch:
            texts.at_call(patch, "nlp.corpora.read", 1, texts.interrupt)
            ended = pipeline(name, "--out", "run", *flags)
        ended.refuses("error: interrupted before the run began; nothing was written", code=130)
        assert sorted(contents(tmp_path)) == ["good.txt"]


@pytest.mark.parametrize("kept", [0, 2])
@pytest.mark.parametrize("engine", ["keras", "gensim"])
def test_interrupted_word_vectors(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, kept: int
) -> None:
    """Bit by bit the vectors of a run that was not."""
    flags = (*WORDS, *EPOCHS, "--engine", engine, "--no-export")
    with monkeypatch.context() as patch:
        texts.at_call(patch, "nlp.embeddings.training_state.write", kept + 1, texts.interrupt)
        ended = pipeline("word2vec", "--out", "run", *flags)
    ended.refuses("interrupted; what was finished is kept. Continue with: python -m pipelines.word2vec", code=130)
    _no_temporary_files(tmp_path)
    assert (tmp_path / "run" / "history.csv").exists() == (kept > 0)
    resumed = pipeline("word2vec", *_again(ended.said))
    assert resumed.code == 0
    assert re.findall(r"epoch (\d)/4", resumed.said) == [str(epoch) for epoch in range(kept + 1, 5)]
    assert pipeline("word2vec", "--out", "straight", *flags).code == 0
    run, straight = tmp_path / "run", tmp_path / "straight"
    assert len(_rows(run)) == 4
    assert _rows(run) == _rows(straight)
    assert (run / "vectors.bin").read_bytes() == (straight / "vectors.bin").read_bytes()
    assert (
        word2vec.read(run / "vectors.kv").vectors.tobytes() == word2vec.read(straight / "vectors.kv").vectors.tobytes()
    )
    assert (run / "scores.json").read_bytes() == (straight / "scores.json").read_bytes()


def test_interrupted_export_of_n_grams(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice, the second time while the first is made good."""
    flags = ["--out", "run", *NGRAM]
    for moment in ("serving.bundle.write", "pipelines.ngram.export._write_mobile"):
        with monkeypatch.context() as patch:
            texts.at_call(patch, moment, 1, texts.interrupt)
            ended = pipeline("ngram", *flags)
        ended.refuses("interrupted; what was finished is kept.", code=130)
        _no_temporary_files(tmp_path)
        flags = _again(ended.said)
    assert pipeline("ngram", *flags).code == 0
    assert [path.name for path in (tmp_path / "run" / "export").iterdir()] == ["1"]
    model = json.loads((tmp_path / "run" / "export" / "1" / "assets.extra" / "model.json").read_text(encoding="utf-8"))
    assert model["scores"] == json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("moment", "size"),
    [
        ("pipelines.record.runs.start", 100),
        ("nlp.vocabulary.encode", 1000),
        ("nlp.ngram.write", 1000),
        ("pipelines.report.assembly.write", 1000),
        ("serving.bundle.write", 1000),
    ],
)
def test_full_disk_of_n_grams(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, size: int
) -> None:
    export = () if moment.startswith("serving") else ("--no-export",)
    with texts.disk_limit() as limit, monkeypatch.context() as patch:
        texts.at_call(patch, moment, 1, lambda: limit(size))
        ended = pipeline("ngram", "--out", "run", *NGRAM, *export)
    ended.refuses(FULL, "free some space, then continue with: python -m pipelines.ngram --out run")
    _no_temporary_files(tmp_path)
    assert (tmp_path / "run").exists() == (moment != "pipelines.record.runs.start")
    assert pipeline("ngram", *_again(ended.said)).code == 0
    assert (tmp_path / "run" / "scores.json").exists()


@pytest.mark.parametrize(
    ("moment", "size"),
    [
        ("pipelines.record.runs.start", 100),
        ("pipelines.word2vec.data.normalise", 1000),
        ("nlp.embeddings.training_state.write", 500),
        ("nlp.word2vec.write", 500),
        ("serving.bundle.write", 1000),
        ("serving.litert.words.convert", 500),
    ],
)
def test_full_disk_of_word_vectors(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, size: int
) -> None:
    export = () if moment.startswith("serving") else ("--no-export",)
    with texts.disk_limit() as limit, monkeypatch.context() as patch:
        texts.at_call(patch, moment, 1, lambda: limit(size))
        ended = pipeline("word2vec", "--out", "run", *WORDS, *EPOCHS, *export)
    ended.refuses(FULL, "free some space, then continue with: python -m pipelines.word2vec --out run")
    _no_temporary_files(tmp_path)
    assert (tmp_path / "run").exists() == (moment != "pipelines.record.runs.start")
    assert pipeline("word2vec", *_again(ended.said)).code == 0
    assert len(_rows(tmp_path / "run")) == 4
    assert (tmp_path / "run" / "mobile" / "parity.json").exists() == (not export)


def test_interrupted_in_a_process_of_its_own(tmp_path: Path) -> None:
    """The same as from a terminal; without --out the message names the folder that was chosen."""
    ended = troubled(tmp_path, "interrupt", "nlp.ngram.count", "ngram", *NGRAM)
    ended.refuses("interrupted; what was finished is kept. Continue with: python -m pipelines.ngram", code=130)
    assert _again(ended.said)[-3:] == ["--out", "runs/ngram-1", "--resume"]
    assert sorted(contents(tmp_path / "runs" / "ngram-1")) == ["config.json", "environment.json"]

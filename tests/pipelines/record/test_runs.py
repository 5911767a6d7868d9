"""The run folder: which one a run gets, what is refused and in which words, and that no write is ever half done."""

import json
import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipelines.flags import RunFlags
from pipelines.record import runs
from pipelines.record.runs import RunError
from pipelines.training.options import TrainingOptions


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """Like a pipeline's."""

    data: str = "digits"
    weights: Path | None = None
    seed: int = 3
    training: TrainingOptions = field(default_factory=TrainingOptions)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`runs/` lies in an empty folder."""
    monkeypatch.chdir(tmp_path)


def _unfinished(folder: Path, config: Config | None = None) -> Path:
    runs.start(folder, config or Config(), fingerprint="abc")
    return folder


def _finished(folder: Path) -> Path:
    _unfinished(folder)
    runs.finish(folder, {"accuracy": 0.5}, hint="try this")
    return folder


def test_the_first_free_number_is_chosen_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert runs.choose("classify", Config()) == Path("runs/classify-1")
    assert capsys.readouterr().out == "run folder: runs/classify-1\n"
    assert not Path("runs").exists()
    _finished(Path("runs/classify-1"))
    _unfinished(Path("runs/classify-3"))
    assert runs.choose("classify", Config()) == Path("runs/classify-2")
    _unfinished(Path("runs/classify-2"))
    assert runs.choose("classify", Config()) == Path("runs/classify-4")
    assert runs.choose("detect", Config()) == Path("runs/detect-1")


def test_resume_without_out_takes_the_newest_unfinished_run() -> None:
    for number, written in ((1, 400), (2, 300), (3, 100), (10, 200)):
        folder = _unfinished(Path(f"runs/classify-{number}"))
        os.utime(folder / "config.json", (written, written))
    _unfinished(Path("runs/detect-1"))
    (Path("runs/classify-1") / runs.FINISHED).touch()
    assert runs.choose("classify", Config(resume=True)) == Path("runs/classify-2")


def test_out_may_be_new_or_empty_or_left_before_the_start(tmp_path: Path) -> None:
    new = tmp_path / "a b" / "ä"
    assert runs.choose("classify", Config(out=new)) == new
    new.mkdir(parents=True)
    assert runs.choose("classify", Config(out=new)) == new
    # A kill between the two files of `start`.
    _unfinished(new)
    (new / "config.json").rename(new / ".config.json.tmp")
    assert runs.choose("classify", Config(out=new)) == new


def test_an_unfinished_run_is_resumed(tmp_path: Path) -> None:
    folder = _unfinished(tmp_path / "run")
    assert runs.choose("classify", Config(out=folder, resume=True)) == folder


REFUSED: list[tuple[str, bool, str]] = [
    ("finished", False, "finished is a finished run; give another --out, or remove it"),
    ("finished", True, "finished is a finished run; give another --out, or remove it"),
    ("unfinished", False, "unfinished is an unfinished run; continue it with --resume, or give another --out"),
    ("something", False, "something exists and is not a run folder; give another --out"),
    ("something", True, "something exists and is not a run folder; give another --out"),
    ("file", False, "file exists and is not a run folder; give another --out"),
    ("nothing", True, "nothing holds no run to resume; leave out --resume to start one"),
    ("empty", True, "empty holds no run to resume; leave out --resume to start one"),
]


@pytest.mark.parametrize(("name", "resume", "message"), REFUSED)
def test_other_folders_are_refused(tmp_path: Path, name: str, resume: bool, message: str) -> None:
    _finished(tmp_path / "finished")
    _unfinished(tmp_path / "unfinished")
    (tmp_path / "something").mkdir()
    (tmp_path / "something" / "letter.txt").write_text("dear")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RunError, match=f"/{message}$"):
        runs.choose("classify", Config(out=tmp_path / name, resume=resume))
    assert sorted(tmp_path.rglob("*")) == before


def test_resume_of_nothing_at_all() -> None:
    with pytest.raises(RunError, match="runs/ holds no unfinished classify run to resume; leave out --resume to start"):
        runs.choose("classify", Config(resume=True))


def test_resume_names_every_changed_field_with_both_values(tmp_path: Path) -> None:
    first = Config(out=tmp_path / "run", weights=Path("a.weights.h5"))
    folder = _unfinished(tmp_path / "run", first)
    changed = replace(first, resume=True, seed=4, weights=None, training=TrainingOptions(epochs=5))
    message = (
        r"changed: seed \(was 3, is 4\), training.epochs \(was None, is 5\), weights \(was 'a.weights.h5', is None\)$"
    )
    with pytest.raises(RunError, match=f"^--resume must continue {folder} with its own configuration; {message}"):
        runs.choose("classify", changed)


def test_changed_data_is_refused(tmp_path: Path) -> None:
    folder = _unfinished(tmp_path / "run")
    written = (folder / "environment.json").stat().st_mtime_ns
    runs.start(folder, Config(resume=True), fingerprint="abc")
    assert (folder / "environment.json").stat().st_mtime_ns == written
    message = f"^the data has changed since {folder} was started; restore it, or start anew with another --out$"
    with pytest.raises(RunError, match=message):
        runs.start(folder, Config(resume=True), fingerprint="abd")


def test_a_start_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    runs.choose("classify", Config(out=tmp_path / "run"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        runs.start(tmp_path / "run", Config(), fingerprint="abc")
    assert not (tmp_path / "run").exists()
    assert runs.under_way() is None


def test_finish_writes_the_scores_and_says_where_everything_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _unfinished(tmp_path / "run")
    assert runs.under_way() == folder
    capsys.readouterr()
    scores = {"accuracy": 0.98765432, "n": 360.0}
    assert runs.finish(folder, scores, hint="serve it: …") == scores
    assert json.loads((folder / "scores.json").read_text()) == scores
    assert capsys.readouterr().out.splitlines() == [
        "accuracy 0.9877  n 360",
        f"report: {folder}/report.html",
        "serve it: …",
        f"run folder: {folder}",
    ]
    assert runs.under_way() is None


def test_the_clock_measures_each_act(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.0, 12.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    clock = runs.Clock()
    clock.lap("reading")
    clock.lap("training")
    assert clock.seconds == {"reading": 2.0, "training": 0.5}


def test_a_folder_that_another_process_started_meanwhile_is_refused(tmp_path: Path) -> None:
    config = Config(out=tmp_path / "run")
    folder = runs.choose("classify", config)
    runs.start(folder, config, fingerprint="a")
    with pytest.raises(runs.RunError, match="was started by another process meanwhile; give another --out"):
        runs.start(folder, config, fingerprint="a")


def test_a_tiny_run_is_not_continued_as_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(out=tmp_path / "run")
    monkeypatch.setenv("PIPELINES_TINY", "1")
    runs.start(runs.choose("classify", config), config, fingerprint="a")
    monkeypatch.delenv("PIPELINES_TINY")
    with pytest.raises(runs.RunError, match=r"changed: PIPELINES_TINY \(was True, is None\)"):
        runs.choose("classify", replace(config, resume=True))

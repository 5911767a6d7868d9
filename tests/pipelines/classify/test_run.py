"""The classify story: its flags, its help without TensorFlow, and a tiny run in this process."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import classify
from pipelines.classify.config import Config
from pipelines.training.options import TrainingOptions

ROOT = Path(__file__).parents[3]
HEAVY = ("tensorflow", "keras", "numpy", "cv2", "sklearn", "matplotlib")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "pipelines.classify", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def _imported(stderr: str) -> set[str]:
    """Top-level names in the lines of `-X importtime`: `import time: self | cumulative | name`."""
    lines = [line for line in stderr.splitlines() if line.startswith("import time:")]
    return {line.split("|")[2].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, ["usage: python -m pipelines.classify", "--training.learning-rate", "photos/"]),
        (["--epoch", "3"], 2, ["--training.epochs"]),
        (["--model", "resnext"], 2, ["--model resnext: unknown model; nearest: resnet"]),
    ],
)
def test_flags_are_answered_before_anything_heavy_is_loaded(words: list[str], code: int, said: list[str]) -> None:
    answered = _run(*words)
    assert answered.returncode == code
    for text in said:
        assert text in answered.stdout + answered.stderr
    assert "Traceback" not in answered.stderr
    imported = _imported(answered.stderr)
    assert {"tyro", "pipelines"} <= imported
    assert not imported & {*HEAVY}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where every run is short."""
    monkeypatch.setenv("PIPELINES_TINY", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_reports_on_the_data_and_trains_nothing(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = classify.run(Config(check=True))
    # 64 examples at most, as many of each of the ten classes.
    assert (found["n"], found["skipped"], found["blank"]) == (60.0, 0.0, 0.0)
    told = capsys.readouterr().out
    assert told.startswith("run folder: runs/classify-check-1\n")
    assert "60 images of 8x8 pixels, 0 left out" in told
    written = sorted(path.name for path in (tiny / "runs" / "classify-check-1").iterdir())
    assert written == ["check.html", "check.json"]


def test_a_run_and_another_from_its_weights(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = classify.run(Config(model="lenet", export=False))
    told = capsys.readouterr().out
    assert told.startswith("run folder: runs/classify-1\n")
    assert told.endswith("no export: --no-export was given, or this model has none\nrun folder: runs/classify-1\n")
    folder = tiny / "runs" / "classify-1"
    assert json.loads((folder / "scores.json").read_text()) == scores
    assert {"accuracy", "log_loss", "expected_calibration_error", "n"} <= scores.keys()
    assert 0 <= scores["accuracy"] <= 1
    with (folder / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    written = {path.name for path in folder.iterdir()}
    assert written == {
        "checkpoints",
        "config.json",
        "environment.json",
        "history.csv",
        "report.html",
        "scores.json",
    }

    # At a rate of almost 0 the second run can only score as the first if it starts from the first one's weights.
    still = TrainingOptions(learning_rate=1e-12, weight_decay=0.0)
    weights = folder / "checkpoints" / "best.weights.h5"
    again = classify.run(Config(model="lenet", export=False, weights=str(weights), training=still))
    assert again == pytest.approx(scores, rel=1e-5)
    afresh = classify.run(Config(model="lenet", export=False, training=still))
    assert abs(afresh["log_loss"] - scores["log_loss"]) > 0.01

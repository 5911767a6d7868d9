"""A run that is killed and resumed ends as one that was left alone."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import warm
from tests.pipelines import kill_at

ROOT = Path(__file__).parents[2]
# Dropout and batch normalisation (in resnet), augmentation and averaged weights: what Keras' own checkpoints do not bring back.
FLAGS = [
    "--model",
    "resnet",
    "--depth",
    "8",
    "--training.epochs",
    "4",
    "--training.ema",
    "0.9",
    "--augment.flip",
    "--training.batch-size",
    "16",
]
PIPELINE = ("-m", "pipelines.classify")


def _run(module: Sequence[str], out: Path, *flags: str, python: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PIPELINES_TINY": ""}
    command = [
        python or warm.python(),
        *module,
        "--data",
        str(out.parent / "data.npz"),
        "--out",
        str(out),
        *FLAGS,
        *flags,
    ]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)


def _killed(moment: str, out: Path, *flags: str, python: str | None = None) -> Path:
    """An unfinished run, left behind by SIGKILL."""
    killed = _run(["-m", "tests.pipelines.kill_at", moment], out, *flags, python=python)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (out / "scores.json").exists()
    return out


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / "history.csv").open(encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 120 real digits, and `whole`, a run that nobody killed."""
    import numpy as np
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("resume")
    digits = load_digits()
    chosen = digits.target < 4
    np.savez(
        folder / "data.npz",
        images=(digits.images[chosen] * 15).astype("uint8")[:120],
        labels=digits.target[chosen][:120],
    )
    finished = _run(PIPELINE, folder / "whole", "--no-export")
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.mark.parametrize("moment", list(kill_at.MOMENTS))
def test_resume_gives_the_uninterrupted_rows_and_scores(workplace: Path, moment: str) -> None:
    flags = [] if moment == "during_export" else ["--no-export"]
    # One of them started as a user starts it, the others from a process that has TensorFlow already.
    python = sys.executable if moment == "inside_an_epoch" else None
    out = _killed(moment, workplace / moment, *flags, python=python)

    refused = _run(PIPELINE, out, *flags)
    assert refused.returncode == 1
    assert "is an unfinished run; continue it with --resume, or give another --out" in refused.stderr

    changed = _run(PIPELINE, out, *flags, "--resume", "--training.learning-rate", "0.5", "--seed", "3")
    assert changed.returncode == 1
    assert "changed: seed (was 0, is 3), training.learning_rate (was 0.002, is 0.5)" in changed.stderr
    assert "Traceback" not in changed.stderr

    resumed = _run(PIPELINE, out, *flags, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert _rows(out) == _rows(workplace / "whole")
    assert json.loads((out / "scores.json").read_text()) == json.loads(
        (workplace / "whole" / "scores.json").read_text()
    )
    assert (out / "export" / "1" / "saved_model.pb").exists() == (moment == "during_export")
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_resume_of_nothing_says_so(workplace: Path) -> None:
    nothing = _run(PIPELINE, workplace / "nothing", "--resume")
    assert nothing.returncode == 1
    assert "holds no run to resume; leave out --resume to start one" in nothing.stderr

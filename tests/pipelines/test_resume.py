"""A run that is killed and resumed tells the same story as one that was left alone."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines import kill_at

# Dropout (in resnet), augmentation and averaged weights: what Keras' own checkpoints do not bring back.
ROOT = Path(__file__).parents[2]
FLAGS = (
    "--model",
    "resnet",
    "--training.epochs",
    "4",
    "--training.ema",
    "0.9",
    "--augment.flip",
    "--training.batch-size",
    "16",
)


def _run(module: list[str], out: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PIPELINES_TINY": ""}
    command = [sys.executable, *module, "--data", str(out.parent / "data.npz"), "--out", str(out), *FLAGS, *flags]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)


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
    finished = _run(["-m", "pipelines.classify"], folder / "whole", "--no-export")
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.mark.parametrize("moment", list(kill_at.MOMENTS))
def test_resume_gives_the_uninterrupted_rows_and_scores(workplace: Path, moment: str) -> None:
    out = workplace / moment
    flags = [] if moment == "during_export" else ["--no-export"]
    killed = _run(["-m", "tests.pipelines.kill_at", moment], out, *flags)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (out / "scores.json").exists()

    refused = _run(["-m", "pipelines.classify"], out, *flags)
    assert refused.returncode == 1
    assert "is an unfinished run; continue it with --resume, or give another --out" in refused.stderr

    resumed = _run(["-m", "pipelines.classify"], out, *flags, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert _rows(out) == _rows(workplace / "whole")
    assert json.loads((out / "scores.json").read_text()) == json.loads(
        (workplace / "whole" / "scores.json").read_text()
    )
    assert (out / "export" / "1" / "saved_model.pb").exists() == (moment == "during_export")
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_resume_names_the_fields_that_changed(workplace: Path) -> None:
    out = workplace / "changed"
    killed = _run(["-m", "tests.pipelines.kill_at", "inside_an_epoch"], out)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    changed = _run(["-m", "pipelines.classify"], out, "--resume", "--training.learning-rate", "0.5", "--seed", "3")
    assert changed.returncode == 1
    assert "changed: seed (was 0, is 3), training.learning_rate (was 0.002, is 0.5)" in changed.stderr
    assert "Traceback" not in changed.stderr


def test_resume_of_nothing_says_so(workplace: Path) -> None:
    nothing = _run(["-m", "pipelines.classify"], workplace / "nothing", "--resume")
    assert nothing.returncode == 1
    assert "holds no run to resume; leave out --resume to start one" in nothing.stderr

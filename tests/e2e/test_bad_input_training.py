"""Bad input that strikes later: a loss that is no number, a disk that fills up, Ctrl-C. What was reached is kept."""

import csv
import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest

from pipelines.training import checkpoints, schedules
from tests import warm
from tests.e2e import pipeline_runs
from tests.e2e.pipeline_runs import (
    FAST,
    Ended,
    Pipeline,
    contents,
    tiny_environment,
    troubled,
    troubled_module,
)
from tests.vision import pictures
from vision import classifiers
from vision.datasets import image_files

pytestmark = pytest.mark.usefixtures("tiny")
CONSTANT = ("--training.schedule", "constant", "--training.warmup-epochs", "0")


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _is_finite(weights: Path) -> bool:
    model = classifiers.build("lenet", (8, 8, 3), classes=10, seed=1)
    checkpoints.load_weights(weights, model)
    return all(np.isfinite(array).all() for array in model.get_weights())


def test_nan_in_the_first_epoch(pipeline: Pipeline, tmp_path: Path) -> None:
    ended = pipeline("classify", "--out", "run", *FAST, *CONSTANT, "--training.learning-rate", "1e30")
    ended.refuses(
        "the loss became NaN or infinite in epoch 1, step 2; no epoch was finished before",
        "Start again with another --out and a lower --training.learning-rate (now 1e+30), set --training.clip-norm",
    )
    assert sorted(contents(tmp_path / "run")) == ["config.json", "environment.json"]


def test_nan_in_the_last_step_of_an_epoch(pipeline: Pipeline, tmp_path: Path) -> None:
    """Only the validation sees it; its weights must not become the checkpoint."""
    flags = (*FAST, *CONSTANT, "--training.learning-rate", "1e30", "--training.batch-size", "64")
    pipeline("classify", "--out", "run", *flags).refuses(
        "NaN or infinite in epoch 1, step 1; no epoch was finished before"
    )
    assert sorted(contents(tmp_path / "run")) == ["config.json", "environment.json"]


def test_nan_after_a_good_epoch(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 38 examples in batches of 16 are three steps an epoch.
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([2], [1e-3, 1e30])
    with monkeypatch.context() as patch:
        patch.setattr(schedules, "learning_rate", lambda how, **_: rates)
        ended = pipeline("classify", "--out", "run", *FAST, "--no-export")
    best = Path("run") / "checkpoints" / "best.weights.h5"
    ended.refuses(
        f"the loss became NaN or infinite in epoch 2, step 2; the best weights so far, of epoch 1, are in {best}"
    )
    assert [row["epoch"] for row in _rows(tmp_path / "run")] == ["1"]
    assert _is_finite(tmp_path / best)
    # With the true rates again, epoch 2 is trained from there.
    assert pipeline("classify", "--out", "run", *FAST, "--no-export", "--resume").code == 0
    assert [row["epoch"] for row in _rows(tmp_path / "run")] == ["1", "2"]


def test_dead_network(pipeline: Pipeline, tmp_path: Path) -> None:
    """Finite, but without any answer: LiteRT's int8 kernels abort the whole process on it."""
    model = classifiers.build("lenet", (8, 8, 3), classes=10, seed=1)
    layer = model.get_layer("conv2")
    layer.set_weights([layer.get_weights()[0], np.full(16, -1000.0)])
    checkpoints.save_weights(tmp_path / "dead.weights.h5", model)
    flags = (*FAST, *CONSTANT, "--training.learning-rate", "1e-9", "--weights", "dead.weights.h5")
    pipeline("classify", "--out", "run", *flags).refuses(
        "the int8 form cannot be run: lenet_1/conv2_1/Relu",
        "gave 0 for every calibration image. These layers are dead, as after a learning rate that was too high: train the model again",
        "What was trained is kept; to score and report it without an export: python -m pipelines.classify --out run",
    )
    assert not (tmp_path / "run" / "mobile").exists()
    assert pipeline("classify", "--out", "run", *flags, "--resume", "--no-export").code == 0
    assert (tmp_path / "run" / "report.html").exists()


TRAINED = ["best.weights.h5", "config.json", "environment.json", "history.csv", "last.npz"]
EXPORTED, CONVERTED = ["export/1", "samples"], ["export/1", "mobile", "samples"]


@pytest.mark.parametrize(
    ("size", "moment", "done", "reached"),
    [
        (50_000, "serving.bundle.write", [], []),
        (20, "serving.bundle.warmup_requests.write", [], []),
        (50_000, "serving.litert.classifier.convert", EXPORTED, EXPORTED),
        (1000, "serving.litert.classifier.parity.compare", EXPORTED, EXPORTED),
        (1000, "pipelines.report.assembly.write", CONVERTED, CONVERTED),
        (10, "pipelines.record.runs.finish", CONVERTED, ["export/1", "mobile", "report.html", "samples"]),
    ],
)
def test_disk_full_after_training(
    digits_run: Path, tmp_path: Path, size: int, moment: str, done: list[str], reached: list[str]
) -> None:
    """On a run that was trained, and as far exported as `done` says."""
    out = pipeline_runs.unfinished(digits_run, tmp_path / "run", [*TRAINED, *done])
    ended = troubled(tmp_path, size, moment, "classify", "--out", "run", *FAST, "--resume", done=done)
    _check_disk_full(ended)
    assert _command(ended.said) == ["python", "-m", "pipelines.classify", "--out", "run", *FAST, "--resume"]
    parts = {name for name in ("export/1", "mobile", "report.html", "samples", "scores.json") if (out / name).exists()}
    assert sorted(parts) == reached
    rest = {Path(name).name for name in contents(out) if not any(name.startswith(part) for part in parts)}
    assert sorted(rest) == TRAINED
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize(("size", "moment"), [(100, "start"), (3000, "pipelines.training.fitting.fit")])
def test_disk_full_before_the_first_checkpoint(pipeline: Pipeline, tmp_path: Path, size: int, moment: str) -> None:
    ended = troubled(tmp_path, size, moment, "classify", "--out", "run", *FAST, "--no-export")
    _check_disk_full(ended)
    again, out = _command(ended.said), tmp_path / "run"
    assert again[:5] == ["python", "-m", "pipelines.classify", "--out", "run"]
    if moment == "start":
        assert not out.exists()
        assert "--resume" not in again
    else:
        assert sorted(contents(out)) == ["config.json", "environment.json"]
        assert again[-1] == "--resume"
    assert pipeline("classify", *again[3:]).code == 0
    assert (out / "scores.json").exists()


def _check_disk_full(ended: Ended) -> None:
    ended.refuses(
        "the disk is full or the file too large", "File too large", "; free some space, then continue with: python -m"
    )
    # No graph of TensorFlow, no list of HDF5 objects.
    assert len(ended.said[ended.said.index("error:") :]) < 500


def test_disk_full_before_the_images_are_read(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More images than fit into memory go to a temporary file, whose place is reserved first."""

    def full(descriptor: int, offset: int, length: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pictures.write_folder(tmp_path / "data", {"cat": 5, "dog": 5})
    monkeypatch.setattr(image_files, "_IN_MEMORY_BYTES", 100)
    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pipeline("classify", "--data", "data", "--out", "run", *FAST).refuses(
        "the disk is full or the file too large ([Errno 28] No space left on device for 0.0 GB of decoded images; "
        "TMPDIR names another folder: ",
        "free some space, then continue with: python -m pipelines.classify --data data --out run",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_interrupt_inside_an_epoch(tmp_path: Path) -> None:
    """Ctrl-C from outside, at no particular step, in a process that a shell started; the command that is printed then ends the run."""
    out = tmp_path / "my runs" / "erster"
    flags = ("--out", out, *FAST, "--training.batch-size", "64", "--training.epochs", "40", "--no-export")
    environment = {**tiny_environment(), "PIPELINES_TINY": ""}
    command = [sys.executable, *troubled_module("interrupt", "never", "classify", *flags)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch 2/"):
                break
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert process.returncode == 130
    assert "error: interrupted; what was finished is kept. Continue with: python -m pipelines.classify" in said
    assert "Traceback" not in said
    reached = len(_rows(out))
    assert 2 <= reached < 40

    again = _command(said)
    assert again[0] == "python"
    ended = subprocess.run(
        [warm.python(), *again[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert f"epoch {reached + 1}/40" in ended.stdout
    assert f"epoch {reached}/40" not in ended.stdout
    assert len(_rows(out)) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["my runs"]


def test_interrupts_during_export(pipeline: Pipeline, tmp_path: Path) -> None:
    """Twice, the second time while the first is made good. Without --out, the message names the folder that was chosen."""
    out = tmp_path / "runs" / "classify-1"
    flags: Sequence[str] = FAST
    for moment in ("serving.bundle.writing._replace", "serving.litert.forms.converted"):
        ended = troubled(tmp_path, "interrupt", moment, "classify", *flags)
        ended.refuses("interrupted; what was finished is kept. Continue with: python -m pipelines.classify", code=130)
        assert not [path for path in out.rglob("*") if path.name.startswith(".")]
        assert not (out / "scores.json").exists()
        flags = _command(ended.said)[3:]
        assert flags[-3:] == ["--out", "runs/classify-1", "--resume"]
    before = (out / "history.csv").read_bytes()
    assert pipeline("classify", *flags).code == 0
    assert (out / "history.csv").read_bytes() == before
    assert json.loads((out / "mobile" / "parity.json").read_text())["n"] == 10


def test_interrupt_before_the_run_began(tmp_path: Path) -> None:
    ended = troubled(tmp_path, "interrupt", "vision.datasets.reading.read_labelled", "classify", *FAST)
    ended.refuses("error: interrupted before the run began; nothing was written", code=130)
    assert not list(tmp_path.iterdir())


def _command(said: str) -> list[str]:
    """The words of the command that a message ends with."""
    return shlex.split(re.split("[Cc]ontinue with: ", said)[1])

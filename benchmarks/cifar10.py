"""Claim: `--model airbench` reaches 0.90 on CIFAR-10's test images within 30 minutes of a CPU (arXiv 2404.00498 is the recipe)."""

from pathlib import Path

import cv2
import numpy as np

from benchmarks import pipeline_runs, record
from benchmarks.record import Claim

RECIPE = [
    *("--model", "airbench", "--augment.flip", "--augment.shift", "0.0625"),
    *("--training.epochs", "12", "--training.batch-size", "512", "--training.precision", "bfloat16"),
    *("--training.optimizer", "sgd", "--training.learning-rate", "1.0", "--training.momentum", "0.85"),
    *("--training.weight-decay", "0", "--training.l2", "6.5e-4", "--training.label-smoothing", "0.2"),
    *("--training.warmup-epochs", "2.5"),
]


def main() -> None:
    """Train where it is not measured yet and write the result."""
    run = pipeline_runs.measured("cifar10-airbench", ["--data", str(as_npz()), *RECIPE])
    record.write(
        "cifar10",
        command="make bench cifar10",
        data="cifar10 (below PIPELINES_DATA): the 10,000 test images, seed 0, exports included",
        claims=[
            Claim(what="test accuracy", measured=run["scores"]["accuracy"], target=0.90, at_least=True),
            Claim(what="time", measured=pipeline_runs.minutes(run), target=30, at_least=False, unit="min"),
            *pipeline_runs.phone_claims(run, of="airbench"),
        ],
        details={"run": run},
    )
    pipeline_runs.forget(["cifar10-airbench"])


def as_npz() -> Path:
    """The strips of 500 images, one below another, as the arrays that `--data` reads."""
    folder, path = pipeline_runs.data("cifar10"), record.WORK / "cifar10.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        classes = (folder / "classes.txt").read_text().split()
        arrays = {f"y_{part}": np.load(folder / f"{part}_labels.npy").astype(np.int64) for part in ("train", "test")}
        arrays |= {f"x_{part}": _strips(sorted(folder.glob(f"{part}_*.webp"))) for part in ("train", "test")}
        unfinished = path.with_name("unfinished.npz")
        np.savez(unfinished, classes=np.array(classes), **arrays)
        unfinished.rename(path)
    return path


def _strips(paths: list[Path]) -> np.ndarray:
    strips = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in paths]
    return np.concatenate([np.asarray(strip, np.uint8).reshape(-1, 32, 32, 3) for strip in strips])

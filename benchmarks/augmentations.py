"""Claims: each kind of augmentation costs less than Keras' layer for it, and moving images raises the accuracy on few photographs.

Time: a batch of 64 images of 224 px, ours and Keras' in turns within one process, medians. Accuracy: whole runs of
`python -m pipelines.classify` on 2,000 training images of CIFAR-10, each kind added to flip and shift.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cifar10, pipeline_runs, record
from benchmarks.record import Claim

NAME = "augmentations"
BATCH, SIDE = 64, 224
TURNS = 15
TRAINING_IMAGES = 2_000
SEEDS = (0,)
RUN = ("--model", "resnet", "--depth", "8", "--no-export")
"""The default recipe: 30 epochs, in which a network of 309,000 weights learns so few images by heart."""
KINDS: dict[str, dict[str, Any]] = {
    "flip": {"flip": True},
    "shift": {"shift": 0.125},
    "crop": {"crop": 0.5},
    "rotate": {"rotate": 15.0},
    "colour": {"colour": 0.3},
    "erase": {"erase": 0.5},
    "mixup": {"mixup": 0.2},
    "cutmix": {"cutmix": 1.0},
    "policy": {"policy": "randaugment"},
}
MOVES = {**KINDS["flip"], **KINDS["shift"], **KINDS["crop"], **KINDS["rotate"]}
"""Timed together as well: ours is then one resampling, as a rotation alone is, and Keras' are four."""
PLAIN = "none"
BASE = "flip and shift"
"""What every kind but these two is added to."""


def main() -> None:
    """Finish the runs that are not measured yet, time every kind, and write the result."""
    data = ["--data", str(_subset())]
    runs_of = {
        name: [pipeline_runs.measured(_part(name, seed), [*data, "--seed", str(seed), *RUN, *flags]) for seed in SEEDS]
        for name, flags in _flags().items()
    }
    means = {name: statistics.mean(run["scores"]["accuracy"] for run in found) for name, found in runs_of.items()}
    times = _times()
    record.write(
        NAME,
        command=f"make bench {NAME}",
        data=f"{BATCH} images of {SIDE} px of random levels; cifar10 (below PIPELINES_DATA): the first {TRAINING_IMAGES:,} training "
        f"images, the 10,000 test images, {' '.join(RUN)}, mean of seeds {SEEDS}",
        claims=[*_time_claims(times), _gain(means)],
        details={"table": _table(times, means), "times": times, "runs": runs_of},
    )
    pipeline_runs.forget([_part(name, seed) for name in runs_of for seed in SEEDS])


def _time_claims(times: dict[str, Any]) -> list[Claim]:
    return [
        Claim(what=f"time of Keras' {found['peer']} / {kind}", measured=found["ratio"], target=1, at_least=True)
        for kind, found in times.items()
    ]


def _gain(means: dict[str, float]) -> Claim:
    gained = means[BASE] - means[PLAIN]
    return Claim(what="accuracy gained by flip and shift", measured=gained, target=0.02, at_least=True)


def _table(times: dict[str, Any], means: dict[str, float]) -> dict[str, Any]:
    """A line for each setting: milliseconds a batch beside Keras', accuracy and what it adds to flip and shift."""
    rows = []
    for name, accuracy in means.items():
        found = times.get(name.removeprefix("+ "), {})
        spent = [f"{found['ours_ms']:.1f}", f"{found['keras_ms']:.1f}", found["peer"]] if found else ["", "", ""]
        rows.append([name, *spent, f"{accuracy:.4f}", f"{accuracy - means[BASE]:+.4f}"])
    found = times["all four moves"]
    rows.append(["all four moves", f"{found['ours_ms']:.1f}", f"{found['keras_ms']:.1f}", found["peer"], "", ""])
    columns = ["augmentation", "ms / 64 images", "Keras, ms", "Keras layer", "accuracy", f"against {BASE}"]
    return {"columns": columns, "rows": rows}


def _flags() -> dict[str, list[str]]:
    """Each measured setting as the flags of `pipelines.classify`."""
    both = {**KINDS["flip"], **KINDS["shift"]}
    settings = {PLAIN: {}, "flip": KINDS["flip"], "shift": KINDS["shift"], BASE: both}
    settings |= {f"+ {name}": {**both, **kind} for name, kind in KINDS.items() if name not in ("flip", "shift")}
    return {name: _words({"shift": 0, **setting}) for name, setting in settings.items()}


def _words(setting: dict[str, Any]) -> list[str]:
    words = []
    for name, value in setting.items():
        words += [f"--augment.{name}"] if value is True else [f"--augment.{name}", str(value)]
    return words


def _part(name: str, seed: int) -> str:
    return f"{NAME}-{name.replace('+ ', 'and ').replace(' ', '-')}-{seed}"


def _subset() -> Path:
    """Fewer training images, whose order is mixed already, and the whole test part."""
    path = record.WORK / f"cifar10-{TRAINING_IMAGES}.npz"
    if not path.exists():
        with np.load(cifar10.as_npz()) as whole:
            x_train, y_train = whole["x_train"][:TRAINING_IMAGES], whole["y_train"][:TRAINING_IMAGES]
            test = {"x_test": whole["x_test"], "y_test": whole["y_test"]}
            unfinished = path.with_name("unfinished.npz")
            np.savez(unfinished, classes=whole["classes"], x_train=x_train, y_train=y_train, **test)
        unfinished.rename(path)
    return path


def _times() -> dict[str, dict[str, Any]]:
    """Milliseconds a batch of ours and of Keras, by kind."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = tf.constant(rng.integers(0, 256, (BATCH, SIDE, SIDE, 3)).astype(np.uint8))
    labels = tf.one_hot(rng.integers(0, 10, BATCH), 10)
    peers = _peers()
    kinds = {**KINDS, "all four moves": MOVES}
    return {
        kind: _pair(_ours(setting), peers[kind], images, labels) | {"peer": peers[kind].name}
        for kind, setting in kinds.items()
    }


def _peers() -> dict[str, Any]:
    """Keras' layer for each kind, as strong as ours."""
    import keras

    layers = keras.layers
    peers = {
        "flip": layers.RandomFlip("horizontal", name="RandomFlip"),
        "shift": layers.RandomTranslation(0.125, 0.125, fill_mode="nearest", name="RandomTranslation"),
        "crop": layers.RandomZoom((-0.3, 0.0), fill_mode="nearest", name="RandomZoom"),
        "rotate": layers.RandomRotation(15 / 360, fill_mode="nearest", name="RandomRotation"),
        "colour": layers.RandomColorJitter(
            brightness_factor=0.3, contrast_factor=0.3, saturation_factor=0.3, name="RandomColorJitter"
        ),
        "erase": layers.RandomErasing(0.5, name="RandomErasing"),
        "mixup": layers.MixUp(0.2, name="MixUp"),
        "cutmix": layers.CutMix(1.0, name="CutMix"),
        "policy": layers.RandAugment(name="RandAugment"),
    }
    moves = [peers[kind] for kind in ("flip", "shift", "crop", "rotate")]
    return {**peers, "all four moves": layers.Pipeline(moves, name="layers")}


def _ours(setting: dict[str, Any]) -> Callable[[Any, Any], Any]:
    import tensorflow as tf

    from vision.augment import batch, draws
    from vision.augment.options import Augmentation

    how = Augmentation(**{"shift": 0, **setting})
    epoch = tf.constant(0, tf.int64)
    return lambda images, labels: batch.augmented(
        images, labels, draws.draw(BATCH, epoch=epoch, seed=0, augmentation=how), how
    )


def _pair(ours: Callable[[Any, Any], Any], layer: Any, images: Any, labels: Any) -> dict[str, float]:
    """Medians of both, compiled, in turns."""
    import tensorflow as tf

    compiled = [
        tf.function(ours),
        tf.function(lambda images, labels: layer({"images": images, "labels": labels}, training=True)),
    ]
    spent: list[list[float]] = [[], []]
    for turn in range(TURNS + 2):
        for run, found in zip(compiled, spent, strict=True):
            started = time.perf_counter()
            run(images, labels)
            if turn > 1:  # the first two warm up
                found.append(1000 * (time.perf_counter() - started))
    mine, theirs = (statistics.median(found) for found in spent)
    return {"ours_ms": mine, "keras_ms": theirs, "ratio": theirs / mine}

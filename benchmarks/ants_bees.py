"""Claim: from MobileNetV2's ImageNet weights, ants and bees are told apart at 0.97 over three seeds, each run within 6 minutes."""

import numpy as np

from benchmarks import pipeline_runs, record
from benchmarks.record import Claim

SEEDS = (0, 1, 2)
# Frozen features: all epochs are the head's.
RECIPE = [
    *("--model", "MobileNetV2", "--augment.flip", "--augment.shift", "0"),
    *("--training.epochs", "15", "--training.head-epochs", "15"),
    *("--training.batch-size", "32", "--training.learning-rate", "4e-3"),
]


def main() -> None:
    """Run the seeds that are not measured yet and write the result."""
    data, file = (
        pipeline_runs.data("ants_bees"),
        pipeline_runs.data("pretrained") / "mobilenet_v2_1.0_224_notop.weights.h5",
    )
    flags = ["--data", str(data), "--weights", str(file), *RECIPE]
    found = [pipeline_runs.measured(_name(seed), [*flags, "--seed", str(seed)]) for seed in SEEDS]
    accuracies = [run["scores"]["accuracy"] for run in found]
    slowest = max(map(pipeline_runs.minutes, found))
    record.write(
        "ants_bees",
        command="make bench ants_bees",
        data="ants_bees and MobileNetV2's weights (below PIPELINES_DATA): 153 photographs that chose nothing within a "
        "run, exports included; square crop, float32 and the rates of the recipe were settled with them in view",
        claims=[
            Claim(what="mean accuracy of 3 seeds", measured=float(np.mean(accuracies)), target=0.97, at_least=True),
            Claim(what="slowest run", measured=slowest, target=6, at_least=False, unit="min"),
            *(
                claim
                for seed, run in zip(SEEDS, found, strict=True)
                for claim in pipeline_runs.phone_claims(run, of=f"seed {seed}")
            ),
        ],
        details={
            "accuracy_sd": float(np.std(accuracies, ddof=1)),
            "runs": dict(zip(map(str, SEEDS), found, strict=True)),
        },
    )
    pipeline_runs.forget([_name(seed) for seed in SEEDS])


def _name(seed: int) -> str:
    return f"ants_bees-{seed}"

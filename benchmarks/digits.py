"""Claim: `python -m pipelines.classify`, without a flag, reaches 0.985 on held-out digits within 120 s, all exports included."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import record

SEEDS = (0, 1, 2)
"""0 is the default, which the claim is about; the others show the spread."""


def main() -> None:
    """Run the seeds that are not measured yet, as a user would, and write the result."""
    runs_of = {seed: _measured(seed) for seed in SEEDS}
    accuracies = [run["scores"]["accuracy"] for run in runs_of.values()]
    default = runs_of[0]
    int8_drop = default["parity"]["keras"]["accuracy"] - default["parity"]["forms"]["int8"]["accuracy"]
    allowed = max(0.005, 1 / default["parity"]["n"])
    record.write(
        "digits",
        command="make bench digits",
        data="built-in digits, 359 held out of 1,797",
        claims=[
            record.Claim(
                what="held-out accuracy, default seed",
                measured=default["scores"]["accuracy"],
                target=0.985,
                at_least=True,
            ),
            record.Claim(
                what="whole command with all exports", measured=default["seconds"], target=120, at_least=False, unit="s"
            ),
            record.Claim(what="loss of accuracy by int8", measured=int8_drop, target=round(allowed, 5), at_least=False),
        ],
        details={
            "accuracy_mean": float(np.mean(accuracies)),
            "accuracy_sd": float(np.std(accuracies, ddof=1)),
            "runs": {str(seed): run for seed, run in runs_of.items()},
        },
    )
    for seed in SEEDS:
        _part(seed).unlink()


def _part(seed: int) -> Path:
    return record.WORK / f"digits-{seed}.json"


def _measured(seed: int) -> dict[str, Any]:
    """One whole run in its own process; read back when an earlier call measured it."""
    part = _part(seed)
    if not part.exists():
        part.parent.mkdir(parents=True, exist_ok=True)
        folder = record.WORK / f"digits-{seed}-{time.time_ns()}"
        started = time.perf_counter()
        command = [sys.executable, "-m", "pipelines.classify", "--seed", str(seed), "--out", str(folder)]
        subprocess.run(command, check=True, cwd=record.ROOT)
        seconds = round(time.perf_counter() - started, 1)
        found = {
            name: json.loads((folder / path).read_text())
            for name, path in (("scores", "scores.json"), ("parity", "mobile/parity.json"))
        }
        part.write_text(json.dumps({"seconds": seconds, **found}))
    result: dict[str, Any] = json.loads(part.read_text())
    return result

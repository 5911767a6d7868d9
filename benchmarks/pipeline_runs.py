"""A pipeline as a user runs it, in a process of its own, measured once and then read back."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.record import Claim


def data(name: str) -> Path:
    """A data set below PIPELINES_DATA. Exits with a message where there is none."""
    root = os.environ.get("PIPELINES_DATA")
    if not root or not (Path(root) / name).exists():
        sys.exit(f"PIPELINES_DATA is {root!r}; expected the folder that holds {name}")
    return Path(root) / name


def measured(name: str, flags: Sequence[str], *, pipeline: str = "classify") -> dict[str, Any]:
    """The run's seconds, CPU seconds, scores, comparison of the phone files, and history; `name` tells it from others.

    A run that an earlier call finished with these flags is read back; one that was stopped starts anew, so that its time is whole.
    """
    part, folder = _part(name), record.WORK / name
    if not part.exists() or json.loads(part.read_text())["flags"] != _shown(flags):
        shutil.rmtree(folder, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        started, before = time.perf_counter(), _cpu_seconds()
        command = [sys.executable, "-m", f"pipelines.{pipeline}", *flags, "--out", str(folder)]
        subprocess.run(command, check=True, cwd=record.ROOT)
        seconds = {
            "seconds": round(time.perf_counter() - started, 1),
            "cpu_seconds": round(_cpu_seconds() - before, 1),
        }
        part.write_text(json.dumps({"flags": _shown(flags), **seconds, "commit": record.commit(), **_found(folder)}))
    result: dict[str, Any] = json.loads(part.read_text())
    return result


def forget(names: Sequence[str]) -> None:
    """Remove the parts, once they are in the result."""
    for name in names:
        _part(name).unlink()


def phone_claims(run: dict[str, Any], *, of: str) -> list[Claim]:
    """Claims about the phone files of a run: what int8 loses, and how often float LiteRT and Keras agree."""
    parity = run["parity"]
    count, forms = parity["n"], parity["forms"]
    drop = parity["reference"]["scores"]["accuracy"] - forms["int8"]["scores"]["accuracy"]
    return [
        Claim(
            what=f"{of}: loss of accuracy by int8",
            measured=drop,
            target=round(max(0.005, 1 / count), 5),
            at_least=False,
        ),
        Claim(
            what=f"{of}: float LiteRT agrees with Keras",
            measured=forms["float32"]["agreement"],
            target=round(min(0.999, 1 - 1 / count), 5),
            at_least=True,
        ),
    ]


def minutes(run: dict[str, Any]) -> float:
    """Minutes of the whole command by the clock."""
    return round(float(run["seconds"]) / 60, 2)


def _shown(flags: Sequence[str]) -> str:
    """The flags without the paths of this machine."""
    text = " ".join(flags).replace(str(record.WORK), "build/bench")
    return text.replace(os.environ.get("PIPELINES_DATA") or "$PIPELINES_DATA", "$PIPELINES_DATA")


def _found(folder: Path) -> dict[str, Any]:
    paths = {"scores": "scores.json", "parity": "mobile/parity.json"}
    found = {name: json.loads((folder / path).read_text()) for name, path in paths.items() if (folder / path).exists()}
    history = folder / "history.csv"
    return {**found, "history": history.read_text().splitlines() if history.exists() else []}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _part(name: str) -> Path:
    return record.WORK / f"{name}.json"

"""A benchmark's result as JSON: what was claimed, measured, where, and whether it holds."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.record import environment, files

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "build" / "bench"
"""Unfinished measurements, which the next `make bench NAME` continues."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One number and its target."""

    what: str
    measured: float
    target: float
    at_least: bool
    """Whether the measured value must reach the target from below or stay under it."""
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the claim holds."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def write(name: str, *, command: str, data: str, claims: Sequence[Claim], details: dict[str, Any]) -> Path:
    """Write results/<name>.json with commit, date and machine, and print the claims."""
    result = {
        "name": name,
        "command": command,
        "data": data,
        "claims": [{**asdict(claim), "verdict": "met" if claim.met else "missed"} for claim in claims],
        "details": details,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "processor": environment.processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "tensorflow": environment.version("tensorflow"),
            "keras": environment.version("keras"),
        },
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    files.write_json(path, result)
    for claim in claims:
        sign = ">=" if claim.at_least else "<="
        verdict = "met" if claim.met else "missed"
        print(f"{name}: {claim.what}: {claim.measured:.4g} {claim.unit} ({sign} {claim.target:g}: {verdict})")
    return path


def read() -> list[dict[str, Any]]:
    """All results, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]


def commit() -> str:
    """Short hash of what is checked out; `+` when tracked files differ from it."""
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "-uno", "--", ":!benchmarks/results", ":!docs/benchmarks.md"],
        capture_output=True,
        text=True,
        check=False,
    )
    return (found.stdout.strip() or "unknown") + ("+" if changed.stdout.strip() else "")

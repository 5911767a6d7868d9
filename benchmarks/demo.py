"""Claims: on a clean clone `make demo` takes at most 6 minutes with set-up and 3 without, and `--help` answers within half a second."""

import shutil
import subprocess
import sys
import time

from benchmarks import record


def main() -> None:
    """Clone the committed code, run `make demo` twice there, time `--help`, and write the result."""
    clone = record.WORK / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(record.ROOT), str(clone)], check=True)
    first, second = (_seconds(["make", "-C", str(clone), "demo"]) for _ in range(2))
    helps = [_seconds([sys.executable, "-m", "pipelines.classify", "--help"]) for _ in range(5)]
    record.write(
        "demo",
        command="make bench demo",
        data="built-in digits, clean clone",
        claims=[
            record.Claim(what="make demo with set-up", measured=first, target=360, at_least=False, unit="s"),
            record.Claim(what="make demo again", measured=second, target=180, at_least=False, unit="s"),
            record.Claim(what="--help, slowest of 5", measured=max(helps), target=0.5, at_least=False, unit="s"),
        ],
        details={"help_seconds": helps},
    )
    shutil.rmtree(clone)


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=record.ROOT, stdout=subprocess.DEVNULL)
    return round(time.perf_counter() - started, 3)

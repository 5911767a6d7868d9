"""The run folder: chosen, started or resumed, finished. Every write is atomic: a kill leaves the old or the new state."""

import dataclasses
import json
import shlex
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines import flags
from pipelines.flags import RunFlags
from pipelines.record import environment, files

FINISHED = "scores.json"
"""Written last: a folder that holds it is a finished run."""
_LOOKS = {"check.json", "check.html", "learning_rate.json", "learning_rate.csv", "learning_rate.png"}
_BEFORE_THE_START = {*_LOOKS, "environment.json", ".environment.json.tmp", ".config.json.tmp"}
"""What `--check`, `--find-learning-rate`, or a process that was killed inside `start`, may leave."""
_under_way: list[Path] = []


class RunError(ValueError):
    """A run cannot start or go on; the message says what was found and what to do."""


def choose(pipeline: str, config: RunFlags) -> Path:
    """The folder of this run: `--out`, or the first free `runs/<pipeline>-<n>`; nothing is written yet.

    With `--resume` and no `--out`: the newest unfinished run of the pipeline. Raises RunError for a finished folder, an unfinished one
    without `--resume`, one that holds something else, and for `--resume` without anything to resume.
    """
    folder = config.out or (_newest_unfinished(pipeline) if config.resume else _first_free(pipeline))
    if (folder / FINISHED).exists():
        raise RunError(f"{folder} is a finished run; give another --out, or remove it")
    started = (folder / "config.json").exists() and (folder / "environment.json").exists()
    if not started and folder.exists() and _holds_something(folder):
        raise RunError(f"{folder} exists and is not a run folder; give another --out")
    if config.resume and not started:
        raise RunError(f"{folder} holds no run to resume; leave out --resume to start one")
    if started and not config.resume:
        raise RunError(f"{folder} is an unfinished run; continue it with --resume, or give another --out")
    if started:
        _refuse_changes(folder, config)
    _under_way.clear()
    print(f"run folder: {folder}", flush=True)
    return folder


def under_way() -> Path | None:
    """The folder that this process has started or resumed and not finished: what `--resume` can continue after a failure."""
    return _under_way[0] if _under_way else None


def start(folder: Path, config: RunFlags, *, fingerprint: str) -> None:
    """Create the folder with config.json and environment.json; when resuming, hold the data to its fingerprint. Raises RunError."""
    if (folder / "config.json").exists():
        if not config.resume:
            raise RunError(f"{folder} was started by another process meanwhile; give another --out")
        before = json.loads((folder / "environment.json").read_text(encoding="utf-8"))["data_fingerprint"]
        if before != fingerprint:
            raise RunError(
                f"the data has changed since {folder} was started; restore it, or start anew with another --out"
            )
    else:
        _create(folder, config, fingerprint=fingerprint)
    _under_way[:] = [folder]


def finish(folder: Path, scores: Mapping[str, float], *, hint: str) -> dict[str, float]:
    """Write scores.json, print the scores, where everything lies and what to try next, and return the scores."""
    files.write_json(folder / FINISHED, dict(scores))
    _under_way.clear()
    print("  ".join(f"{name} {value:.4g}" for name, value in scores.items()))
    print(f"report: {folder / 'report.html'}\n{hint}\nrun folder: {folder}", flush=True)
    return dict(scores)


def hint(folder: Path, asked: str) -> str:
    """What to do with a finished run, as commands; `asked`, quoted for a shell, is what its model can be tried on."""
    if not (folder / "export").is_dir():
        return "no export: --no-export was given, or this model has none"
    name, base, run = (shlex.quote(str(word)) for word in (folder.name, folder / "export", folder))
    serve = f"python -m serving --model_name={name} --model_base_path={base} --rest_api_port=8501"
    return f"serve it: {serve}\ntry it:   python -m serving.predict {run} {asked}"


def _create(folder: Path, config: RunFlags, *, fingerprint: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        files.write_json(
            folder / "environment.json", environment.environment(seed=config.seed, fingerprint=fingerprint)
        )
        # Last, since its presence makes the folder a run.
        files.write_json(folder / "config.json", _plain(config))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _holds_something(path: Path) -> bool:
    return not path.is_dir() or any(child.name not in _BEFORE_THE_START for child in path.iterdir())


def _first_free(pipeline: str) -> Path:
    number = 1
    while (Path("runs") / f"{pipeline}-{number}").exists():
        number += 1
    return Path("runs") / f"{pipeline}-{number}"


def _newest_unfinished(pipeline: str) -> Path:
    started = [
        path.parent for path in Path("runs").glob(f"{pipeline}-*/config.json") if not (path.parent / FINISHED).exists()
    ]
    if not started:
        raise RunError(
            f"runs/ holds no unfinished {pipeline} run to resume; leave out --resume to start one, or name it with --out"
        )
    return max(started, key=lambda folder: (folder / "config.json").stat().st_mtime)


def _refuse_changes(folder: Path, config: RunFlags) -> None:
    before, now = json.loads((folder / "config.json").read_text(encoding="utf-8")), _plain(config)
    changed = [
        f"{name} (was {before.get(name)!r}, is {now.get(name)!r})"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise RunError(f"--resume must continue {folder} with its own configuration; changed: {', '.join(changed)}")


def _plain(config: RunFlags) -> dict[str, Any]:
    """Flag names and JSON values; `training.epochs` for nested ones. What may differ on `--resume` is left out."""
    flat: dict[str, Any] = {}
    for name, value in json.loads(json.dumps(dataclasses.asdict(config), default=str)).items():
        if name in flags.compared(config):
            flat |= {f"{name}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {name: value}
    if flags.tiny():
        flat["PIPELINES_TINY"] = True
    return flat


class Clock:
    """Seconds of each step, for the report."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """End a step that began at the last lap."""
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now

"""pipelines.record.environment: environment.json: versions, machine and seed, on which a result depends beside the configuration."""

import json
import os
import platform
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from pipelines.flags import RunFlags
from pipelines.record import environment as record_environment
from pipelines.record import runs
from pipelines.training.options import TrainingOptions


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """Like a pipeline's."""

    data: str = "digits"
    weights: Path | None = None
    seed: int = 3
    training: TrainingOptions = field(default_factory=TrainingOptions)


def _unfinished(folder: Path, config: Config | None = None) -> Path:
    runs.start(folder, config or Config(), fingerprint="abc")
    return folder


def test_start_writes_what_the_run_was_told_and_depends_on(tmp_path: Path) -> None:
    folder = _unfinished(tmp_path / "deep" / "run", Config(weights=Path("ä.weights.h5"), resume=False))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config.keys() >= {"data", "seed", "weights", "training.epochs", "training.learning_rate"}
    assert not config.keys() & {"out", "resume", "check", "training"}
    assert (config["data"], config["weights"], config["training.clip_norm"]) == ("digits", "ä.weights.h5", None)

    environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    assert environment.keys() == {"python", "packages", "machine", "seed", "data_fingerprint"}
    assert (environment["seed"], environment["data_fingerprint"]) == (3, "abc")
    assert environment["python"] == platform.python_version()
    assert environment["packages"]["keras"] == metadata.version("keras")
    assert environment["packages"]["opencv-python-headless"] == metadata.version("opencv-python-headless")
    assert environment["machine"]["cores"] == os.cpu_count()
    assert environment["machine"]["processor"] == record_environment.processor()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "environment.json"]

"""pipelines.record.files: files of the run folder, written atomically: a kill leaves the old or the new state."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.record import environment as record_environment
from pipelines.record import files


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    files.write_bytes(tmp_path / "state", b"old")
    monkeypatch.setattr(os if call == "fsync" else Path, call, fail)
    with pytest.raises(KeyboardInterrupt):
        files.write_bytes(tmp_path / "state", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("state", b"old")]


def test_a_write_reaches_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        events.append(f"fsync {os.fstat(descriptor).st_size}")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        events.append(f"{path.name} to {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    files.write_bytes(tmp_path / "state", b"12345")
    assert events == ["fsync 5", ".state.tmp to state"]


def test_json_and_csv(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"name": "grün", "path": Path("b"), "broken": "caf\udce9"})
    assert "grün" in (tmp_path / "a.json").read_text(encoding="utf-8")
    content = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert content == {"name": "grün", "path": "b", "broken": "caf\udce9"}
    files.write_csv(tmp_path / "a.csv", [{"epoch": 1.0, "loss": 1 / 3}, {"epoch": 2.0, "loss": 1e-12}])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["epoch", "loss"], ["1", "0.3333333333"], ["2", "1e-12"]]


def test_versions_and_removal(tmp_path: Path) -> None:
    assert record_environment.version("no-such-package-here") == "absent"
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    for name in ("folder", "file", "absent"):
        files.remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []

"""Locks, extras and the files that a fresh machine relies on."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-serving.lock", "requirements-phone.lock")
TRAINING_ONLY = {"scikit-learn", "matplotlib", "tyro", "ai-edge-litert", "pytest", "ruff", "mypy", "pillow", "uv"}


def _locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_index_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 20
    for line in lines:
        assert not line.startswith("--"), line
        assert "://" not in line, line


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9._-]+==[^\n]*(?:\n +[^\n]*)*", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 10
    assert all("--hash=sha256:" in pin for pin in pins)


def test_a_serving_machine_installs_no_training_code() -> None:
    serving, everything = _locked("requirements-serving.lock"), _locked("requirements.lock")
    assert {"tensorflow", "orjson", "uvicorn", "numpy"} <= set(serving)
    assert not TRAINING_ONLY & set(serving)
    assert set(everything) >= TRAINING_ONLY
    assert all(everything[name] == version for name, version in serving.items())


def test_the_lock_holds_every_dependency_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["train"], *extras["dev"]]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in wanted}
    assert len(names) > 15
    assert names <= set(_locked("requirements.lock"))
    assert project["requires-python"] == ">=3.11,<3.14"


def test_the_changelog_has_an_entry_for_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_ci_runs_the_three_targets() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    positions = [script.index(f"\nmake {target}\n") for target in ("check", "test", "demo")]
    assert positions == sorted(positions)

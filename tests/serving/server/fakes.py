"""Stand-ins for models and their loader, for the tests of the repository: no TensorFlow, threads held by events."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

from serving.saved_model import LoadedModel
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State

SECONDS = 10.0
"""Longest wait for something that must happen."""


class FakeModel:
    """Something that can be run and closed, and knows when both happen together."""

    def __init__(self, name: str, loader: "FakeLoader") -> None:
        self.name = name
        self.closed = 0
        self._loader = loader

    def run(self) -> str:
        assert not self.closed, f"{self.name} was called after it was closed"
        return self.name

    def close(self) -> None:
        if (held := self._loader.held_closes.get(self.name)) is not None:
            assert held.wait(SECONDS)
        self.closed += 1
        self._loader.events.append(f"close {self.name}")


class FakeLoader:
    """Loads stand-ins called "<model>/<version>", and remembers what was asked of it."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        """Loads of these names wait for their event."""
        self.held_closes: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {}
        """Set when the load of the name begins."""
        self.events: list[str] = []
        self.models: dict[str, list[FakeModel]] = {}

    def __call__(self, config: ModelConfig, folder: Path) -> LoadedModel:
        name = f"{config.name}/{folder.name}"
        self.events.append(f"load {name}")
        if name in self.begun:
            self.begun[name].set()
        if name in self.held:
            assert self.held[name].wait(SECONDS)
        if name in self.broken:
            raise ValueError(f"{name} is broken")
        model = FakeModel(name, self)
        self.models.setdefault(name, []).append(model)
        return cast(LoadedModel, model)

    def hold(self, name: str) -> tuple[threading.Event, threading.Event]:
        """Let the load of `name` wait: the event set when it begins, and the one that lets it go on."""
        self.begun[name], self.held[name] = threading.Event(), threading.Event()
        return self.begun[name], self.held[name]


def make_versions(base_path: Path, *names: str | int) -> Path:
    """A base path with empty version folders."""
    for name in names:
        (base_path / str(name)).mkdir(parents=True)
    return base_path


def states(repository: Repository, name: str = "m") -> dict[int, State]:
    """The state of each listed version, highest first."""
    return {version.number: version.state for version in repository.status(ModelSpec(name=name))}


def run(repository: Repository, spec: ModelSpec) -> str:
    """One call: the name of the stand-in that answered."""
    with repository.use(spec) as version:
        return cast(FakeModel, version.model).run()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something that another thread does has happened."""
    ticks = threading.Event()
    for _ in range(int(SECONDS / 0.001)):
        if condition():
            return
        ticks.wait(0.001)
    raise AssertionError(f"Nothing happened within {SECONDS} s.")

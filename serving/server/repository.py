"""The models that are served: looks for versions on disk, loads and swaps them, and hands them out to calls."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from serving.saved_model import LoadedModel
from serving.server import errors, versions
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.versions import State, Version

log = logging.getLogger(__name__)

Loader = Callable[[Path], LoadedModel]
"""Loads and warms up the version in a folder."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What a call asks for: a model and, if it says so, one version or one label."""

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        """As TensorFlow Serving prints a servable request."""
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"


class Repository:
    """Models by name, each with the highest version of its base path; a new version is ready before the old one goes."""

    def __init__(
        self, base_paths: Mapping[str, Path], load: Loader, *, retries: int = 5, retry_seconds: float = 60.0
    ) -> None:
        self._base_paths = dict(base_paths)
        self._load = load
        self._retries = retries
        self._retry_seconds = retry_seconds
        self._versions: dict[str, dict[int, Version]] = {name: {} for name in base_paths}
        self._changed = threading.Condition()

    @contextmanager
    def use(self, spec: ModelSpec) -> Iterator[Version]:
        """The version that `spec` means; it stays loaded for the length of the `with` block. ServingError if none."""
        with self._changed:
            version = self._find(spec)
            version.runs += 1
        try:
            yield version
        finally:
            with self._changed:
                version.runs -= 1
                self._changed.notify_all()

    def status(self, spec: ModelSpec) -> list[Version]:
        """Copies of the versions that were ever loaded, highest first; a label is not looked at, as in TensorFlow Serving."""
        with self._changed:
            known = [replace(version) for version in self._versions.get(spec.name, {}).values()]
        known.sort(key=lambda version: -version.number)
        if spec.version is not None:
            known = [version for version in known if version.number == spec.version]
            if not known:
                message = f"Could not find version {spec.version} of model {spec.name}"
                raise ServingError(Code.NOT_FOUND, message)
        if not known:
            raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        return known

    def ready(self) -> bool:
        """Whether every model has an available version."""
        with self._changed:
            return all(
                any(version.state is State.AVAILABLE for version in known.values()) for known in self._versions.values()
            )

    def refresh(self) -> list[ServingError]:
        """Look at the base paths once, load what is new and unload what it replaces; the errors of this look."""
        problems = []
        for name, base_path in self._base_paths.items():
            try:
                found = versions.scan(base_path)
                self._aim(name, max(found), found[max(found)])
            except (ServingError, OSError) as error:
                # Whatever is loaded stays loaded: a base path that vanishes for a moment must not end the service.
                problems.append(errors.from_exception(error))
        return problems

    def poll(self, seconds: float, stop: threading.Event, report: Callable[[ServingError], None]) -> None:
        """Refresh every `seconds` until `stop`; `report` hears of each new error once."""
        told: set[str] = set()
        while not stop.wait(seconds):
            problems = self.refresh()
            for problem in problems:
                if str(problem) not in told:
                    report(problem)
            told = {str(problem) for problem in problems}

    def close(self) -> None:
        """Unload everything."""
        for name, known in self._versions.items():
            for version in known.values():
                if version.state is State.AVAILABLE:
                    self._unload(name, version)

    def _find(self, spec: ModelSpec) -> Version:
        """The available version that `spec` means."""
        if spec.label is not None:
            raise invalid_argument(f"Unrecognized servable version label: {spec.label}")
        known = self._versions.get(spec.name, {})
        available = [number for number, version in known.items() if version.state is State.AVAILABLE]
        number = max(available, default=None) if spec.version is None else spec.version
        if number is None or number not in available:
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {spec}")
        return known[number]

    def _aim(self, name: str, number: int, folder: Path) -> None:
        """Make `number` the one loaded version of a model."""
        version = self._tracked(name, number, folder)
        if version.state is not State.AVAILABLE:
            self._load_version(name, version)
        for other in list(self._versions[name].values()):
            if other is not version and other.state is State.AVAILABLE:
                self._unload(name, other)

    def _tracked(self, name: str, number: int, folder: Path) -> Version:
        """The record of a version, new when it was never seen or was unloaded without an error."""
        with self._changed:
            version = self._versions[name].get(number)
            if version is None or (version.state is State.END and version.error is None):
                version = self._versions[name][number] = Version(number, folder)
            return version

    def _load_version(self, name: str, version: Version) -> None:
        """Load one version, or raise why not; a failed load is tried again after a while, a few times."""
        if version.error is not None and (version.failures > self._retries or time.monotonic() < version.retry_at):
            raise version.error.with_traceback(None)  # else each look at the disk would lengthen it
        with self._changed:
            version.state = State.LOADING
        try:
            loaded = self._load(version.folder)
        except Exception as error:  # whatever is wrong with a model, the server and the other models go on
            cause = errors.from_exception(error)
            problem = ServingError(cause.code, f"Model {name}, version {version.number}: {cause.message}")
            with self._changed:
                version.state, version.error = State.END, problem
                version.failures += 1
                version.retry_at = time.monotonic() + self._retry_seconds
            raise problem from error
        with self._changed:
            version.loaded, version.error, version.failures = loaded, None, 0
            version.state = State.AVAILABLE
        log.info("Loaded model %s, version %d.", name, version.number)

    def _unload(self, name: str, version: Version) -> None:
        """Let the calls under way finish, then free the model."""
        with self._changed:
            version.state = State.UNLOADING
            self._changed.wait_for(lambda: version.runs == 0)
        version.model.close()  # takes a while, and calls on other versions go on
        with self._changed:
            version.loaded, version.state = None, State.END
        log.info("Unloaded model %s, version %d.", name, version.number)

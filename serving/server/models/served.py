"""One served model: its versions, the one that answers by default, and its labels."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from operator import attrgetter

from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.config import ModelConfig
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State, Version

MOST_ENDED = 100
"""Unloaded versions of one model that stay listed; TensorFlow Serving lists all, so its answers grow without limit."""


@dataclass(eq=False, slots=True)
class ServedModel:
    """A model's versions by number; callers of the methods hold the lock of the repository."""

    config: ModelConfig
    versions: dict[int, Version] = field(default_factory=dict)
    current: Version | None = None
    """The highest available version: it answers calls that name none."""

    def publish(self, wanted: Collection[int]) -> list[Version]:
        """Make loaded versions available; once all `wanted` ones are, begin to unload the others, and return these."""
        for version in self.versions.values():
            if version.state is State.LOADING and version.loaded is not None:
                version.state = State.AVAILABLE
        available = self._available()
        leaving = []
        if {version.number for version in available}.issuperset(wanted):
            leaving = [version for version in available if version.number not in wanted]
        return self._leave(leaving)

    def retire(self) -> list[Version]:
        """Begin to unload all available versions, and return them."""
        return self._leave(self._available())

    def copies(self) -> list[Version]:
        """Copy the versions, highest first."""
        return sorted(map(replace, self.versions.values()), key=attrgetter("number"), reverse=True)

    def inherit(self, older: "ServedModel") -> None:
        """List the versions of the older model of the same name too."""
        self.versions = {**older.versions, **self.versions}

    def forget(self) -> None:
        """Drop the records of versions that were unloaded long ago."""
        ended = [number for number, version in self.versions.items() if version.state is State.END]
        for number in sorted(ended)[: max(0, len(ended) - MOST_ENDED)]:
            del self.versions[number]

    def _available(self) -> list[Version]:
        return [version for version in self.versions.values() if version.state is State.AVAILABLE]

    def _leave(self, leaving: list[Version]) -> list[Version]:
        """Give these versions to no further call."""
        for version in leaving:
            version.leave()
        self.current = max(self._available(), key=attrgetter("number"), default=None)
        return leaving


def find(model: ServedModel | None, spec: ModelSpec) -> Version:
    """Find the available version that `spec` means. Raises ServingError with TensorFlow Serving's words when there is none."""
    number = spec.version
    if spec.label is not None:
        number = model.config.labels.get(spec.label) if model else None
        if number is None:
            raise invalid_argument(f"Unrecognized servable version label: {spec.label}")
    if model is not None:
        version = model.current if number is None else model.versions.get(number)
        if version is not None and version.state is State.AVAILABLE:
            return version
    meant = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
    raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {meant}")


def listed(model: ServedModel | None, spec: ModelSpec) -> list[Version]:
    """Copy the known versions of a model, highest first, or the one that `spec` names; a label is ignored.

    Raises ServingError when there is none, as TensorFlow Serving does.
    """
    known = model.copies() if model is not None else []
    if spec.version is not None:
        known = [version for version in known if version.number == spec.version]
        if not known:
            raise ServingError(Code.NOT_FOUND, f"Could not find version {spec.version} of model {spec.name}")
    if not known:
        raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
    return known

"""What one model is to become: the versions that its config asks for, and how far they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.finding import VersionFinder, of_model
from serving.server.models.served import ServedModel
from serving.server.models.versions import State, Version


@dataclass(frozen=True)
class Change:
    """A step towards a config; the caller of its methods holds the lock of the repository."""

    config: ModelConfig
    model: ServedModel
    wanted: dict[int, Path]
    """The folders of the versions to serve, highest first."""
    required: bool = False
    """Whether the config cannot be followed without one of these versions."""
    versions: list[Version] = field(default_factory=list)
    """The records of the wanted versions, see `track`."""

    def track(self) -> None:
        """Fill in `versions`: the records that are there, new ones for versions never seen or unloaded before."""
        for number, folder in self.wanted.items():
            version = self.model.versions.get(number)
            ended = version is not None and version.state is State.END and version.error is None
            if version is None or ended or version.state is State.UNLOADING:
                version = self.model.versions[number] = Version(self.config.name, number, folder)
            self.versions.append(version)

    def publish(self) -> list[Version]:
        """Make what was loaded available; the versions that leave for it."""
        return self.model.publish(self.wanted)

    def failed(self) -> bool:
        """Whether none of the versions was loaded, though the config cannot be followed without."""
        return self.required and all(version.loaded is None for version in self.versions)

    def problems(self) -> list[ServingError]:
        """Why versions are not served, for the log."""
        return [
            ServingError(error.code, f"Model {version.name}, version {version.number}: {error.message}")
            for version in self.versions
            if (error := version.error) is not None
        ]


def not_available(changes: Iterable[Change], what: str) -> ServingError:
    """As TensorFlow Serving names the versions that it waited for in vain: "servable" at the start, "model" later."""
    failed = [version for change in changes for version in change.versions]
    listed = "".join(
        f"{{{{name: {version.name} version: {version.number}}} due to error: {version.error}}}, " for version in failed
    )
    return ServingError(Code.UNKNOWN, f"{len(failed)} {what}(s) did not become available: {{{listed}}}")


def step(config: ModelConfig, model: ServedModel | None, finder: VersionFinder) -> Change | None:
    """Find what a config asks of its model; None when an unchanged model's folder cannot be looked at just now. Raises ServingError."""
    same = model is not None and (model.config.base_path, model.config.policy) == (config.base_path, config.policy)
    try:
        wanted = finder.find(config, required=not same)
    except (ServingError, OSError) as error:
        if same:
            return None
        raise of_model(config.name, error) from error
    if model is None or model.config.base_path != config.base_path:
        model = ServedModel(config)
    return Change(config, model, wanted, required=not same)

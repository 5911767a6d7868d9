"""Steps of a model towards its config: the versions that the config asks for, and how far they are."""

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
    """A step of one model towards its config; callers of the methods hold the lock of the repository."""

    config: ModelConfig
    model: ServedModel
    wanted: dict[int, Path]
    """The folders of the versions to serve, highest first."""
    required: bool = False
    """Whether the config fails when none of these versions loads."""
    versions: list[Version] = field(default_factory=list)
    """The records of the wanted versions; `track` fills them in."""

    def track(self) -> None:
        """Fill in `versions`: existing records, and new ones for versions that are new or were unloaded."""
        for number, folder in self.wanted.items():
            version = self.model.versions.get(number)
            ended = version is not None and version.state is State.END and version.error is None
            if version is None or ended or version.state is State.UNLOADING:
                version = self.model.versions[number] = Version(self.config.name, number, folder)
            self.versions.append(version)

    def publish(self) -> list[Version]:
        """Make the loaded versions available, and return the versions to unload."""
        return self.model.publish(self.wanted)

    def failed(self) -> bool:
        """Whether the config fails because none of its versions was loaded."""
        return self.required and all(version.loaded is None for version in self.versions)

    def problems(self) -> list[ServingError]:
        """List the errors of versions that are not served, for the log."""
        return [
            ServingError(error.code, f"Model {version.name}, version {version.number}: {error.message}")
            for version in self.versions
            if (error := version.error) is not None
        ]


def not_available(changes: Iterable[Change], what: str) -> ServingError:
    """Make the error for versions that were not loaded, in TensorFlow Serving's words; `what`: "servable" at the start, "model" later."""
    failed = [version for change in changes for version in change.versions]
    listed = "".join(
        f"{{{{name: {version.name} version: {version.number}}} due to error: {version.error}}}, " for version in failed
    )
    return ServingError(Code.UNKNOWN, f"{len(failed)} {what}(s) did not become available: {{{listed}}}")


def step(config: ModelConfig, model: ServedModel | None, finder: VersionFinder) -> Change | None:
    """Plan the step of a model to its config; None when the folder of an unchanged model cannot be read now. Raises ServingError."""
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

"""Find the version folders that a policy asks for."""

import logging
from pathlib import Path

from serving.server import errors
from serving.server.errors import ServingError
from serving.server.models import policies
from serving.server.models.config import ModelConfig

log = logging.getLogger(__name__)


class VersionFinder:
    """Finds version folders, and warns of each oddity once."""

    def __init__(self) -> None:
        self._warnings: dict[str, set[str]] = {}
        """The warnings about the folders of each model, as found the last time."""

    def find(self, config: ModelConfig, *, required: bool = False) -> dict[int, Path]:
        """Find the folders that a model's policy asks for, and log new warnings. Raises OSError without a base path.

        `required`: finding none is an error too.
        """
        warnings: set[str] = set()
        found = policies.find(config.policy, config.base_path, warn=warnings.add)
        if not found and required:
            raise policies.nothing_found(config.policy, config.base_path)
        if not found:
            warnings.add(
                f"No versions of servable {config.name} found under base path {config.base_path}. Did you forget to "
                "name your leaf directory as a number (eg. '/1/')?"
            )
        for message in sorted(warnings - self._warnings.get(config.name, set())):
            log.warning("Model %s: %s", config.name, message)
        self._warnings[config.name] = warnings
        return found


def of_model(name: str, error: Exception) -> ServingError:
    """Put the name of its model into an error."""
    problem = errors.from_exception(error)
    return ServingError(problem.code, f"Model {name}: {problem.message}")

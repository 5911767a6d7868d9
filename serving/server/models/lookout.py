"""Looks at base paths for the version folders that a policy asks for."""

import logging
from pathlib import Path

from serving.server import errors
from serving.server.errors import ServingError
from serving.server.models import policies
from serving.server.models.config import ModelConfig

log = logging.getLogger(__name__)


class Lookout:
    """Finds version folders, and says what is odd about them once."""

    def __init__(self) -> None:
        self._warnings: dict[str, set[str]] = {}
        """What was odd about the folders of each model at the last look."""

    def find(self, config: ModelConfig, *, required: bool = False) -> dict[int, Path]:
        """The folders that a model's policy asks for; what is odd about them is said once. OSError without base path."""
        said: set[str] = set()
        found = policies.find(config.policy, config.base_path, warn=said.add)
        if not found and required:
            raise policies.nothing_found(config.policy, config.base_path)
        if not found:
            said.add(
                f"No versions of servable {config.name} found under base path {config.base_path}. Did you forget to "
                "name your leaf directory as a number (eg. '/1/')?"
            )
        for message in sorted(said - self._warnings.get(config.name, set())):
            log.warning("Model %s: %s", config.name, message)
        self._warnings[config.name] = said
        return found


def of_model(name: str, error: Exception) -> ServingError:
    """An error with the name of its model."""
    problem = errors.from_exception(error)
    return ServingError(problem.code, f"Model {name}: {problem.message}")

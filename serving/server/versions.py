"""The versions of one model: what stands in its base path, and the state of each version that was ever loaded."""

import enum
import re
from dataclasses import dataclass
from pathlib import Path

from serving.saved_model import LoadedModel
from serving.server.errors import Code, ServingError

LARGEST_VERSION = 2**63 - 1


class State(enum.StrEnum):
    """States of TensorFlow Serving's ModelVersionStatus."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass
class Version:
    """One version of a model; its fields change under the lock of its repository only."""

    number: int
    folder: Path
    state: State = State.START
    error: ServingError | None = None
    """Why the last load failed."""
    loaded: LoadedModel | None = None
    runs: int = 0
    """Calls under way; the model is not closed before they are through."""
    failures: int = 0
    retry_at: float = 0.0
    """Time on the monotonic clock, in seconds, before which a failed load is not tried again."""

    @property
    def model(self) -> LoadedModel:
        """The loaded model of a version in use."""
        if self.loaded is None:
            raise ServingError(Code.UNAVAILABLE, f"Version {self.number} is not loaded ({self.state}).")
        return self.loaded


def scan(base_path: Path) -> dict[int, Path]:
    """The version folders in a base path: number to folder, `00000123` being version 123; other names are left out.

    Raises FileNotFoundError when there is no such folder or no version in it.
    """
    if not base_path.is_dir():
        found = "a file" if base_path.is_file() else "nothing"
        raise FileNotFoundError(
            f"Could not find base path '{base_path}': {found} was found. Give the folder that holds the numbered versions."
        )
    folders = {int(child.name): child for child in sorted(base_path.iterdir()) if _is_version(child)}
    if folders:
        return folders
    if (base_path / "saved_model.pb").is_file():
        advice = f"It is itself a SavedModel: give the folder above, or move its content to '{base_path / '1'}'."
    else:
        advice = "Did you forget to name your leaf directory as a number (e.g. '/1/')?"
    raise FileNotFoundError(f"No versions of the model were found under base path '{base_path}'. {advice}")


def _is_version(child: Path) -> bool:
    """Whether a folder's name is a version number of 64 bits."""
    return re.fullmatch(r"[0-9]+", child.name) is not None and int(child.name) <= LARGEST_VERSION and child.is_dir()

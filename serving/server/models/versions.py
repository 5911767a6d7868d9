"""The versions of one model: what stands in its base path, and the state of each version that was ever loaded."""

import enum
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from serving.saved_model import LoadedModel
from serving.server.batching.model import BatchedModel
from serving.server.errors import Code, ServingError
from serving.server.models import version_folders

log = logging.getLogger(__name__)


Model = LoadedModel | BatchedModel
"""What a loader gives."""


class State(enum.StrEnum):
    """States of TensorFlow Serving's ModelVersionStatus."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(eq=False, slots=True)
class Version:
    """One version of a model; its fields change under the lock of its repository only."""

    name: str
    """The model's."""
    number: int
    folder: Path
    state: State = State.START
    error: ServingError | None = None
    """Why the last load failed."""
    loaded: Model | None = None
    runs: int = 0
    """Calls under way; the model is not closed before they are through."""
    drained: threading.Event | None = None
    """Set when the last call is through; only there while the version is being unloaded."""
    failures: int = 0
    retry_at: float = 0.0
    """Time on the monotonic clock, in seconds, before which a failed load is not tried again."""
    held: tuple[int, int, int] | None = None
    """What the folder held when the last load began, see `fingerprint`."""
    settling: bool = False
    """Whether the folder of a version that failed was still changing at the last look."""

    @property
    def model(self) -> Model:
        """The loaded model of a version in use."""
        if self.loaded is None:
            raise ServingError(Code.UNAVAILABLE, f"Version {self.number} is not loaded ({self.state}).")
        return self.loaded

    def is_due(self, retries: int) -> bool:
        """Whether to load this version now: a new one at once, one that failed after a while, `retries` times.

        When the folder of one that failed changes (a copy went on, a file was repaired), the count starts again as soon
        as it has stopped changing.
        """
        if self.state is not State.END:
            return self.state is State.START
        held = version_folders.fingerprint(self.folder)
        if held != self.held:
            self.held, self.settling = held, True
            return False
        if self.settling:
            self.settling, self.failures = False, 0
            return True
        return self.failures <= retries and time.monotonic() >= self.retry_at

    def failed(self, error: ServingError, retry_seconds: float) -> None:
        """The load ended with an error."""
        self.state, self.error = State.END, error
        self.failures += 1
        self.retry_at = time.monotonic() + retry_seconds

    def leave(self) -> None:
        """Take no more calls; `drained` tells when those under way are through."""
        self.state = State.UNLOADING
        self.drained = threading.Event()
        if not self.runs:
            self.drained.set()

"""One version of a model: its state, and when to load it."""

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
"""A loaded model, batched or not."""


class State(enum.StrEnum):
    """States of TensorFlow Serving's ModelVersionStatus."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(eq=False, slots=True)
class Version:
    """One version of a model; its fields change only under the lock of its repository."""

    name: str
    """The name of the model."""
    number: int
    folder: Path
    state: State = State.START
    error: ServingError | None = None
    """Why the last load failed."""
    loaded: Model | None = None
    runs: int = 0
    """Running calls; the model is not closed before they have ended."""
    drained: threading.Event | None = None
    """Set when the last call has ended; None unless the version is being unloaded."""
    failures: int = 0
    retry_at: float = 0.0
    """Time on the monotonic clock, in seconds, before which a failed load is not tried again."""
    held: tuple[int, int, int] | None = None
    """The fingerprint of the folder when the last load began."""
    settling: bool = False
    """Whether the folder of a version that failed was still changing at the last check."""

    @property
    def model(self) -> Model:
        """Return the loaded model of a version in use."""
        if self.loaded is None:
            raise ServingError(Code.UNAVAILABLE, f"Version {self.number} is not loaded ({self.state}).")
        return self.loaded

    def is_due(self, retries: int) -> bool:
        """Whether to load this version now: a new one at once, a failed one later, up to `retries` times.

        When the folder of a failed version changes (a copy goes on, a file is repaired), the count starts again as soon
        as the folder has stopped changing.
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
        """Note that the load ended with an error."""
        self.state, self.error = State.END, error
        self.failures += 1
        self.retry_at = time.monotonic() + retry_seconds

    def leave(self) -> None:
        """Take no more calls; `drained` is set when the running ones have ended."""
        self.state = State.UNLOADING
        self.drained = threading.Event()
        if not self.runs:
            self.drained.set()

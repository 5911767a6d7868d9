"""The parameters of batching, with the names and defaults of TensorFlow Serving's batching files."""

import logging
import os
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from serving.server import config_messages
from serving.server.errors import invalid_argument

log = logging.getLogger(__name__)

MODEL_FILE = "batching_params.pbtxt"
"""File in a version's folder with parameters for this model."""


def _cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """The fields of tensorflow.serving.BatchingParameters; the two about threads hold for all models together."""

    max_batch_size: int = 1000
    """Largest number of rows of one call, and of one batch unless large calls are split."""
    batch_timeout_micros: int = 0
    """How long a batch that is not full waits for more calls, although a thread is free, in microseconds."""
    max_enqueued_batches: int = 10
    """Batches that may wait for a thread, per signature of each version; more calls are refused."""
    num_batch_threads: int = field(default_factory=_cores)
    """Batches that run at the same time."""
    thread_pool_name: str = "batch_threads"
    """Name of the threads, also in the metrics."""
    allowed_batch_sizes: tuple[int, ...] = ()
    """Sizes to which batches are filled up with copies of a row, in rising order; empty for any size."""
    pad_variable_length_inputs: bool = False
    """Whether inputs that differ in their inner dimensions are padded to a common shape."""
    enable_large_batch_splitting: bool = False
    """Whether a call larger than a batch is split over several."""
    max_execution_batch_size: int | None = None
    """Largest number of rows of one batch when large calls are split; `max_batch_size` when absent."""

    @property
    def largest_batch(self) -> int:
        """The largest number of rows of one run of the model."""
        if self.enable_large_batch_splitting and self.max_execution_batch_size is not None:
            return self.max_execution_batch_size
        return self.max_batch_size

    def check(self) -> None:
        """Raise ServingError, INVALID_ARGUMENT, when the values do not fit together, by TensorFlow Serving's rules."""
        for problem in (self._wrong_number(), self._wrong_sizes()):
            if problem:
                raise invalid_argument(f"BatchingParameters: {problem}")

    def _wrong_number(self) -> str:
        """Describe what is wrong with a single number; empty when nothing is."""
        for name in ("max_batch_size", "num_batch_threads", "max_execution_batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                return f"{name} must be positive; was {value}"
        if self.batch_timeout_micros < 0:
            return f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}"
        # Without splitting, TensorFlow Serving reads 0 as 1.
        if self.max_enqueued_batches < int(self.enable_large_batch_splitting):
            return f"max_enqueued_batches must be positive; was {self.max_enqueued_batches}"
        if self.largest_batch > self.max_batch_size:
            return (
                "When enable_large_batch_splitting is true, max_batch_size must be greater than or equal to "
                f"max_execution_batch_size; found {self.max_batch_size} and {self.largest_batch}"
            )
        return ""

    def _wrong_sizes(self) -> str:
        """Describe what is wrong with the allowed sizes; empty when nothing is."""
        sizes = self.allowed_batch_sizes
        if not sizes:
            return ""
        if sizes[0] < 1 or any(after <= before for before, after in pairwise(sizes)):
            return f"allowed_batch_sizes entries must be positive and monotonically increasing; found {list(sizes)}"
        if sizes[-1] != self.largest_batch:
            last = (
                "be equal to max_execution_batch_size" if self.enable_large_batch_splitting else "match max_batch_size"
            )
            return (
                f"Last entry in allowed_batch_sizes must {last}; last entry was {sizes[-1]}; expected "
                f"{self.largest_batch}"
            )
        return ""


def read(path: Path) -> BatchingParameters:
    """Read a text file. Raises ServingError when it cannot be read or its values do not fit together."""
    return _from_message(config_messages.read_text(path, config_messages.BatchingParametersMessage()))


def read_for_version(folder: Path) -> BatchingParameters | None:
    """Read a version's own parameters; None without a file: with per-model parameters such a model is not batched.

    The fields about threads are ignored, as in TensorFlow Serving, because all models share the threads.
    """
    path = folder / MODEL_FILE
    if not path.is_file():
        return None
    message = config_messages.read_text(path, config_messages.BatchingParametersMessage())
    for name in ("num_batch_threads", "thread_pool_name"):
        if message.HasField(name):
            log.warning("'%s' sets %s, which only the file of --batching_parameters_file can set.", path, name)
            message.ClearField(name)
    return _from_message(message)


def _from_message(message: Any) -> BatchingParameters:
    """Make checked parameters from a tensorflow.serving.BatchingParameters; absent fields take their defaults."""
    values: dict[str, Any] = {}
    for described, value in message.ListFields():
        if described.message_type is not None:
            values[described.name] = value.value
        else:
            values[described.name] = tuple(value) if described.name == "allowed_batch_sizes" else value
    parameters = BatchingParameters(**values)
    parameters.check()
    return parameters

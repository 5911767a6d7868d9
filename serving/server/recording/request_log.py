"""A log of answered requests, in files that TensorFlow Serving replays as warm-up requests.

`<prefix>-<UTC time>-<n>.tfrecord` is a TFRecord of PredictionLog. Copy one to
`<version>/assets.extra/tf_serving_warmup_requests`, and that version takes calls only after it has answered them all.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from serving.bundle.warmup_requests import MAX_RECORDS
from serving.server import tensor_proto
from serving.server.errors import Code, ServingError
from serving.server.metrics import Metrics
from serving.server.models.versions import Version

log = logging.getLogger(__name__)

Kind = Literal["predict", "classify", "regress"]
Record = Callable[[Version, Kind, str, Mapping[str, np.ndarray]], None]
"""Records an answered request: version, kind of call, signature, inputs."""

MOST_WAITING = 1000
MOST_WAITING_BYTES = 64 * 2**20
FINISH_SECONDS = 300.0
"""A file is complete after this time even if it is not full, so that the requests of a quiet server can be read too."""
CLOSE_SECONDS = 30.0


class _Request(NamedTuple):
    """A request that waits to be written."""

    name: str
    number: int
    kind: Kind
    signature: str
    inputs: Mapping[str, np.ndarray]
    """For classify and regress: the serialised tf.Examples, as `inputs`."""
    size: int
    seconds: float


class RequestLog:
    """Writes a share of the requests in a thread of its own; `record` never waits and never raises.

    Requests beyond MOST_WAITING or MOST_WAITING_BYTES in the queue are dropped. The requests that were `written`,
    `dropped` and `failed` are counted, here and in the metrics.
    """

    def __init__(
        self, prefix: str, *, rate: float = 1.0, largest_file: int = MAX_RECORDS, metrics: Metrics | None = None
    ) -> None:
        """`rate`: share of the requests to record, 0 to 1. Raises ServingError when no file can be written under `prefix`."""
        self.written = self.dropped = self.failed = 0
        self._prefix = prefix
        self._rate = rate
        self._largest_file = largest_file
        self._metrics = metrics
        self._random = random.Random()  # noqa: S311
        self._waiting: deque[_Request] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self._file: _File | None = None
        self._quiet = False
        """Whether the current trouble has been logged; the next one after a success is logged again."""
        _check_prefix(prefix)
        self._thread = threading.Thread(target=self._work, name="request_log", daemon=True)
        self._thread.start()

    def record(
        self, version: Version, kind: Kind, signature: str, inputs: Mapping[str, np.ndarray] | np.ndarray
    ) -> None:
        """Take one request, whose arrays must not change any more; for classify and regress the serialised tf.Examples [n]."""
        if self._random.random() >= self._rate:
            return
        if isinstance(inputs, np.ndarray):
            inputs = {"inputs": inputs}
        size = sum(map(_size, inputs.values()))
        request = _Request(version.name, version.number, kind, signature, inputs, size, time.time())
        with self._changed:
            full = len(self._waiting) >= MOST_WAITING or self._waiting_bytes + size > MOST_WAITING_BYTES
            if full or self._closed:
                self._count("dropped")
                return
            self._waiting.append(request)
            self._waiting_bytes += size
            self._changed.notify()

    def close(self) -> None:
        """Write the waiting requests, complete the last file and stop; in CLOSE_SECONDS at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        """Write until closed."""
        ended = False
        while not ended:
            request, ended = self._next()
            if request is not None:
                self._write(request)
            if self._file is not None and (ended or self._file.is_due(self._largest_file)):
                self._finish()

    def _next(self) -> tuple[_Request | None, bool]:
        """Wait for the next request, until the file is due; also return whether the log has ended."""
        with self._changed:
            deadline = self._file.deadline - time.monotonic() if self._file is not None else None
            self._changed.wait_for(lambda: self._waiting or self._closed, deadline)
            if not self._waiting:
                return None, self._closed
            request = self._waiting.popleft()
            self._waiting_bytes -= request.size
            return request, False

    def _write(self, request: _Request) -> None:
        """Append one request to the open file; a file that cannot be written to keeps its temporary name."""
        try:
            record = _prediction_log(request, rate=self._rate)
        except Exception as error:  # a tensor too large for a protocol buffer; the file is still good
            self._fail(error)
            return
        try:
            self._file = self._file or _File(self._prefix)
            self._file.write(record)
        except Exception as error:
            self._file = None
            self._fail(error)
        else:
            self._count("written")
            self._quiet = False

    def _finish(self) -> None:
        """Give the open file its name."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.finish()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Count a request that was not written; log the trouble once."""
        self._count("failed")
        if not self._quiet:
            self._quiet = True
            log.error("The request log %s-*.tfrecord cannot be written: %s", self._prefix, error)

    def _count(self, outcome: Literal["written", "dropped", "failed"]) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)
        if self._metrics is not None:
            self._metrics.count_logged(outcome)


class _File:
    """One TFRecord file; it has a temporary name until it is complete."""

    def __init__(self, prefix: str) -> None:
        import tensorflow as tf

        self._path, self._part = _claim(prefix)
        self._writer = tf.io.TFRecordWriter(str(self._part))
        self._records = 0
        self.deadline = time.monotonic() + FINISH_SECONDS

    def write(self, record: bytes) -> None:
        self._writer.write(record)
        self._writer.flush()
        self._records += 1

    def is_due(self, largest: int) -> bool:
        return self._records >= largest or time.monotonic() >= self.deadline

    def finish(self) -> None:
        self._writer.close()
        self._part.rename(self._path)


def _claim(prefix: str) -> tuple[Path, Path]:
    """Choose a free file name, and the temporary name to write under."""
    start, number = f"{prefix}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}", 0
    while True:
        path = Path(f"{start}-{number}.tfrecord")
        part = path.with_suffix(".tfrecord.part")
        try:
            if not path.exists():
                part.touch(exist_ok=False)
                return path, part
        except FileExistsError:
            pass  # another process with the same prefix
        number += 1


def _check_prefix(prefix: str) -> None:
    """Make the folder and try to write there, so that a wrong prefix is reported at the start."""
    try:
        Path(prefix).parent.mkdir(parents=True, exist_ok=True)
        _, part = _claim(prefix)
        part.unlink()
    except OSError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"The request log cannot be written to '{prefix}-*.tfrecord': {error.strerror}. Give a prefix in a folder "
            "that this process may write to.",
        ) from error


def _size(array: np.ndarray) -> int:
    """Count the bytes that an array holds, including its strings."""
    return sum(map(len, array.flat)) if array.dtype == object else array.nbytes


def _prediction_log(request: _Request, *, rate: float) -> bytes:
    """Write a request as a serialised tensorflow.serving.PredictionLog."""
    from tensorflow_serving.apis import prediction_log_pb2

    record = prediction_log_pb2.PredictionLog()
    message = getattr(record, f"{request.kind}_log").request
    message.model_spec.name = request.name
    message.model_spec.version.value = request.number
    message.model_spec.signature_name = request.signature
    record.log_metadata.model_spec.CopyFrom(message.model_spec)
    record.log_metadata.sampling_config.sampling_rate = rate
    record.log_metadata.timestamp_secs = int(request.seconds)
    if request.kind == "predict":
        for alias, array in request.inputs.items():
            tensor_proto.write(array, message.inputs[alias], content=True)
    else:
        import tensorflow as tf

        examples = message.input.example_list.examples
        examples.extend(tf.train.Example.FromString(example) for example in request.inputs["inputs"])
    return bytes(record.SerializeToString())

"""Replay a version's warm-up requests, so that the first real request does not pay for lazy initialisation."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.bundle.warmup_requests import FILE, MAX_RECORDS
from serving.saved_model import LoadedModel
from serving.server.calls import example_request, predict_request, prediction
from serving.server.calls import examples as example_calls
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.calls.signature_checks import METHODS
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.versions import Version

QUOTED_BYTES = 1000
"""Bytes of a broken record that an error quotes at most."""
RECORD_FRAME_BYTES = 16
"""Bytes around the data of a TFRecord: length (8), its checksum (4), the checksum of the data (4)."""


def is_there(folder: Path) -> bool:
    """Whether the version in `folder` has a warm-up file."""
    return (folder / FILE).is_file()


def replay(model: LoadedModel, folder: Path, *, iterations: int = 1, rules: Rules = PLAIN) -> None:
    """Run every warm-up request of the version in `folder`, which has a warm-up file.

    A request that fails raises its error, and so the load fails, as in TensorFlow Serving. `rules`: whether a signature
    must be declared for the call.
    """
    path = folder / FILE
    version = Version(name="", number=0, folder=folder, loaded=model)
    for count, record in enumerate(_records(path), start=1):
        if count > MAX_RECORDS:
            raise invalid_argument(f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}")
        log = _parsed(record, path)
        for _ in range(iterations):
            deadline = time.monotonic() + model.usual_timeout_ms / 1000 if model.usual_timeout_ms else None
            _run(version, log, rules, deadline)


def _records(path: Path) -> Iterator[bytes]:
    """Read the records of a TFRecord file."""
    import tensorflow as tf

    records, end = tf.data.TFRecordDataset(str(path)).as_numpy_iterator(), 0
    while True:
        try:
            record = next(records, None)
        except tf.errors.DataLossError as error:
            # TensorFlow writes "{{function_node ...}} corrupted record at 0 [Op:IteratorGetNext] name: ".
            raise _broken(path, re.sub(r"^{{.*?}} | \[Op:.*$", "", error.message)) from None
        if record is None:
            break
        end += len(record) + RECORD_FRAME_BYTES
        yield record
    if end != path.stat().st_size:  # TensorFlow reads less than a frame as the end of the file
        raise _broken(path, f"truncated record at {end}")


def _broken(path: Path, reason: str) -> ServingError:
    return ServingError(Code.DATA_LOSS, f"{path}: {reason}. Please verify your warmup data is in TFRecord format.")


def _parsed(record: bytes, path: Path) -> Any:
    """Parse the PredictionLog in a record."""
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        quoted = record[:QUOTED_BYTES].decode("utf-8", "backslashreplace")
        raise invalid_argument(f"Failed to parse warmup record: {quoted} from {path}") from None


def _run(version: Version, log: Any, rules: Rules, deadline: float | None) -> None:
    """Answer one request as the API would; records of other kinds are skipped."""
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        request = log.predict_log.request
        name, inputs, wanted = predict_request.read(version.model.signatures, request, rules=rules)
        prediction.run(version, name, inputs, outputs=wanted, deadline=deadline)
    elif kind == "multi_inference_log":
        _multi_inference(version, log.multi_inference_log.request, rules, deadline)
    elif kind in ("classify_log", "regress_log"):
        request = getattr(log, kind).request
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        _on_examples(version, name, request, rules, deadline, classifies=kind == "classify_log")
    elif kind == "session_run_log":
        number = log.DESCRIPTOR.fields_by_name[kind].number
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {number}")


def _multi_inference(version: Version, request: Any, rules: Rules, deadline: float | None) -> None:
    names = example_request.check_tasks(version, request.tasks, rules=rules)
    if not names:
        raise invalid_argument("A MultiInferenceRequest without tasks was found.")
    for task, name in zip(request.tasks, names, strict=True):
        _on_examples(version, name, request, rules, deadline, classifies=task.method_name == METHODS["classify"])


def _on_examples(
    version: Version, name: str, request: Any, rules: Rules, deadline: float | None, *, classifies: bool
) -> None:
    """Classify the examples of a request, or regress on them."""
    answer = example_calls.classify_outputs if classifies else example_calls.regress_outputs
    answer(version, name, example_request.read(request.input), rules=rules, deadline=deadline)

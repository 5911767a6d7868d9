"""Replay of a version's warm-up requests, so that the first real request does not pay for lazy initialisation."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from serving.bundle.warmup_requests import FILE, MAX_RECORDS
from serving.saved_model import LoadedModel
from serving.server.calls import examples as example_calls
from serving.server.calls import predict_request, prediction
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.calls.signature_checks import METHODS
from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.grpc_api import examples as grpc_examples
from serving.server.models.versions import Version

QUOTED_BYTES = 1000
"""Of a broken record, at most, in the error."""
RECORD_FRAME_BYTES = 16
"""Around the data of a TFRecord: length (8), its checksum (4), the checksum of the data (4)."""


def is_there(folder: Path) -> bool:
    """Whether the version in `folder` has a warm-up file."""
    return (folder / FILE).is_file()


def replay(model: LoadedModel, folder: Path, *, iterations: int = 1, rules: Rules = PLAIN) -> None:
    """Run every warm-up request of the version in `folder`, which has a warm-up file.

    Any request that fails raises its error, and so fails the load, as in TensorFlow Serving. `rules`: whether a signature
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
            _run(version, log, {"rules": rules, "deadline": deadline})


def _records(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord file."""
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
    if end != path.stat().st_size:  # TensorFlow takes less than a frame for the end of the file
        raise _broken(path, f"truncated record at {end}")


def _broken(path: Path, reason: str) -> ServingError:
    return ServingError(Code.DATA_LOSS, f"{path}: {reason}. Please verify your warmup data is in TFRecord format.")


def _parsed(record: bytes, path: Path) -> Any:
    """The PredictionLog in a record."""
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        quoted = record[:QUOTED_BYTES].decode("utf-8", "backslashreplace")
        raise invalid_argument(f"Failed to parse warmup record: {quoted} from {path}") from None


def _run(version: Version, log: Any, limits: Mapping[str, Any]) -> None:
    """Answer one request as the API would, with `limits` as in `example_calls`; a record without one is passed over."""
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        _predict(version, log.predict_log.request, **limits)
    elif kind == "classify_log":
        _on_examples(version, log.classify_log.request, example_calls.classify_outputs, limits)
    elif kind == "regress_log":
        _on_examples(version, log.regress_log.request, example_calls.regress_outputs, limits)
    elif kind == "multi_inference_log":
        _multi_inference(version, log.multi_inference_log.request, limits)
    elif kind == "session_run_log":
        number = log.DESCRIPTOR.fields_by_name[kind].number
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {number}")


def _predict(version: Version, request: Any, *, rules: Rules, deadline: float | None) -> None:
    name, inputs, wanted = predict_request.read(version.model.signatures, request, rules=rules)
    prediction.run(version, name, inputs, outputs=wanted, deadline=deadline)


def _on_examples(version: Version, request: Any, call: Callable[..., Any], limits: Mapping[str, Any]) -> None:
    """Classify or regress."""
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    call(version, name, grpc_examples.read(request.input), **limits)


def _multi_inference(version: Version, request: Any, limits: Mapping[str, Any]) -> None:
    names = grpc_examples.check_tasks(version, request.tasks, rules=limits["rules"])
    if not names:
        raise invalid_argument("A MultiInferenceRequest without tasks was found.")
    examples = grpc_examples.read(request.input)
    for task, name in zip(request.tasks, names, strict=True):
        classifies = task.method_name == METHODS["classify"]
        call = example_calls.classify_outputs if classifies else example_calls.regress_outputs
        call(version, name, examples, **limits)

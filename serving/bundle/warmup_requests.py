"""Warm-up requests: a TFRecord of PredictionLog that TensorFlow Serving replays before a version takes traffic."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

FILE = "assets.extra/tf_serving_warmup_requests"
MAX_RECORDS = 1000
"""TensorFlow Serving refuses a file with more."""


def write(folder: Path, requests: Sequence[tuple[str, Mapping[str, NDArray[Any]]]]) -> None:
    """Write one record for each (signature, inputs) into a SavedModel folder. Raises ValueError above MAX_RECORDS."""
    import tensorflow as tf

    if len(requests) > MAX_RECORDS:
        raise ValueError(f"{len(requests)} warm-up requests; TensorFlow Serving takes at most {MAX_RECORDS}")
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            log = _classify_log(inputs) if signature == "classify" else _predict_log(signature, inputs)
            writer.write(log.SerializeToString())


def read(folder: Path) -> list[tuple[str, dict[str, NDArray[Any]]]]:
    """Signature and inputs of the Predict requests, in order; none where the folder has no such file."""
    if not (folder / FILE).is_file():
        return []
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    records = tf.data.TFRecordDataset(str(folder / FILE)).as_numpy_iterator()
    logs = (prediction_log_pb2.PredictionLog.FromString(record) for record in records)
    requests = (log.predict_log.request for log in logs if log.HasField("predict_log"))
    return [
        (request.model_spec.signature_name, {name: tf.make_ndarray(value) for name, value in request.inputs.items()})
        for request in requests
    ]


def _predict_log(signature: str, inputs: Mapping[str, NDArray[Any]]) -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = signature
    for name, value in inputs.items():
        log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return log


def _classify_log(inputs: Mapping[str, NDArray[Any]]) -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    log.classify_log.request.model_spec.signature_name = "classify"
    for serialised in inputs["inputs"]:
        log.classify_log.request.input.example_list.examples.append(tf.train.Example.FromString(serialised))
    return log

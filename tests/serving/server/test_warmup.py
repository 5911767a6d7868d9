"""Replay of warm-up requests on a real model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving import saved_model
from serving.server import warmup
from serving.server.errors import Code, ServingError
from serving.warmup import FILE


@pytest.fixture(scope="module")
def model(echo: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(echo / "1") as loaded:
        yield loaded


def write(folder: Path, *records: bytes) -> None:
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def predict_log(signature: str, **inputs: Any) -> bytes:
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = signature
    for alias, value in inputs.items():
        log.predict_log.request.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return bytes(log.SerializeToString())


def test_no_file_is_no_warmup(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    assert warmup.replay(model, tmp_path) == 0


def test_requests_reach_the_model(echo: Path, tmp_path: Path) -> None:
    write(tmp_path, predict_log("count"), predict_log("str", default=[b"a\x00"]))
    with saved_model.load(echo / "1") as fresh:
        assert warmup.replay(fresh, tmp_path, iterations=3) == 2
        assert fresh.run("count", {})["count"].item() == 4.0


def test_classify_and_regress_logs(half_plus_two: Path, tmp_path: Path) -> None:
    log = prediction_log_pb2.PredictionLog()
    request = log.classify_log.request
    request.model_spec.signature_name = "classify"
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].float_list.value.append(4.0)
    listed.examples.add()
    assert warmup.examples(request.input).tolist() == [listed.context.SerializeToString()]
    several = prediction_log_pb2.PredictionLog()
    several.multi_inference_log.request.input.CopyFrom(request.input)
    for name in ("classify", "regress"):
        several.multi_inference_log.request.tasks.add().model_spec.signature_name = name
    write(tmp_path, log.SerializeToString(), several.SerializeToString())
    with saved_model.load(half_plus_two / "00000123") as model:
        assert warmup.replay(model, tmp_path) == 2


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (b"\xff\xff\xff", "DATA_LOSS: Failed to parse warmup record"),
        (b"", "UNIMPLEMENTED: Unsupported log_type for warmup: LOG_TYPE_NOT_SET"),
    ],
)
def test_odd_records(model: saved_model.LoadedModel, tmp_path: Path, record: bytes, words: str) -> None:
    write(tmp_path, record)
    with pytest.raises(ServingError) as caught:
        warmup.replay(model, tmp_path)
    assert words in str(caught.value)


def test_failing_request_fails_the_load(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, predict_log("int", default=[1.5]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="expect int32"):
        warmup.replay(model, tmp_path)


def test_too_many_records(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, *[predict_log("int", default=[1])] * 1001)
    with pytest.raises(ServingError, match="exceeds the maximum"):
        warmup.replay(model, tmp_path)


def test_file_that_is_no_tfrecord(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(b"this is text, and long enough for a header")
    with pytest.raises(ServingError, match="verify your warmup data is in TFRecord format") as caught:
        warmup.replay(model, tmp_path)
    assert caught.value.code is Code.DATA_LOSS

"""The warm-up file: records that TensorFlow Serving reads, and that the model answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving import saved_model
from serving.bundle import warmup_requests
from tests.serving import models


def _example(x: float) -> bytes:
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[x]))
    serialised: bytes = tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString()
    return serialised


def _logs(folder: Path) -> list[Any]:
    records = tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests"))
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records.as_numpy_iterator()]


def test_the_records_replay_against_the_model(tmp_path: Path) -> None:
    """half_plus_two: y = 0.5 x + 2, also from tf.Example."""
    folder = tmp_path / "1"
    models.write_half_plus_two(folder)
    x = np.array([[1.0], [4.0], [-6.0]], np.float32)
    examples = np.array([_example(value) for value in (1.0, 4.0)], object)
    warmup_requests.write(folder, [("serving_default", {"x": x}), ("classify", {"inputs": examples})])

    predict, classify = _logs(folder)
    assert predict.WhichOneof("log_type") == "predict_log"
    assert classify.WhichOneof("log_type") == "classify_log"
    request = predict.predict_log.request
    inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
    listed = classify.classify_log.request.input.example_list.examples
    serialised = np.array([example.SerializeToString() for example in listed], object)
    with saved_model.load(folder) as loaded:
        answers = loaded.run(request.model_spec.signature_name, inputs)
        classified = loaded.run(classify.classify_log.request.model_spec.signature_name, {"inputs": serialised})
    np.testing.assert_allclose(answers["y"], [[2.5], [4.0], [-1.0]])
    np.testing.assert_allclose(classified["scores"], [[2.5], [4.0]])


def test_bytes_keep_every_byte(tmp_path: Path) -> None:
    contents = [b"\x00png\x00\xff\x00", b"", "grün".encode()]
    warmup_requests.write(tmp_path, [("serving_default", {"image_bytes": np.array(contents, object)})])
    (log,) = _logs(tmp_path)
    assert list(log.predict_log.request.inputs["image_bytes"].string_val) == contents


def test_at_most_1000_records(tmp_path: Path) -> None:
    requests: list[tuple[str, dict[str, np.ndarray]]] = [("serving_default", {"x": np.zeros(1, np.float32)})] * 1001
    with pytest.raises(ValueError, match=r"^1001 warm-up requests; TensorFlow Serving takes at most 1000$"):
        warmup_requests.write(tmp_path, requests)
    assert not list(tmp_path.iterdir())
    warmup_requests.write(tmp_path, requests[:1000])
    assert len(_logs(tmp_path)) == 1000


def test_predict_requests_are_read_as_written(tmp_path: Path) -> None:
    assert warmup_requests.read(tmp_path) == []
    words, ids = np.array([b"\x00a\x00", b""], object), np.array([[1, 2]], np.int32)
    examples = np.array([_example(1.0)], object)
    warmup_requests.write(
        tmp_path, [("a", {"words": words}), ("classify", {"inputs": examples}), ("b", {"ids": ids, "w": words})]
    )
    [(first, one), (second, two)] = warmup_requests.read(tmp_path)
    assert (first, second, set(one), set(two)) == ("a", "b", {"words"}, {"ids", "w"})
    assert one["words"].tolist() == words.tolist()
    np.testing.assert_array_equal(two["ids"], ids)
    assert two["ids"].dtype == np.int32

"""The requests that go into each log."""

import logging
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.errors import ServingError
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.models.versions import Version
from serving.server.recording.recorder import Recorder

X = {"x": np.array([[1.0]], np.float32)}


def recorded(folder: Path, prefix: str) -> list[str]:
    """The models of the requests in the files of one prefix."""
    names = []
    for file in sorted(folder.glob(f"{prefix}-*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            log = prediction_log_pb2.PredictionLog.FromString(record)
            names.append(log.predict_log.request.model_spec.name)
    return names


def call(recorder: Recorder, *names: str) -> None:
    for name in names:
        recorder.record(Version(name, 1, Path("1")), "predict", "serving_default", X)


def test_a_model_with_a_config_of_its_own_has_its_own_log(tmp_path: Path) -> None:
    recorder = Recorder(prefix=str(tmp_path / "all"), rate=1.0)
    own = ModelConfig(name="b", base_path=tmp_path, log_prefix=str(tmp_path / "own"), log_rate=1.0)
    recorder.follow([own, ModelConfig(name="a", base_path=tmp_path)])
    call(recorder, "a", "b", "c", "b")
    recorder.close()
    assert recorded(tmp_path, "all") == ["a", "c"]
    assert recorded(tmp_path, "own") == ["b", "b"]


def test_without_a_prefix_only_models_that_ask_are_recorded(tmp_path: Path) -> None:
    recorder = Recorder(prefix="", rate=1.0)
    call(recorder, "a")
    recorder.follow(
        [
            ModelConfig(name="b", base_path=tmp_path, log_prefix=str(tmp_path / "own"), log_rate=1.0),
            ModelConfig(name="c", base_path=tmp_path, log_prefix=str(tmp_path / "none"), log_rate=0.0),
        ]
    )
    call(recorder, "a", "b", "c")
    recorder.close()
    assert recorded(tmp_path, "own") == ["b"]
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["own"]


def test_config_changes(tmp_path: Path) -> None:
    recorder = Recorder(prefix="", rate=1.0)
    for prefix in ("first", "first", "second", ""):
        path = str(tmp_path / prefix) if prefix else ""
        recorder.follow([ModelConfig(name="m", base_path=tmp_path, log_prefix=path, log_rate=1.0)])
        call(recorder, "m")
    recorder.close()
    assert recorded(tmp_path, "first") == ["m", "m"]
    assert recorded(tmp_path, "second") == ["m"]


def test_log_that_cannot_be_written_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the start it ends the server; of one model it is a line in the log, and the model is served."""
    (tmp_path / "file").write_text("in the way")
    nowhere = str(tmp_path / "file" / "log")
    with pytest.raises(ServingError):
        Recorder(prefix=nowhere, rate=1.0)
    recorder = Recorder(prefix="", rate=1.0)
    with caplog.at_level(logging.ERROR):
        recorder.follow([ModelConfig(name="m", base_path=tmp_path, log_prefix=nowhere, log_rate=1.0)])
    assert "The requests of model m are not recorded" in caplog.text
    call(recorder, "m")
    recorder.close()


def test_metrics_count_what_is_recorded(tmp_path: Path) -> None:
    metrics = Metrics()
    recorder = Recorder(prefix=str(tmp_path / "all"), rate=1.0, metrics=metrics)
    call(recorder, "a", "b")
    recorder.close()
    [line] = [line for line in metrics.text().splitlines() if "log" in line and "written" in line]
    assert line.split()[-1] == "2"

"""The request log: its files replay as warm-up requests, and it never holds up an answer."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving import saved_model
from serving.bundle.warmup_requests import FILE
from serving.server.errors import Code, ServingError
from serving.server.metrics import Metrics
from serving.server.models.versions import Version
from serving.server.process import warmup_replay
from serving.server.recording import request_log
from serving.server.recording.request_log import RequestLog

VERSION = Version("model", 7, Path("7"))


def read(path: Path) -> list[prediction_log_pb2.PredictionLog]:
    """The records of one file."""
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def example(value: float) -> bytes:
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return bytes(tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString())


def test_requests_replay_as_warmup(half_plus_two: Path, echo: Path, tmp_path: Path) -> None:
    recorded = RequestLog(str(tmp_path / "log" / "requests"))
    version = Version("half_plus_two", 123, half_plus_two / "00000123")
    recorded.record(version, "predict", "serving_default", {"x": np.array([[1.0], [2.0]], np.float32)})
    recorded.record(version, "classify", "classify", np.array([example(4.0)] * 2, object))
    recorded.record(version, "regress", "regress", np.array([example(5.0)], object))
    recorded.close()
    (file,) = (tmp_path / "log").iterdir()
    copied = tmp_path / FILE
    copied.parent.mkdir()
    shutil.copy(file, copied)
    assert len(read(copied)) == 3
    with saved_model.load(half_plus_two / "00000123") as model:
        warmup_replay.replay(model, tmp_path)
    with saved_model.load(echo / "1") as changed, pytest.raises(ServingError, match='key "serving_default" not'):
        warmup_replay.replay(changed, tmp_path)


def test_records_hold_what_was_asked(tmp_path: Path) -> None:
    recorded = RequestLog(str(tmp_path / "requests"), rate=1.0)
    before = int(time.time())
    strings = np.array([[b"a\x00", b""]], object)
    recorded.record(
        VERSION, "predict", "pair", {"s": strings, "h": np.array([0.5], np.float16), "n": np.zeros((0,), np.int64)}
    )
    recorded.record(VERSION, "classify", "c", {"inputs": np.array([example(1.0), example(2.0)], object)})
    recorded.close()
    (file,) = tmp_path.iterdir()
    first, second = read(file)
    request = first.predict_log.request
    assert (request.model_spec.name, request.model_spec.version.value) == ("model", 7)
    assert request.model_spec.signature_name == "pair"
    assert tf.make_ndarray(request.inputs["s"]).tolist() == [[b"a\x00", b""]]
    half = tf.make_ndarray(request.inputs["h"])
    assert half.dtype == np.float16
    assert half.tolist() == [0.5]
    assert tf.make_ndarray(request.inputs["n"]).shape == (0,)
    assert first.log_metadata.model_spec == request.model_spec
    assert first.log_metadata.sampling_config.sampling_rate == 1.0
    assert before <= first.log_metadata.timestamp_secs <= time.time()
    listed = second.classify_log.request.input.example_list.examples
    assert [e.features.feature["x"].float_list.value[0] for e in listed] == [1.0, 2.0]


def test_full_files_get_their_name_and_open_ones_do_not(tmp_path: Path) -> None:
    counted = Metrics()
    recorded = RequestLog(str(tmp_path / "requests"), largest_file=2, metrics=counted)
    for number in range(5):
        recorded.record(VERSION, "predict", "s", {"x": np.array([number])})
    wait_until(lambda: recorded.written == 5)
    wait_until(lambda: len(list(tmp_path.glob("*.tfrecord"))) == 2)
    assert len(list(tmp_path.glob("*.part"))) == 1
    recorded.close()
    files = sorted(tmp_path.iterdir())
    assert [len(read(file)) for file in files] == [2, 2, 1]
    assert all(file.suffix == ".tfrecord" for file in files)
    numbers = [tf.make_ndarray(log.predict_log.request.inputs["x"])[0] for file in files for log in read(file)]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert 'serving_request_log_records_total{outcome="written"} 5\n' in counted.text()


def test_quiet_file_is_completed_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "FINISH_SECONDS", 0.1)
    recorded = RequestLog(str(tmp_path / "requests"))
    recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
    wait_until(lambda: len(list(tmp_path.glob("*.tfrecord"))) == 1)
    recorded.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_two_logs_with_one_prefix_do_not_mix(tmp_path: Path) -> None:
    both = [RequestLog(str(tmp_path / "requests")) for _ in range(2)]
    for recorded in both:
        recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
    for recorded in both:
        recorded.close()
    assert [len(read(file)) for file in tmp_path.iterdir()] == [1, 1]


@pytest.mark.parametrize(("rate", "fewest", "most"), [(0.0, 0, 0), (1.0, 2000, 2000), (0.25, 400, 600)])
def test_sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: float, fewest: int, most: int) -> None:
    monkeypatch.setattr(request_log, "MOST_WAITING", 10_000)
    recorded = RequestLog(str(tmp_path / "requests"), rate=rate)
    for _ in range(2000):
        recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
    recorded.close()
    assert fewest <= recorded.written <= most  # 500 +- 5 standard deviations of 19
    assert recorded.dropped == recorded.failed == 0


def test_slow_disk_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    write = request_log._File.write

    def slow(file: request_log._File, record: bytes) -> None:
        gate.wait(10)
        write(file, record)

    monkeypatch.setattr(request_log._File, "write", slow)
    counted = Metrics()
    recorded = RequestLog(str(tmp_path / "requests"), metrics=counted)

    def ask() -> None:
        for _ in range(500):
            recorded.record(VERSION, "predict", "s", {"x": np.array([1])})

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert recorded.written == 0
    gate.set()
    recorded.close()
    assert recorded.written + recorded.dropped == 4000
    assert request_log.MOST_WAITING <= recorded.written <= request_log.MOST_WAITING + 1
    assert f'serving_request_log_records_total{{outcome="dropped"}} {recorded.dropped}\n' in counted.text()


def test_waiting_bytes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "MOST_WAITING_BYTES", 100)
    recorded = RequestLog(str(tmp_path / "requests"))
    recorded.record(VERSION, "predict", "s", {"x": np.zeros(26, np.float32)})
    recorded.record(VERSION, "predict", "s", {"x": np.array([b"x" * 101], object)})
    assert recorded.dropped == 2
    recorded.record(VERSION, "predict", "s", {"x": np.zeros(25, np.float32)})
    recorded.close()
    assert (recorded.dropped, recorded.written) == (2, 1)
    recorded.record(VERSION, "predict", "s", {"x": np.zeros(1)})
    assert recorded.dropped == 3, "closed"


def test_trouble_is_logged_once_and_the_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = RequestLog(str(tmp_path / "requests"))

    def full(_file: request_log._File, _record: bytes) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(request_log._File, "write", full)
        for _ in range(3):
            recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
        wait_until(lambda: recorded.failed == 3)
    recorded.record(VERSION, "classify", "s", {"inputs": np.array([b"\xff\xff"], object)})
    recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
    recorded.close()
    assert (recorded.failed, recorded.written) == (4, 1)
    assert len(caplog.records) == 1
    assert "requests-*.tfrecord cannot be written: No space left on device" in caplog.text
    (file,) = tmp_path.glob("*.tfrecord")
    assert len(read(file)) == 1


def test_a_bad_request_does_not_cost_the_file(tmp_path: Path) -> None:
    recorded = RequestLog(str(tmp_path / "requests"))
    recorded.record(VERSION, "predict", "s", {"x": np.array([1])})
    recorded.record(VERSION, "regress", "s", {"inputs": np.array([b"\xff\xff"], object)})
    recorded.record(VERSION, "predict", "s", {"x": np.array([2])})
    recorded.close()
    assert (recorded.written, recorded.failed) == (2, 1)
    (file,) = tmp_path.iterdir()
    assert len(read(file)) == 2


def test_prefix_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServingError, match=r"file/requests-\*\.tfrecord'.*Give a prefix in a folder") as caught:
        RequestLog(str(tmp_path / "file" / "requests"))
    assert caught.value.code is Code.FAILED_PRECONDITION


def test_nothing_asked_leaves_no_file(tmp_path: Path) -> None:
    RequestLog(str(tmp_path / "requests")).close()
    assert list(tmp_path.iterdir()) == []

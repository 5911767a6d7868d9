"""Replay of warm-up requests on a real model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving import saved_model
from serving.bundle.warmup_requests import FILE
from serving.server.calls.rules import Rules
from serving.server.errors import ServingError
from serving.server.process import warmup_replay

VERIFY = r"Please verify your warmup data is in TFRecord format\."


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


def test_whether_there_is_a_file(tmp_path: Path) -> None:
    assert not warmup_replay.is_there(tmp_path)
    write(tmp_path)
    assert warmup_replay.is_there(tmp_path)


def test_requests_reach_the_model(echo: Path, tmp_path: Path) -> None:
    write(tmp_path, predict_log("count"), predict_log("str", default=[b"a\x00"]))
    with saved_model.load(echo / "1") as fresh:
        warmup_replay.replay(fresh, tmp_path, iterations=3)
        assert fresh.run("count", {})["count"].item() == 4.0


def examples_log(kind: str, signature: str, *, count: int = 1) -> Any:
    """A classify_log or regress_log."""
    log = prediction_log_pb2.PredictionLog()
    request = getattr(log, kind).request
    request.model_spec.signature_name = signature
    for _ in range(count):
        request.input.example_list.examples.add().features.feature["x"].float_list.value.append(4.0)
    return log


def tasks_log(*tasks: tuple[str, str], model: str = "any", count: int = 1) -> Any:
    """A multi_inference_log with tasks of (signature, method)."""
    log = prediction_log_pb2.PredictionLog()
    request = log.multi_inference_log.request
    request.input.CopyFrom(examples_log("regress_log", "", count=count).regress_log.request.input)
    for signature, method in tasks:
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = model, signature
    return log


def filtered_log(*outputs: str) -> Any:
    """A predict_log for some outputs of `both`."""
    log = prediction_log_pb2.PredictionLog.FromString(predict_log("both", x=[1.0]))
    log.predict_log.request.output_filter.extend(outputs)
    return log


@pytest.fixture(scope="module")
def half(half_plus_two: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(half_plus_two / "00000123") as loaded:
        yield loaded


def test_every_kind_of_request_and_none(
    half: saved_model.LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = saved_model.LoadedModel.run, list[str]()

    def noted(model: saved_model.LoadedModel, signature: str, *given: Any, **options: Any) -> Any:
        asked.append(signature)
        return run(model, signature, *given, **options)

    monkeypatch.setattr(saved_model.LoadedModel, "run", noted)
    logs = [
        examples_log("classify_log", "classify"),
        examples_log("regress_log", "regress", count=2),
        tasks_log(("regress", "regress")),
        filtered_log("half"),
        prediction_log_pb2.PredictionLog(),
    ]
    write(tmp_path, *(log.SerializeToString() for log in logs))
    warmup_replay.replay(half, tmp_path)
    assert asked == ["classify", "regress", "regress", "both"]


def test_records_that_no_api_has(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, b"\xff\xff\xff no message")
    with pytest.raises(ServingError) as caught:
        warmup_replay.replay(model, tmp_path)
    told = rf"INVALID_ARGUMENT: Failed to parse warmup record: \xff\xff\xff no message from {tmp_path / FILE}"
    assert str(caught.value) == told
    log = prediction_log_pb2.PredictionLog()
    log.session_run_log.SetInParent()
    write(tmp_path, log.SerializeToString())
    with pytest.raises(ServingError, match=r"^UNIMPLEMENTED: Unsupported log_type for warmup: 5$"):
        warmup_replay.replay(model, tmp_path)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (predict_log("nope"), 'FAILED_PRECONDITION: Serving signature key "nope" not found.'),
        (predict_log("both"), "INVALID_ARGUMENT: input size does not match signature: 0!=1"),
        (filtered_log("y"), "INVALID_ARGUMENT: output tensor alias not found in signature: y"),
        (examples_log("regress_log", "nope"), "INVALID_ARGUMENT: No signature was found with the name: nope"),
        (examples_log("regress_log", "regress", count=0), "INVALID_ARGUMENT: Input is empty."),
        (examples_log("classify_log", "classify", count=0), "INVALID_ARGUMENT: Input is empty."),
        (examples_log("classify_log", "regress"), "FAILED_PRECONDITION: Expected classification signature outputs"),
        (
            examples_log("classify_log", "regress", count=0),
            "FAILED_PRECONDITION: Expected classification signature outp",
        ),
        (examples_log("regress_log", "classify"), "FAILED_PRECONDITION: No regression outputs found"),
        (tasks_log(("regress", "regress"), model=""), "INVALID_ARGUMENT: Found ModelSpec with an empty model name."),
        (tasks_log(("regress", "predict")), "UNIMPLEMENTED: Unsupported signature method_name: tensorflow/serving/pre"),
        (tasks_log(("regress", "classify")), "FAILED_PRECONDITION: Expected classification signature outputs"),
        (
            tasks_log(("regress", "regress"), ("classify", "classify")),
            "INVALID_ARGUMENT: Input tensor must be the same",
        ),
        (tasks_log(("nope", "regress")), "INVALID_ARGUMENT: Requested signature not found in model graph: nope"),
        (tasks_log(("regress", "regress"), count=0), "INVALID_ARGUMENT: Input is empty."),
        (tasks_log(), "INVALID_ARGUMENT: A MultiInferenceRequest without tasks"),
    ],
)
def test_requests_are_checked_as_the_api_does(
    half: saved_model.LoadedModel, tmp_path: Path, log: Any, words: str
) -> None:
    write(tmp_path, log if isinstance(log, bytes) else log.SerializeToString())
    with pytest.raises(ServingError) as caught:
        warmup_replay.replay(half, tmp_path)
    assert str(caught.value).startswith(words)


def test_method_names_are_checked_when_asked_for(half: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, examples_log("regress_log", "regress").SerializeToString())
    with pytest.raises(
        ServingError, match=r"method_name to be tensorflow/serving/regress\. Was: tensorflow/serving/predict"
    ):
        warmup_replay.replay(half, tmp_path, rules=Rules(check_method=True))


def test_failing_request_fails_the_load(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, predict_log("int", default=[1.5]))
    with pytest.raises(ServingError, match=r"INVALID_ARGUMENT: .*expect int32"):
        warmup_replay.replay(model, tmp_path)


def test_too_many_records(model: saved_model.LoadedModel, tmp_path: Path) -> None:
    write(tmp_path, *[predict_log("int", default=[1])] * 1001)
    with pytest.raises(ServingError, match="exceeds the maximum"):
        warmup_replay.replay(model, tmp_path)


RECORD = 8 + 4 + len(predict_log("count")) + 4
"""Bytes of a record: length, its checksum, data, their checksum."""


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"this is text, and long enough for a header", r"corrupted record at 0 \(Is this even a TFRecord file\?\)"),
        (b"garbage!", "truncated record at 0"),
    ],
)
def test_file_that_is_no_tfrecord(model: saved_model.LoadedModel, tmp_path: Path, contents: bytes, words: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(contents)
    with pytest.raises(ServingError, match=rf"^DATA_LOSS: {tmp_path / FILE}: {words}\. {VERIFY}$"):
        warmup_replay.replay(model, tmp_path)


@pytest.mark.parametrize("kept", [RECORD + 1, RECORD + 11, RECORD + 20, 2 * RECORD - 1])
def test_file_that_was_cut(model: saved_model.LoadedModel, tmp_path: Path, kept: int) -> None:
    write(tmp_path, predict_log("count"), predict_log("count"))
    whole = (tmp_path / FILE).read_bytes()
    assert len(whole) == 2 * RECORD
    (tmp_path / FILE).write_bytes(whole[:kept])
    with pytest.raises(
        ServingError, match=rf"^DATA_LOSS: {tmp_path / FILE}: truncated record at {RECORD}.*\. {VERIFY}$"
    ):
        warmup_replay.replay(model, tmp_path)


@pytest.mark.parametrize("records", [0, 2])
def test_whole_file(model: saved_model.LoadedModel, tmp_path: Path, records: int) -> None:
    write(tmp_path, *[predict_log("count")] * records)
    assert (tmp_path / FILE).stat().st_size == records * RECORD
    warmup_replay.replay(model, tmp_path)

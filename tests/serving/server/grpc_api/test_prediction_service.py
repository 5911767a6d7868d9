"""Predict and GetModelMetadata over a real channel, against models whose answers are plain arithmetic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from serving import saved_model
from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.scheduler import BatchScheduler
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import SECONDS, Client, refused, request

X = np.linspace(-3, 3, 7, dtype=np.float32).reshape(7, 1)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the models `defaults` and `types`."""
    base = tmp_path_factory.mktemp("odd")
    grpc_kit.write_defaults(base / "defaults" / "1")
    grpc_kit.write_types(base / "types" / "1")
    odd = Repository(lambda _config, folder: saved_model.load(folder))
    odd.apply([ModelConfig(name=name, base_path=base / name) for name in ("defaults", "types")])
    with grpc_kit.client_of(odd) as connected:
        yield connected
    odd.close()


def test_predict(client: Client) -> None:
    answer = client.prediction.Predict(request("half_plus_two", x=X), timeout=SECONDS)
    np.testing.assert_allclose(tf.make_ndarray(answer.outputs["y"]), 0.5 * X + 2)
    assert answer.outputs["y"].float_val[:2] == pytest.approx([0.5, 1.0])
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("half_plus_two", 123)
    assert answer.model_spec.signature_name == "serving_default"


def test_predict_asks_for_a_version(client: Client) -> None:
    message = request("half_plus_two", x=X)
    message.model_spec.version.value = 123
    np.testing.assert_allclose(client.predict(message)["y"], 0.5 * X + 2)
    message.model_spec.version.value = 50
    with refused("NOT_FOUND", "Servable not found for request: Specific(half_plus_two, 50)"):
        client.predict(message)


def test_predict_by_label(half_plus_two: Path) -> None:
    labelled = Repository(lambda _config, folder: saved_model.load(folder))
    labelled.apply([ModelConfig(name="m", base_path=half_plus_two)])
    labelled.apply([ModelConfig(name="m", base_path=half_plus_two, labels={"stable": 123})])
    with grpc_kit.client_of(labelled) as client:
        message = request("m", x=X)
        message.model_spec.version_label = "stable"
        answer = client.prediction.Predict(message, timeout=SECONDS)
        assert (answer.model_spec.version.value, answer.model_spec.version_label) == (123, "")
        message.model_spec.version_label = "canary"
        with refused("INVALID_ARGUMENT", "Unrecognized servable version label: canary"):
            client.predict(message)
    labelled.close()


def test_predict_with_a_signature_for_examples(client: Client) -> None:
    strings = [grpc_kit.example(x).SerializeToString() for x in (2.0, 4.0)]
    outputs = client.predict(request("half_plus_two", "regress", inputs=strings))
    np.testing.assert_allclose(outputs["outputs"], [[3.0], [4.0]])


def test_predict_without_inputs_keeps_state(client: Client) -> None:
    counts = [client.predict(request("echo", "count"))["count"] for _ in range(3)]
    assert counts[1:] == [counts[0] + 1, counts[0] + 2]


def test_output_filter(client: Client) -> None:
    message = request("half_plus_two", "both", x=X)
    assert client.predict(message).keys() == {"half", "whole"}
    message.output_filter.append("half")
    outputs = client.predict(message)
    assert outputs.keys() == {"half"}
    np.testing.assert_allclose(outputs["half"], 0.5 * X)
    message.output_filter.append("half")
    with refused("INVALID_ARGUMENT", "duplicate output tensor alias: half"):
        client.predict(message)
    message.output_filter[:] = ["z"]
    expected = "output tensor alias not found in signature: z Outputs expected to be in the set {half,whole}."
    with refused("INVALID_ARGUMENT", expected):
        client.predict(message)


def test_missing_model_spec(client: Client) -> None:
    with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
        client.predict(predict_pb2.PredictRequest())
    with refused("INVALID_ARGUMENT", "ModelSpec has no name specified."):
        client.predict(request("", x=X))


def test_unknown_model_and_signature(client: Client) -> None:
    with refused("NOT_FOUND", "Servable not found for request: Latest(test)"):
        client.predict(request("test", x=X))
    for name in ("nope", "__saved_model_init_op"):
        with refused("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.'):
            client.predict(request("half_plus_two", name, x=X))


def test_wrong_inputs(client: Client) -> None:
    missing = (
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}."
    )
    with refused("INVALID_ARGUMENT", missing):
        client.predict(request("half_plus_two"))
    extra = "2!=1 len({a,x}) != len({x}). Sent extra: {a}. Missing but required: {}."
    with refused("INVALID_ARGUMENT", extra):
        client.predict(request("half_plus_two", x=X, a=X))
    with refused("INVALID_ARGUMENT", "Signature input alias: x(feed name: ", "not found in request", "{z}"):
        client.predict(request("half_plus_two", z=X))


def test_wrong_dtype(client: Client) -> None:
    with refused("INVALID_ARGUMENT", "string", "float"):
        client.predict(request("half_plus_two", x=["any_key"]))


@pytest.mark.parametrize(
    "spoilt",
    [
        TensorProto(dtype=1, tensor_content=b"123"),
        TensorProto(float_val=[1.0]),
        TensorProto(dtype=999, float_val=[1.0]),
        TensorProto(dtype=1, tensor_shape=tf.TensorShape([10**12, 10**6]).as_proto(), float_val=[1.0]),
        TensorProto(dtype=1, tensor_shape=tf.TensorShape([None]).as_proto(), float_val=[1.0]),
    ],
    ids=["short content", "no type", "unknown type", "exabytes", "unknown size"],
)
def test_malformed_tensor(client: Client, spoilt: Any) -> None:
    with refused("INVALID_ARGUMENT", "tensor parsing error: x. "):
        client.predict(request("half_plus_two", x=spoilt))


def test_defaults_fill_missing_inputs(odd: Client) -> None:
    a = np.array([1, 2], np.float32)
    np.testing.assert_allclose(odd.predict(request("defaults", a=a))["y"], a + 70)
    np.testing.assert_allclose(odd.predict(request("defaults", a=a, b=np.float32(1)))["y"], a + 10)
    with refused("INVALID_ARGUMENT", "Signature input alias: a(", "default input alias set: b"):
        odd.predict(request("defaults", b=a))
    with refused("INVALID_ARGUMENT", "Inputs contains invalid name. Used request inputs: a, request input: a,c"):
        odd.predict(request("defaults", a=a, c=a))
    with refused("INVALID_ARGUMENT", "1!=2", "Missing but required: {b}."):
        odd.predict(request("defaults", "bare", a=a))


@pytest.mark.parametrize("dtype", grpc_kit.TYPES, ids=lambda dtype: dtype.name)
def test_every_type(odd: Client, dtype: Any) -> None:
    numbers = np.array([[1, 0, 3], [0, 1, 2]])
    if dtype == tf.string:
        value = np.array([[b"a", b"", b"\0\xff"]], dtype=object)
    elif dtype.is_quantized:
        value = numbers.astype(dtype.as_numpy_dtype[0])
    else:
        value = numbers.astype(dtype.as_numpy_dtype)
    sent = tf.make_tensor_proto(value, dtype=dtype)
    answer = odd.prediction.Predict(request("types", dtype.name, x=sent), timeout=SECONDS).outputs["y"]
    assert answer.dtype == dtype.as_datatype_enum
    np.testing.assert_array_equal(tf.make_ndarray(answer), tf.make_ndarray(sent))


def test_batched_models(half_plus_two: Path) -> None:
    scheduler = BatchScheduler(BatchingParameters(max_batch_size=4, num_batch_threads=1, batch_timeout_micros=1000))
    batched = Repository(lambda _config, folder: BatchedModel(saved_model.load(folder), scheduler))
    batched.apply([ModelConfig(name="m", base_path=half_plus_two)])
    with grpc_kit.client_of(batched) as client:
        calls = [client.prediction.Predict.future(request("m", x=row[None]), timeout=SECONDS) for row in X]
        for row, call in zip(X, calls, strict=True):
            np.testing.assert_allclose(tf.make_ndarray(call.result().outputs["y"]), 0.5 * row[None] + 2)
        with refused("INVALID_ARGUMENT", "Task size 7 is larger than maximum input batch size 4"):
            client.predict(request("m", x=X))
    batched.close()
    scheduler.close()


def test_tensor_content(repository: Repository) -> None:
    with grpc_kit.client_of(repository, tensor_content=True) as client:
        output = client.prediction.Predict(request("half_plus_two", x=X), timeout=SECONDS).outputs["y"]
        assert (output.tensor_content, len(output.float_val)) == ((0.5 * X + 2).tobytes(), 0)
        strings = client.predict(request("echo", "str", default=["a", "b"]))["out"]
        assert strings.tolist() == [b"a", b"b"]


def test_an_error_of_the_run(client: Client) -> None:
    with refused("INVALID_ARGUMENT", "abc"):
        client.predict(request("echo", "number", default=["abc"]))
    with refused("INVALID_ARGUMENT", "takes 4 dimensions"):
        client.predict(request("echo", "picture", default=np.array([1.0], np.float32)))


def test_long_messages_are_cut(client: Client) -> None:
    with pytest.raises(Exception, match="TRUNCATED") as caught:
        client.predict(request("n" * 5000, x=X))
    assert len(caught.value.details()) == 1024 + len("...TRUNCATED")  # type: ignore[attr-defined]


def test_metadata(client: Client) -> None:
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    message.model_spec.name = "half_plus_two"
    answer = client.prediction.GetModelMetadata(message, timeout=SECONDS)
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("half_plus_two", 123)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert signatures.signature_def["serving_default"].inputs["x"].dtype == tf.float32.as_datatype_enum
    assert "regress" in signatures.signature_def


def test_metadata_errors(client: Client) -> None:
    message = get_model_metadata_pb2.GetModelMetadataRequest()
    with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
        client.prediction.GetModelMetadata(message)
    message.model_spec.name = "half_plus_two"
    with refused("INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field"):
        client.prediction.GetModelMetadata(message)
    message.metadata_field.append("some_stuff")
    with refused("INVALID_ARGUMENT", "Metadata field some_stuff is not supported"):
        client.prediction.GetModelMetadata(message)
    message.metadata_field[:] = ["signature_def"]
    message.model_spec.name = "other"
    with refused("NOT_FOUND", "Servable not found for request: Latest(other)"):
        client.prediction.GetModelMetadata(message)


def test_metrics(repository: Repository) -> None:
    metrics = Metrics()
    with grpc_kit.client_of(repository, metrics=metrics) as client:
        client.predict(request("half_plus_two", x=X))
        with refused("NOT_FOUND"):
            client.predict(request("other", x=X))
    text = metrics.text()
    assert ':tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} 1' in text
    assert ':tensorflow:serving:request_count{model_name="other",status="NOT_FOUND"} 1' in text
    labels = '{model_name="half_plus_two",API="Predict",entrypoint="GRPC"}'
    assert f":tensorflow:serving:request_latency_count{labels} 1" in text


def test_record(repository: Repository) -> None:
    heard: list[tuple[Any, ...]] = []
    with grpc_kit.client_of(repository, record=lambda *call: heard.append(call)) as client:
        client.predict(request("half_plus_two", x=X))
        with refused("INVALID_ARGUMENT"):
            client.predict(request("half_plus_two", x=["wrong"]))
    ((version, kind, signature, inputs),) = heard
    assert (version.name, version.number, kind, signature) == ("half_plus_two", 123, "predict", "serving_default")
    np.testing.assert_array_equal(inputs["x"], X)

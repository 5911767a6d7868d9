"""Helpers for the tests of the gRPC API: a server in the process, clients with TensorFlow Serving's own stubs, models."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    input_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.server.grpc_api.options import Options
from serving.server.grpc_api.server import GrpcServer
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository

SECONDS = 60
"""How long a test waits for an answer before it fails."""

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Client:
    """Stubs of both services on one channel."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(channel)

    def predict(self, request: Any) -> dict[str, np.ndarray]:
        """The outputs of a Predict call."""
        answer = self.prediction.Predict(request, timeout=SECONDS)
        return {alias: tf.make_ndarray(proto) for alias, proto in answer.outputs.items()}


def refuse_reload(_config: Any) -> None:
    """For tests that reload nothing."""
    raise AssertionError("nothing should be reloaded here")


@contextmanager
def serving(repository: Any, reload: Callable[[Any], None] = refuse_reload, **given: Any) -> Iterator[GrpcServer]:
    """A server on a free port of this machine. given: `Options`, and other arguments of the server."""
    options = Options(**{name: given.pop(name) for name in Options.__dataclass_fields__.keys() & given.keys()})
    server = GrpcServer(repository, reload=reload, options=options, **given)
    server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        server.stop(0)


@contextmanager
def connected(server: GrpcServer) -> Iterator[Client]:
    """A client of `server`."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", options=UNLIMITED) as channel:
        yield Client(channel)


@contextmanager
def client_of(repository: Repository, **given: Any) -> Iterator[Client]:
    """A client of a server over `repository`."""
    with serving(repository, **given) as server, connected(server) as client:
        yield client


def request(model: str, signature: str = "", **inputs: Any) -> Any:
    """A PredictRequest; the inputs are what tf.make_tensor_proto takes, or TensorProtos."""
    message = predict_pb2.PredictRequest()
    message.model_spec.name = model
    message.model_spec.signature_name = signature
    for alias, value in inputs.items():
        proto = value if isinstance(value, TensorProto) else tf.make_tensor_proto(value)
        message.inputs[alias].CopyFrom(proto)
    return message


def example(x: float) -> tf.train.Example:
    """A tf.Example with the feature `x`."""
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[x]))
    return tf.train.Example(features=tf.train.Features(feature={"x": feature}))


def examples(*numbers: float) -> Any:
    """An Input with one tf.Example for each number."""
    return input_pb2.Input(example_list=input_pb2.ExampleList(examples=[example(x) for x in numbers]))


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """The call inside must fail with the status `code` and these words in its message."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code() is grpc.StatusCode[code], caught.value.details()
    for word in words:
        assert word in caught.value.details()


class FakeModel:
    """A model that answers y = x by a function of the test: to hold a call, or to count calls."""

    def __init__(self, answer: Callable[[np.ndarray], np.ndarray]) -> None:
        info = tf.compat.v1.saved_model.utils.build_tensor_info
        with tf.Graph().as_default():
            tensor = info(tf.compat.v1.placeholder(tf.float32, [None]))
        signature = tf.compat.v1.saved_model.signature_def_utils.build_signature_def({"x": tensor}, {"y": tensor})
        self.signatures = self.metadata = {"serving_default": signature}
        self._answer = answer

    def run(self, signature: str, inputs: dict[str, np.ndarray], **_options: Any) -> dict[str, np.ndarray]:
        """Answer a call."""
        return {"y": self._answer(inputs["x"])}

    def timeout_until(self, deadline: float) -> int:
        """A limit that is never looked at."""
        return int(deadline)

    def close(self) -> None:
        """Nothing to free."""


def write_defaults(folder: Path) -> None:
    """A model of y = a + 10 b, where b is 7 unless it is given, and `bare`, the same without a default."""

    def scaled(a: tf.Tensor, b: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": a + 10.0 * b}

    spec = tf.TensorSpec(None, tf.float32)
    function = tf.function(scaled).get_concrete_function(a=spec, b=spec)
    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": function, "bare": function})
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    signature = saved.meta_graphs[0].signature_def["serving_default"]
    signature.defaults["b"].CopyFrom(tf.make_tensor_proto(np.float32(7)))
    path.write_bytes(saved.SerializeToString())


def write_heads(folder: Path) -> None:
    """A version 1 model: `classify` and `regress`, declared as such, share the input; y = 0.5 x + 2, label "half".

    `serving_default` is the regression again, `other` a regression with another input.
    """
    utils = tf.compat.v1.saved_model
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        inputs, other = (tf.compat.v1.placeholder(tf.string, [None]) for _ in range(2))
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        y, length = 0.5 * x + 2.0, tf.cast(tf.strings.length(other), tf.float32)
        labels = tf.tile(tf.constant([["half"]]), [tf.size(inputs), 1])
        regress = utils.signature_def_utils.regression_signature_def(inputs, y)
        signatures = {
            "classify": utils.signature_def_utils.classification_signature_def(inputs, labels, y),
            "regress": regress,
            "serving_default": regress,
            "other": utils.signature_def_utils.regression_signature_def(other, length),
        }
        builder = utils.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map=signatures)
        builder.save()


TYPES = (
    *(tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.complex64, tf.complex128),
    *(tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64),
    *(tf.bool, tf.string, tf.qint8, tf.quint8, tf.qint32),
)


def write_types(folder: Path) -> None:
    """A signature for each of TYPES, of its name, that gives `x` back as `y`."""
    signatures = {}
    for dtype in TYPES:
        function = tf.function(lambda x: {"y": tf.identity(x)})
        signatures[dtype.name] = function.get_concrete_function(x=tf.TensorSpec(None, dtype))
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)


X = np.array([1, 2, 3], np.float32)


def fake(folder: Path, answer: Callable[[np.ndarray], np.ndarray] = lambda x: x) -> Repository:
    """A repository with the one model `m`, y = answer(x)."""
    (folder / "1").mkdir(parents=True)
    repository = Repository(lambda _config, _folder: FakeModel(answer))  # type: ignore[arg-type,return-value]
    repository.apply([ModelConfig(name="m", base_path=folder)])
    return repository


def predict(channel: Any, **options: Any) -> list[float]:
    """The answer for X."""
    answer = Client(channel).prediction.Predict(request("m", x=X), timeout=SECONDS, **options)
    return list(answer.outputs["y"].float_val)

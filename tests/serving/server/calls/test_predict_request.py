"""PredictRequest messages to inputs and outputs, on signatures built by hand."""

import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server.calls import predict_request
from serving.server.calls.rules import Rules
from serving.server.errors import ServingError


def signature(**defaults: float) -> Any:
    """Inputs a and b, outputs y and z."""
    made = SignatureDef(method_name="odd")
    for alias in ("a", "b"):
        made.inputs[alias].name = f"feed_{alias}:0"
    for alias in ("y", "z"):
        made.outputs[alias].name = f"{alias}:0"
    for alias, value in defaults.items():
        made.defaults[alias].CopyFrom(tf.make_tensor_proto(value, tf.float32))
    return made


def request(*inputs: str, outputs: str = "", name: str = "") -> Any:
    """Each input is a float 1.0."""
    made = PredictRequest(output_filter=outputs.split())
    made.model_spec.signature_name = name
    for alias in inputs:
        made.inputs[alias].CopyFrom(tf.make_tensor_proto(1.0, tf.float32))
    return made


def test_what_a_request_asks_for() -> None:
    read = predict_request.read({"serving_default": signature()}, request("b", "a"))
    assert (read.signature, read.outputs) == ("serving_default", None)
    assert {alias: array.item() for alias, array in read.inputs.items()} == {"a": 1.0, "b": 1.0}
    assert read.inputs["a"].dtype == np.float32
    named = predict_request.read({"other": signature()}, request("a", "b", outputs="z", name="other"))
    assert (named.signature, named.outputs) == ("other", ["z"])


def test_defaults_fill_in() -> None:
    read = predict_request.read({"serving_default": signature(b=5.0)}, request("a"))
    assert {alias: array.item() for alias, array in read.inputs.items()} == {"a": 1.0, "b": 5.0}
    with pytest.raises(ServingError, match=r"alias: a\(feed name: feed_a:0\) not found in request and no default"):
        predict_request.read({"serving_default": signature(b=5.0)}, request("b"))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (request("a", "b", name="nope"), 'FAILED_PRECONDITION: Serving signature key "nope" not found.'),
        (request("a"), "INVALID_ARGUMENT: input size does not match signature: 1!=2 len({a}) != len({a,b})."),
        (request("a", "c"), "INVALID_ARGUMENT: Signature input alias: b(feed name: feed_b:0) not found in request"),
        (
            request("a", "b", outputs="x"),
            "INVALID_ARGUMENT: output tensor alias not found in signature: x Outputs expec",
        ),
        (request("a", "b", outputs="y y"), "INVALID_ARGUMENT: duplicate output tensor alias: y"),
    ],
)
def test_refused(sent: Any, words: str) -> None:
    with pytest.raises(ServingError, match="^" + re.escape(words)):
        predict_request.read({"serving_default": signature()}, sent)


def test_the_method_comes_before_the_inputs() -> None:
    with pytest.raises(ServingError, match=r"INTERNAL: .* Was: odd$"):
        predict_request.read({"serving_default": signature()}, request(), rules=Rules(check_method=True))
    with pytest.raises(ServingError, match="size does not match"):
        predict_request.read({"serving_default": signature()}, request())

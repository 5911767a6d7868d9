"""Checks that a signature fits a call, on messages built by hand."""

import re
from typing import Any

import pytest
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.calls import signature_checks
from serving.server.calls.rules import Rules
from serving.server.errors import ServingError

PREDICT, CLASSIFY, REGRESS = (f"tensorflow/serving/{name}" for name in ("predict", "classify", "regress"))


def signature(inputs: str, outputs: str, method: str = "") -> Any:
    """A signature with these aliases, between spaces."""
    made = SignatureDef(method_name=method)
    for side, aliases in ((made.inputs, inputs), (made.outputs, outputs)):
        for alias in aliases.split():
            side[alias].name = f"{alias}:0"
    return made


@pytest.mark.parametrize("outputs", ["classes", "scores", "scores classes", "scores more"])
def test_classification(outputs: str) -> None:
    signature_checks.check_classification(signature("inputs", outputs))
    signature_checks.check_classification(signature("inputs", outputs, CLASSIFY), rules=Rules(check_method=True))
    with pytest.raises(ServingError, match=f"classification signature method_name to be {CLASSIFY}. Was: {REGRESS}$"):
        signature_checks.check_classification(signature("inputs", outputs, REGRESS), rules=Rules(check_method=True))


def test_regression() -> None:
    signature_checks.check_regression(signature("inputs", "outputs"))
    signature_checks.check_regression(signature("inputs", "outputs", REGRESS), rules=Rules(check_method=True))
    with pytest.raises(ServingError, match=rf"regression signature method_name to be {REGRESS}\. Was: $"):
        signature_checks.check_regression(signature("inputs", "outputs"), rules=Rules(check_method=True))


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ("inputs more", "scores", "INVALID_ARGUMENT: Expected one input Tensor."),
        ("", "scores", "INVALID_ARGUMENT: Expected one input Tensor."),
        ("inputs", "", "INVALID_ARGUMENT: Expected one or two output Tensors, found 0"),
        ("inputs", "scores classes more", "INVALID_ARGUMENT: Expected one or two output Tensors, found 3"),
        ("x", "scores", "FAILED_PRECONDITION: No classification inputs found in SignatureDef: inputs {"),
        (
            "inputs",
            "outputs",
            'FAILED_PRECONDITION: Expected classification signature outputs to contain at least one of "c',
        ),
    ],
)
def test_no_classification(inputs: str, outputs: str, words: str) -> None:
    with pytest.raises(ServingError, match="^" + re.escape(words)):
        signature_checks.check_classification(signature(inputs, outputs))


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ("inputs more", "outputs", "INVALID_ARGUMENT: Expected one input Tensor."),
        ("inputs", "outputs more", "INVALID_ARGUMENT: Expected one output Tensor."),
        ("x", "outputs", "FAILED_PRECONDITION: No regression inputs found in SignatureDef: inputs {"),
        ("inputs", "scores", "FAILED_PRECONDITION: No regression outputs found in SignatureDef: inputs {"),
    ],
)
def test_no_regression(inputs: str, outputs: str, words: str) -> None:
    with pytest.raises(ServingError, match="^" + re.escape(words)):
        signature_checks.check_regression(signature(inputs, outputs))


def test_methods_that_predict_takes() -> None:
    rules = Rules(check_method=True)
    for method in (PREDICT, CLASSIFY, REGRESS):
        signature_checks.check_prediction(signature("x", "y", method), rules=rules)
    words = (
        f"INTERNAL: Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, {REGRESS}}}. Was: "
    )
    for method in ("", "weird"):
        signature_checks.check_prediction(signature("x", "y", method))
        with pytest.raises(ServingError, match=f"^{re.escape(words + method)}$"):
            signature_checks.check_prediction(signature("x", "y", method), rules=rules)

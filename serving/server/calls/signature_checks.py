"""Checks that a signature fits a call, in TensorFlow Serving's words: predict_util.cc, classifier.cc, regressor.cc.

Whether a signature is declared for the call is checked only with `--enable_signature_method_name_check`.
"""

from typing import Any

from serving.server.calls.rules import PLAIN, Rules
from serving.server.errors import Code, ServingError, invalid_argument

METHODS = {"classify": "tensorflow/serving/classify", "regress": "tensorflow/serving/regress"}


def check_prediction(signature: Any, *, rules: Rules = PLAIN) -> None:
    """Check that Predict can answer by this signature: one declared for it, or for Classify or Regress."""
    methods = ("tensorflow/serving/predict", *METHODS.values())
    if rules.check_method and signature.method_name not in methods:
        message = f"Expected prediction signature method_name to be one of {{{', '.join(methods)}}}. Was: "
        raise ServingError(Code.INTERNAL, message + signature.method_name)


def check_classification(signature: Any, *, rules: Rules = PLAIN) -> None:
    """Check that there is one input, `inputs`, and one or two outputs, among them `classes` or `scores`."""
    if rules.check_method:
        _check_method(signature, "classification", METHODS["classify"])
    _check_input(signature, "classification", outputs=2)
    if not {"classes", "scores"} & signature.outputs.keys():
        raise ServingError(
            Code.FAILED_PRECONDITION,
            'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature '
            f"was: {signature}",
        )


def check_regression(signature: Any, *, rules: Rules = PLAIN) -> None:
    """Check that there is one input, `inputs`, and one output, `outputs`."""
    if rules.check_method:
        _check_method(signature, "regression", METHODS["regress"])
    _check_input(signature, "regression", outputs=1)
    if "outputs" not in signature.outputs:
        raise ServingError(Code.FAILED_PRECONDITION, f"No regression outputs found in SignatureDef: {signature}")


def _check_method(signature: Any, task: str, expected: str) -> None:
    if signature.method_name != expected:
        raise invalid_argument(f"Expected {task} signature method_name to be {expected}. Was: {signature.method_name}")


def _check_input(signature: Any, task: str, *, outputs: int) -> None:
    """Check that there is one input of the right name, and at most so many outputs."""
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if not 1 <= len(signature.outputs) <= outputs:
        found = f"s, found {len(signature.outputs)}" if outputs > 1 else "."
        raise invalid_argument(f"Expected one {'or two ' if outputs > 1 else ''}output Tensor{found}")
    if "inputs" not in signature.inputs:
        raise ServingError(Code.FAILED_PRECONDITION, f"No {task} inputs found in SignatureDef: {signature}")

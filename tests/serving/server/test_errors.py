"""Status codes against gRPC's and TensorFlow's own, HTTP statuses, and the reading of exceptions."""

import grpc
import pytest
import tensorflow as tf

from serving.server import errors
from serving.server.errors import Code, ServingError

STATUSES = """
OK 200, INVALID_ARGUMENT 400, FAILED_PRECONDITION 400, OUT_OF_RANGE 400, UNAUTHENTICATED 401, PERMISSION_DENIED 403,
NOT_FOUND 404, ALREADY_EXISTS 409, ABORTED 409, RESOURCE_EXHAUSTED 429, CANCELLED 499, UNKNOWN 500, INTERNAL 500,
DATA_LOSS 500, UNIMPLEMENTED 501, UNAVAILABLE 503, DEADLINE_EXCEEDED 504
"""
"""As documented by TensorFlow Serving's ToHTTPStatusCode."""


def test_codes_are_those_of_grpc_and_tensorflow() -> None:
    assert {code.name: int(code) for code in Code} == {code.name: code.value[0] for code in grpc.StatusCode}
    assert {code.name: int(code) for code in Code} == {name: getattr(tf.errors, name) for name in Code.__members__}


def test_http_statuses() -> None:
    expected = {name: int(status) for name, status in (pair.split() for pair in STATUSES.split(","))}
    assert {code.name: status for code, status in errors.HTTP_STATUS.items()} == expected
    assert len(expected) == len(Code)


def test_an_error_prints_like_a_status() -> None:
    error = errors.invalid_argument("too few")
    assert (error.code, error.message, str(error)) == (Code.INVALID_ARGUMENT, "too few", "INVALID_ARGUMENT: too few")


@pytest.mark.parametrize("name", [name for name in Code.__members__ if name != "OK"])
def test_tensorflow_errors_keep_code_and_message(name: str) -> None:
    code = Code[name]
    problem = errors.from_exception(tf.compat.v1.errors.exception_type_from_error_code(int(code))(None, None, "why"))
    assert (problem.code, problem.message) == (code, "why")


def test_error_of_a_graph() -> None:
    with pytest.raises(tf.errors.OpError) as caught:
        tf.reshape(tf.zeros(3), [2])
    assert errors.from_exception(caught.value).code is Code.INVALID_ARGUMENT


def test_code_of_the_cause_with_the_outer_message() -> None:
    outer = ValueError("the SavedModel could not be loaded")
    outer.__cause__ = tf.errors.DataLossError(None, None, "checksum")
    problem = errors.from_exception(outer)
    assert (problem.code, problem.message) == (Code.DATA_LOSS, "the SavedModel could not be loaded")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (FileNotFoundError("no such folder"), Code.NOT_FOUND, "no such folder"),
        (ValueError("wrong input"), Code.INVALID_ARGUMENT, "wrong input"),
        (PermissionError("closed"), Code.INTERNAL, "closed"),
        (ZeroDivisionError(), Code.INTERNAL, "ZeroDivisionError"),
        (MemoryError(), Code.INTERNAL, "MemoryError"),
    ],
)
def test_other_exceptions(error: Exception, code: Code, message: str) -> None:
    problem = errors.from_exception(error)
    assert (problem.code, problem.message) == (code, message)


def test_our_own_errors_pass_unchanged() -> None:
    error = ServingError(Code.UNAVAILABLE, "later")
    error.__cause__ = tf.errors.NotFoundError(None, None, "other")
    assert errors.from_exception(error) is error

"""Common parts of all gRPC calls, with a stand-in for gRPC's context."""

import time
from typing import Any, NoReturn

import grpc
import pytest
from tensorflow_serving.apis import model_pb2, predict_pb2

from serving.server.errors import Code, ServingError
from serving.server.grpc_api import call
from serving.server.models.spec import ModelSpec


class AbortedError(Exception):
    """The error that gRPC's `abort` raises."""


class Context:
    """A call with this much time left, whose client waits or has gone."""

    def __init__(self, remaining: float | None = None, *, active: bool = True) -> None:
        self.remaining, self.active = remaining, active
        self.ended: tuple[grpc.StatusCode, str] | None = None

    def time_remaining(self) -> float | None:
        return self.remaining

    def is_active(self) -> bool:
        return self.active

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        self.ended = (code, details)
        raise AbortedError


def test_work_hears_the_deadline_and_done_how_it_ended() -> None:
    ends: list[Code] = []
    before = time.monotonic()
    deadline = call.answer(Context(5.0), lambda until: until, ends.append)
    assert deadline is not None
    assert before + 5 <= deadline <= time.monotonic() + 5
    for endless in (None, 1e9):
        assert call.answer(Context(endless), lambda until: until, ends.append) is None
    assert ends == [Code.OK] * 3


@pytest.mark.parametrize(
    ("context", "status"),
    [
        (Context(0.0), grpc.StatusCode.DEADLINE_EXCEEDED),
        (Context(-1.0), grpc.StatusCode.DEADLINE_EXCEEDED),
        (Context(9.0, active=False), grpc.StatusCode.CANCELLED),
    ],
)
def test_no_work_for_nobody(context: Context, status: grpc.StatusCode) -> None:
    with pytest.raises(AbortedError):
        call.answer(context, lambda _: pytest.fail("work was done"))
    assert context.ended is not None
    assert context.ended[0] is status


def test_errors_become_statuses(caplog: pytest.LogCaptureFixture) -> None:
    ends: list[Code] = []
    errors: list[tuple[Exception, grpc.StatusCode]] = [
        (ServingError(Code.NOT_FOUND, "Servable not found"), grpc.StatusCode.NOT_FOUND),
        (ServingError(Code.UNAVAILABLE, "full"), grpc.StatusCode.UNAVAILABLE),
        (ZeroDivisionError("a bug"), grpc.StatusCode.INTERNAL),
    ]
    for error, status in errors:

        def fail(_deadline: float | None, error: Exception = error) -> None:
            raise error

        context = Context()
        with pytest.raises(AbortedError):
            call.answer(context, fail, ends.append)
        assert context.ended is not None
        assert context.ended[0] is status
    assert ends == [Code.NOT_FOUND, Code.UNAVAILABLE, Code.INTERNAL]
    assert caplog.text.count("failed inside the server") == 1


def test_long_and_odd_messages_are_sent_shortened() -> None:
    def fail(_deadline: float | None) -> None:
        # Not INTERNAL: that is logged, and pytest-xdist cannot hand on a log with half a character.
        raise ServingError(Code.INVALID_ARGUMENT, "\udcff" + "x" * 5000)

    context = Context()
    with pytest.raises(AbortedError):
        call.answer(context, fail)
    assert context.ended is not None
    assert context.ended[1] == "\\udcff" + "x" * 1018 + "...TRUNCATED"


def test_model_spec() -> None:
    def read(**fields: Any) -> ModelSpec:
        return call.model_spec(predict_pb2.PredictRequest(model_spec=model_pb2.ModelSpec(**fields)))

    assert read(name="m") == ModelSpec(name="m")
    assert read(name="m", version={"value": 0}) == ModelSpec(name="m", version=0)
    assert read(name="m", version_label="l") == ModelSpec(name="m", label="l")
    with pytest.raises(ServingError, match="ModelSpec has no name specified"):
        read(version={"value": 1})
    with pytest.raises(ServingError, match="Missing ModelSpec"):
        call.model_spec(predict_pb2.PredictRequest())

"""Common parts of all gRPC calls: the model that a request means, its deadline, and errors as gRPC statuses."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from serving.server.errors import Code, ServingError, from_exception, invalid_argument
from serving.server.models.spec import ModelSpec

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

LONGEST_MESSAGE = 1024
"""Characters of an error message that are sent, as in TensorFlow Serving."""

ENDLESS_SECONDS = 1e8
"""Three years: gRPC gives a call without a deadline a far one."""

_STATUS = {code.value[0]: code for code in grpc.StatusCode}


def answer(context: Any, work: Callable[[float | None], Answer], done: Callable[[Code], None] | None = None) -> Answer:
    """Answer one call by `work`, which is given the deadline; an error ends the call with its status.

    The deadline is in seconds of `time.monotonic`, None without a limit. A call whose client has gone, or whose deadline
    passed while it waited, does no work. `done` is called with the status of the call.
    """
    try:
        result = work(_deadline(context))
    except Exception as error:
        problem = from_exception(error)
        if problem.code is Code.INTERNAL:
            log.error("A gRPC call failed inside the server.", exc_info=error)
    else:
        if done:
            done(Code.OK)
        return result
    if done:
        done(problem.code)
    context.abort(_STATUS[problem.code], _shortened(problem.message))
    raise problem  # abort has raised already; for the type checker


def model_spec(request: Any) -> ModelSpec:
    """Read the `model_spec` of a request; INVALID_ARGUMENT when it has none."""
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    return from_message(request.model_spec)


def from_message(message: Any) -> ModelSpec:
    """Read a tensorflow.serving.ModelSpec; INVALID_ARGUMENT when it has no name."""
    if not message.name:
        raise invalid_argument("ModelSpec has no name specified.")
    choice = message.WhichOneof("version_choice")
    return ModelSpec(
        name=message.name,
        version=message.version.value if choice == "version" else None,
        label=message.version_label if choice == "version_label" else None,
    )


def _deadline(context: Any) -> float | None:
    """Tell when the client stops waiting; ServingError when it has stopped already."""
    remaining = context.time_remaining()
    if remaining is not None and remaining <= 0:
        raise ServingError(Code.DEADLINE_EXCEEDED, "The deadline of the call passed while it waited for a thread.")
    if not context.is_active():
        raise ServingError(Code.CANCELLED, "The client has gone.")
    return None if remaining is None or remaining > ENDLESS_SECONDS else time.monotonic() + remaining


def _shortened(message: str) -> str:
    """Cut a message to what gRPC can send."""
    text = message.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "...TRUNCATED"

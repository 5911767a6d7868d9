"""What all gRPC calls share: which model a request means, how long it may take, and errors as gRPC statuses."""

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
"""Three years: gRPC counts a call without a deadline as one with a far one."""

_STATUS = {code.value[0]: code for code in grpc.StatusCode}


def answer(context: Any, work: Callable[[float | None], Answer], done: Callable[[Code], None] | None = None) -> Answer:
    """Answer one call by `work`, which gets the deadline; an error ends the call with its status.

    The deadline is in seconds of `time.monotonic`, None for no end. A call whose client has gone, or whose time was up
    before its turn came, does no work. `done` hears how the call ended.
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
    """The model that the `model_spec` of a request means; INVALID_ARGUMENT when it names none."""
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    return from_message(request.model_spec)


def from_message(message: Any) -> ModelSpec:
    """The model that a tensorflow.serving.ModelSpec means; INVALID_ARGUMENT when it has no name."""
    if not message.name:
        raise invalid_argument("ModelSpec has no name specified.")
    choice = message.WhichOneof("version_choice")
    return ModelSpec(
        name=message.name,
        version=message.version.value if choice == "version" else None,
        label=message.version_label if choice == "version_label" else None,
    )


def _deadline(context: Any) -> float | None:
    """When the client stops waiting; ServingError when it has stopped already."""
    remaining = context.time_remaining()
    if remaining is not None and remaining <= 0:
        raise ServingError(Code.DEADLINE_EXCEEDED, "The deadline of the call was over before its turn came.")
    if not context.is_active():
        raise ServingError(Code.CANCELLED, "The client has gone.")
    return None if remaining is None or remaining > ENDLESS_SECONDS else time.monotonic() + remaining


def _shortened(message: str) -> str:
    """The message as gRPC can send it."""
    text = message.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "...TRUNCATED"

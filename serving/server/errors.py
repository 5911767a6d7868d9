"""Status codes and errors of TensorFlow Serving, and the HTTP status that stands for each."""

import enum


class Code(enum.IntEnum):
    """Canonical status codes; numbers and names are those of gRPC and of TensorFlow."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


HTTP_STATUS = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""As in tensorflow_serving/model_servers/http_server.cc, ToHTTPStatusCode."""


class ServingError(Exception):
    """An error answer: a status code and the message for the client."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Print as a status does, `INVALID_ARGUMENT: ...`."""
        return f"{self.code.name}: {self.message}"


def invalid_argument(message: str) -> ServingError:
    """Make an INVALID_ARGUMENT error, the usual answer to a wrong request."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def from_exception(error: BaseException) -> ServingError:
    """Read the status of a TensorFlow error (also one that caused `error`); anything unknown is INTERNAL."""
    if isinstance(error, ServingError):
        return error
    if isinstance(error, FileNotFoundError):
        return ServingError(Code.NOT_FOUND, str(error))
    for candidate in (error, error.__cause__):
        number = getattr(candidate, "error_code", None)  # every tf.errors.OpError has one
        if number in list(Code):
            return ServingError(Code(number), str(getattr(error, "message", error)))
    code = Code.INVALID_ARGUMENT if isinstance(error, ValueError) else Code.INTERNAL
    return ServingError(code, str(error) or type(error).__name__)


class StartError(OSError):
    """The server cannot start with this command line; the message says what to change."""

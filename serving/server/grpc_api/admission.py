"""The decision which gRPC calls are answered: only those with the token, and none once the server stops."""

import time
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health

from serving.server import bearer

QUIET_SECONDS = 0.1
MOST_REFUSING_SECONDS = 1.0
"""At the end new calls are refused until none has come for QUIET_SECONDS, or for this long."""

HEALTH = f"/{health.SERVICE_NAME}/"


class Admission(grpc.ServerInterceptor):
    """Refuses calls without the token, and every new call once it is shut."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._last_call = 0.0
        self._shut = False

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Return the handler of a call, or one that refuses it."""
        self._last_call = time.monotonic()
        if handler_call_details.method.startswith(HEALTH):
            return continuation(handler_call_details)
        if self._shut:
            return _refusal(grpc.StatusCode.UNAVAILABLE, "The server is stopping. Call another one.")
        if self._token:
            sent = dict(handler_call_details.invocation_metadata).get("authorization", "")
            if not bearer.holds(sent if isinstance(sent, str) else sent.decode("latin-1"), self._token):
                message = "This server asks for a token. Send it as the metadata 'authorization: Bearer <token>'."
                return _refusal(grpc.StatusCode.UNAUTHENTICATED, message)
        return continuation(handler_call_details)

    def shut(self, seconds: float) -> None:
        """Refuse new calls, and wait until none has come for a moment; `seconds` at most.

        Otherwise grpc.Server.stop would cancel calls that it has read and not begun, and clients could not know that they
        may send these again.
        """
        self._shut = True
        end = time.monotonic() + seconds
        while self._last_call + QUIET_SECONDS > time.monotonic() < end:
            time.sleep(QUIET_SECONDS / 10)


def _refusal(code: grpc.StatusCode, message: str) -> Any:
    """Make a handler that ends every call with this error."""
    return grpc.unary_unary_rpc_method_handler(lambda _request, context: context.abort(code, message))

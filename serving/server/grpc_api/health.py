"""The standard health service, grpc.health.v1."""

import threading
from typing import Any

from grpc_health.v1 import health, health_pb2

SERVICES = ("ModelService", "PredictionService")
"""The names under which TensorFlow Serving reports the health of its services."""


class Health(health.HealthServicer):
    """The standard health service; at the end it cancels clients that watch it, so that the stop need not wait for them."""

    def __init__(self) -> None:
        super().__init__()
        self._watchers: set[Any] = set()
        self._watching = threading.Lock()
        for service in SERVICES:
            self.set(service, health_pb2.HealthCheckResponse.SERVING)

    def Watch(self, request: Any, context: Any, send_response_callback: Any = None) -> Any:  # noqa: N802
        """Send the state of a service now, and each time it changes."""
        with self._watching:
            self._watchers.add(context)
        context.add_callback(lambda: self._forget(context))
        return super().Watch(request, context, send_response_callback)

    def leave(self) -> None:
        """Report NOT_SERVING from now on."""
        self.enter_graceful_shutdown()
        with self._watching:
            watchers = list(self._watchers)
        for context in watchers:
            context.cancel()

    def _forget(self, context: Any) -> None:
        with self._watching:
            self._watchers.discard(context)

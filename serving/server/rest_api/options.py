"""Features and limits of the REST API."""

from dataclasses import dataclass
from typing import Any, Self

from serving.server.calls.rules import PLAIN, Rules


@dataclass(frozen=True, kw_only=True)
class Options:
    """Features and limits of the REST API; every default is TensorFlow Serving's behaviour."""

    cors: bool = False
    """Send CORS headers."""
    token: str = ""
    """Calls must send it as `Authorization: Bearer <token>`; empty for none."""
    metrics_path: str = ""
    """URL path of the metrics; empty for none."""
    model_list: bool = False
    """Answer GET /v1/models with the names of the models."""
    rules: Rules = PLAIN
    binary_bodies: bool = False
    """Accept bodies that are not JSON: .npy and protobuf."""
    trace_ids: bool = False
    """Read and send `traceparent` headers, and log them with failures."""
    max_body_bytes: int = 0
    """Largest body; 0 for no limit, as in the next three."""
    body_seconds: float = 0
    """Longest time for a body to arrive."""
    max_concurrent: int = 0
    """Calls in work at the same time."""
    run_seconds: float = 0
    """Longest run of a model for one call."""

    @classmethod
    def of(cls, flags: Any, *, token: str, metrics_path: str) -> Self:
        """Make the options that the command line asks for. flags: `process.flags.Flags`, which is in a higher layer.

        token, metrics_path: from the files that the flags name.
        """
        return cls(
            cors=flags.rest_api_enable_cors_support,
            token=token,
            metrics_path=metrics_path,
            model_list=flags.enable_model_list,
            rules=Rules.of(flags),
            binary_bodies=flags.enable_binary_bodies,
            trace_ids=flags.enable_trace_ids,
            max_body_bytes=flags.rest_api_max_body_bytes,
            body_seconds=flags.rest_api_body_timeout_in_ms / 1000,
            max_concurrent=flags.max_concurrent_requests,
            run_seconds=flags.rest_api_timeout_in_ms / 1000,
        )

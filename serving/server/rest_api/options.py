"""What the REST API offers, and its limits."""

from dataclasses import dataclass
from typing import Any, Self

from serving.server.calls.rules import PLAIN, Rules


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the API offers, and its limits; every default is TensorFlow Serving's behaviour."""

    cors: bool = False
    token: str = ""
    """What calls must bring as `Authorization: Bearer ...`, when it is not empty."""
    metrics_path: str = ""
    """Where the metrics are; empty for nowhere."""
    model_list: bool = False
    """Answer GET /v1/models with the names of the models."""
    rules: Rules = PLAIN
    binary_bodies: bool = False
    """Take bodies that are not JSON: .npy and protobuf."""
    trace_ids: bool = False
    max_body_bytes: int = 0
    """Largest body; 0 without a limit, as in the next three."""
    body_seconds: float = 0
    max_concurrent: int = 0
    run_seconds: float = 0

    @classmethod
    def of(cls, flags: Any, *, token: str, metrics_path: str) -> Self:
        """The options that the command line asks for. flags: `process.flags.Flags`, which stands in a higher layer.

        token, metrics_path: from the files that it names.
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

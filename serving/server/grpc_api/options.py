"""Features and limits of the gRPC API."""

from dataclasses import dataclass
from typing import Any, Self

from serving.server.calls.rules import PLAIN, Rules


@dataclass(frozen=True, kw_only=True)
class Options:
    """Features and limits of the gRPC API; every default is TensorFlow Serving's behaviour."""

    token: str = ""
    """Calls must send it as the metadata `authorization: Bearer <token>`, except to the health service; empty for none."""
    max_threads: int = 0
    """Calls answered at the same time; 0 for four per CPU."""
    health: bool = False
    """Offer the standard health service."""
    ssl: Any = None
    """An SSLConfig message."""
    channel_arguments: str = ""
    """Settings of the gRPC library, "name=value,name=value"."""
    tensor_content: bool = False
    """Pack the outputs of Predict."""
    rules: Rules = PLAIN

    @classmethod
    def of(cls, flags: Any, *, token: str, ssl: Any) -> Self:
        """Make the options that the command line asks for. flags: `process.flags.Flags`, which is in a higher layer.

        token, ssl: from the files that the flags name.
        """
        return cls(
            token=token,
            max_threads=flags.grpc_max_threads,
            health=flags.enable_grpc_healthcheck_service,
            ssl=ssl,
            channel_arguments=flags.grpc_channel_arguments,
            tensor_content=flags.enable_serialization_as_tensor_content,
            rules=Rules.of(flags),
        )

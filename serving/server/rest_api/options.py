"""What the REST API offers, and its limits."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the API offers and bears; every default is TensorFlow Serving's behaviour."""

    cors: bool = False
    token: str = ""
    """What calls must bring as `Authorization: Bearer ...`, when it is not empty."""
    metrics_path: str = ""
    model_list: bool = False
    output_filter: bool = False
    binary_bodies: bool = False
    float16: bool = False
    check_method: bool = False
    """Classify and regress only with signatures that are declared for it."""
    trace_ids: bool = False
    max_body_bytes: int = 0
    body_seconds: float = 0
    max_concurrent: int = 0
    run_seconds: float = 0

"""Every option of the REST API comes from its flag; without flags all are TensorFlow Serving's."""

import pytest

from serving.server.calls.rules import Rules
from serving.server.process import flags
from serving.server.rest_api.options import Options

BASE = ["--model_base_path=/models/x"]


@pytest.mark.parametrize(
    ("flag", "option"),
    [
        ("--rest_api_enable_cors_support", {"cors": True}),
        ("--enable_model_list", {"model_list": True}),
        ("--enable_output_filter", {"rules": Rules(output_filter=True)}),
        ("--enable_binary_bodies", {"binary_bodies": True}),
        ("--enable_trace_ids", {"trace_ids": True}),
        ("--rest_api_max_body_bytes=7", {"max_body_bytes": 7}),
        ("--rest_api_body_timeout_in_ms=1500", {"body_seconds": 1.5}),
        ("--max_concurrent_requests=3", {"max_concurrent": 3}),
        ("--rest_api_timeout_in_ms=2500", {"run_seconds": 2.5}),
    ],
)
def test_a_flag_sets_its_option_and_no_other(flag: str, option: dict[str, object]) -> None:
    plain = Options.of(flags.parse(BASE), token="t", metrics_path="/m")
    assert (plain.token, plain.metrics_path) == ("t", "/m")
    found = Options.of(flags.parse([*BASE, flag]), token="t", metrics_path="/m")
    changed = {name for name in Options.__dataclass_fields__ if getattr(found, name) != getattr(plain, name)}
    assert changed == option.keys()
    assert all(getattr(found, name) == value for name, value in option.items())

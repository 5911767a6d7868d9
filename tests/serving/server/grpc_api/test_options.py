"""Every option of the gRPC API comes from its flag; without flags all are TensorFlow Serving's."""

import pytest

from serving.server.calls.rules import Rules
from serving.server.grpc_api.options import Options
from serving.server.process import flags

BASE = ["--model_base_path=/models/x"]


@pytest.mark.parametrize(
    ("flag", "option"),
    [
        ("--grpc_max_threads=5", {"max_threads": 5}),
        ("--enable_grpc_healthcheck_service", {"health": True}),
        ("--grpc_channel_arguments=a=1", {"channel_arguments": "a=1"}),
        ("--enable_serialization_as_tensor_content", {"tensor_content": True}),
        ("--enable_signature_method_name_check", {"rules": Rules(check_method=True)}),
    ],
)
def test_a_flag_sets_its_option_and_no_other(flag: str, option: dict[str, object]) -> None:
    plain = Options.of(flags.parse(BASE), token="t", ssl="keys")
    assert (plain.token, plain.ssl) == ("t", "keys")
    found = Options.of(flags.parse([*BASE, flag]), token="t", ssl="keys")
    changed = {name for name in Options.__dataclass_fields__ if getattr(found, name) != getattr(plain, name)}
    assert changed == option.keys()
    assert all(getattr(found, name) == value for name, value in option.items())

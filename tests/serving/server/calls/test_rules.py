"""The rules of calls: TensorFlow Serving's by default, and those of the flags."""

from serving.server.calls.rules import PLAIN, Rules
from serving.server.process import flags

BASE = ["--model_base_path=/models/x"]


def test_the_flags_make_the_rules() -> None:
    assert Rules.of(flags.parse(BASE)) == PLAIN == Rules()
    for name in ("check_method", "output_filter", "float16"):
        flag = {"check_method": "enable_signature_method_name_check"}.get(name, f"enable_{name}")
        assert Rules.of(flags.parse([*BASE, f"--{flag}"])) == Rules(**{name: True})

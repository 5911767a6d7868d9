"""How calls are read: the switches that go beyond TensorFlow Serving's defaults, as one value."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Every default is TensorFlow Serving's behaviour."""

    check_method: bool = False
    """A signature must be declared for the call."""
    output_filter: bool = False
    """Take `output_filter` in the body of :predict."""
    float16: bool = False
    """Take half and bfloat16 tensors in JSON."""

    @classmethod
    def of(cls, flags: Any) -> Self:
        """The rules that the command line asks for. flags: `process.flags.Flags`, which stands in a higher layer."""
        return cls(
            check_method=flags.enable_signature_method_name_check,
            output_filter=flags.enable_output_filter,
            float16=flags.enable_float16,
        )


PLAIN = Rules()
"""TensorFlow Serving's."""

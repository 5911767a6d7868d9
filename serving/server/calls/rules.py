"""The switches of a call that differ from TensorFlow Serving's defaults, as one value."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The switches of predict, classify and regress; every default is TensorFlow Serving's behaviour."""

    check_method: bool = False
    """Refuse signatures that are not declared for the call."""
    output_filter: bool = False
    """Accept `output_filter` in the body of :predict."""
    float16: bool = False
    """Accept and write half and bfloat16 tensors in JSON."""

    @classmethod
    def of(cls, flags: Any) -> Self:
        """Make the rules that the command line asks for. flags: `process.flags.Flags`, which is in a higher layer."""
        return cls(
            check_method=flags.enable_signature_method_name_check,
            output_filter=flags.enable_output_filter,
            float16=flags.enable_float16,
        )


PLAIN = Rules()
"""TensorFlow Serving's rules."""

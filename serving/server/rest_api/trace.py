"""W3C trace context: the `traceparent` header, which names the request that a call belongs to.

Source: https://www.w3.org/TR/trace-context/, version 00. The ids are logged and sent back, so that a call can be found
again; nothing is sent anywhere else.
"""

import re
import secrets
from typing import NamedTuple

HEADER = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII
)
SAMPLED = 1


class Trace(NamedTuple):
    """The trace that a call belongs to, and the call's own place in it."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits, new for each call."""
    flags: str = "00"
    """2 hexadecimal digits; 01 when the caller records the trace."""

    def header(self) -> str:
        """Write the value of `traceparent` that continues the trace."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def context(traceparent: str | None) -> Trace:
    """Read the trace that a header names, or begin a new one when the header is missing or malformed.

    In a version above 00 only the part that version 00 defines is read, as the standard asks.
    """
    match = HEADER.fullmatch(traceparent or "")
    if match is None or (match[1] == "00" and match[5]):
        return Trace(_fresh_id(16), _fresh_id(8))
    return Trace(match[2], _fresh_id(8), f"{int(match[4], 16) & SAMPLED:02x}")


def _fresh_id(size: int) -> str:
    """Draw random hexadecimal digits for `size` bytes, not all of them zero."""
    while not int(digits := secrets.token_hex(size), 16):
        pass
    return digits

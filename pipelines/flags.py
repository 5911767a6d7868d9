"""What every pipeline can be told: shared checks of flags, and PIPELINES_TINY. Standard library only."""

import os

TINY_EXAMPLES = 64


def tiny() -> bool:
    """Whether `PIPELINES_TINY=1` asks for a run of two epochs on about 64 examples, to try a command out."""
    return os.environ.get("PIPELINES_TINY", "") not in ("", "0")


def example_limit() -> int | None:
    """About this many examples (at least five of each class and part); None without a limit."""
    return TINY_EXAMPLES if tiny() else None


def check(holds: bool, flag: str, found: object, expected: str) -> None:
    """Raise ValueError, which says what was expected of a flag, unless it holds."""
    if not holds:
        raise ValueError(f"--{flag} is {found}; expected {expected}")

"""What every pipeline can be told: the common flags, checks of flags, and PIPELINES_TINY. Standard library only."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

TINY_EXAMPLES = 64
MAY_DIFFER = MappingProxyType({"resume": "may differ"})
"""Metadata of a field that changes no number, so that it may differ on `--resume`."""


@dataclass(frozen=True, kw_only=True)
class RunFlags:
    """The flags of every run. Each pipeline's `Config` adds its own, and a default for `data`."""

    data: str
    """What to train on."""
    out: Path | None = field(default=None, metadata=MAY_DIFFER)
    """New folder for the run; the first free runs/<pipeline>-<n> when absent."""
    seed: int = 0
    """Fixes every random choice (the split, the order, new weights, every draw), 0 to 4294967295."""
    export: bool = field(default=True, metadata=MAY_DIFFER)
    """Write export/ and mobile/."""
    resume: bool = field(default=False, metadata=MAY_DIFFER)
    """Continue an unfinished run where it was stopped."""
    check: bool = field(default=False, metadata=MAY_DIFFER)
    """Report on the data, on the console and in check.json and check.html, without training."""

    def __post_init__(self) -> None:
        """Check the range of the seed; the message names the flag."""
        check(0 <= self.seed < 2**32, "seed", self.seed, f"0 to {2**32 - 1}")


def compared(flags: RunFlags) -> set[str]:
    """The names of the flags that must not differ on `--resume`."""
    return {each.name for each in fields(flags) if each.metadata.get("resume") != MAY_DIFFER["resume"]}


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


def refuse(pairs: Iterable[tuple[str, bool, str]]) -> None:
    """Raise ValueError for the first flag that does nothing beside another one: (flag, whether it was given, the other)."""
    for flag, given, other in pairs:
        if given:
            raise ValueError(f"{flag} does nothing with {other}; leave one of them out")


def one_of(modes: Mapping[str, Any]) -> None:
    """Raise ValueError when two modes are on, each of which is something else to do: flag to whether it was given."""
    given = [flag for flag, on in modes.items() if on]
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} are two different things to do; give one of them")

"""Small artificial text for the tests of the text pipelines, and trouble at a moment of a run in this process."""

import importlib
import random
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WORDS = [f"w{number}" for number in range(30)]


def sentences(count: int, *, seed: int = 0) -> list[str]:
    """Sentences of 3 to 10 words whose frequencies fall as 1, 1/2, 1/3, …"""
    draw = random.Random(seed)
    weights = [1 / place for place in range(1, len(WORDS) + 1)]
    return [" ".join(draw.choices(WORDS, weights, k=draw.randint(3, 10))) for _ in range(count)]


def write(path: Path, lines: list[str]) -> Path:
    """A text file of these lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def at_call(patch: pytest.MonkeyPatch, moment: str, number: int, trouble: Callable[[], None]) -> None:
    """Let `trouble` happen before the given call (from 1) of `package.module.function`."""
    module_name, name = moment.rsplit(".", 1)
    module = importlib.import_module(module_name)
    original, calls = getattr(module, name), [0]

    def troubled(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == number:
            trouble()
        return original(*args, **kwargs)

    patch.setattr(module, name, troubled)


def interrupt() -> None:
    """Ctrl-C; also where the tests were started in the background, whose processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def disk_limit() -> Iterator[Callable[[int], None]]:
    """Gives a function after whose call a file can hold only so many bytes, until the end of the block."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

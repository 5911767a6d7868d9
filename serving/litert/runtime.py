"""The LiteRT interpreter, and the time that calls take."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from serving import native_log
from serving.litert.forms import LiteRTError


def opened(path: Path, *, threads: int = 1) -> Any:
    """LiteRT's interpreter of a file, its tensors allocated. Raises LiteRTError for a file that LiteRT cannot prepare."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        with native_log.muted():
            runtime = Interpreter(model_path=str(path), num_threads=threads)
            runtime.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise LiteRTError(f"LiteRT cannot prepare {path.name}: {error}") from error
    return runtime


def timed(
    call: Callable[[Any], Any], inputs: Iterable[Any], *, longest_seconds: float = float("inf"), fewest: int = 1
) -> list[float]:
    """Milliseconds of each call, one after the other; it ends early after `longest_seconds`, but not before `fewest` calls."""
    milliseconds: list[float] = []
    begin = time.perf_counter()
    for given in inputs:
        start = time.perf_counter()
        call(given)
        end = time.perf_counter()
        milliseconds.append((end - start) * 1000)
        if len(milliseconds) >= fewest and end - begin > longest_seconds:
            break
    return milliseconds

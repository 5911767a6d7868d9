"""The LiteRT interpreter."""

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

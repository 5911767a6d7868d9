"""Runs `python -m pipelines.STORY` in a process that meets trouble at a chosen moment; used by the bad_input tests.

    python -m tests.e2e.trouble_at STORY TROUBLE MOMENT FLAG…

TROUBLE: `interrupt` (Ctrl-C), or the bytes that a file may hold from then on, as on a disk that is almost full.
MOMENT: `module.function` before whose first call it happens, `start`, or `never`.
"""

import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any


def interrupt() -> None:
    """What the terminal does on Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def allow(size: int) -> None:
    """From now on, writing a file past `size` bytes fails with EFBIG, in Python, HDF5 and TensorFlow alike."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def before(moment: str, trouble: Callable[[], None]) -> None:
    """Let `trouble` happen before the first call of `package.module.function`."""
    module_name, name = moment.rsplit(".", 1)
    module = importlib.import_module(module_name)
    original = getattr(module, name)

    def troubled(*args: Any, **kwargs: Any) -> Any:
        setattr(module, name, original)
        trouble()
        return original(*args, **kwargs)

    setattr(module, name, troubled)


if __name__ == "__main__":
    name, what, when = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
    from pipelines import command
    from serving import native_log

    # A process that a script started in the background ignores Ctrl-C, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    native_log.load_tensorflow()
    trouble = interrupt if what == "interrupt" else lambda: allow(int(what))
    if when == "start":
        trouble()
    elif when != "never":
        before(when, trouble)
    command.main(importlib.import_module(f"pipelines.{name}"))

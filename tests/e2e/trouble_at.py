"""Runs `python -m pipelines.PIPELINE` in a process that meets trouble at a chosen moment; used by the bad_input tests.

    python -m tests.e2e.trouble_at TROUBLE MOMENT PIPELINE FLAG…

TROUBLE: `interrupt` (Ctrl-C), or the bytes that a file may hold from then on, as on a disk that is almost full.
MOMENT: `module.function` before whose first call it happens, `start`, or `never`.
DONE in the environment: what the run folder holds already. An export or a conversion that is named there is not made again.
"""

import importlib
import json
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


def leave_out(done: list[str]) -> None:
    """Take a classifier's export, or its phone files, from the run folder instead of making them."""
    if "export/1" in done:
        from pipelines import exports

        exports.write = lambda folder, *_: folder / "export" / "1"
    if "mobile" in done:
        from serving.litert import classifier

        classifier.convert = lambda _, folder, **__: json.loads((folder / "parity.json").read_text())


if __name__ == "__main__":
    what, when, name = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
    from pipelines import command
    from serving import native_log

    # A process that a script started in the background ignores Ctrl-C, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    native_log.load_tensorflow()
    leave_out(os.environ.get("DONE", "").split())
    trouble = interrupt if what == "interrupt" else lambda: allow(int(what))
    if when == "start":
        trouble()
    elif when != "never":
        before(when, trouble)
    command.main(importlib.import_module(f"pipelines.{name}"))

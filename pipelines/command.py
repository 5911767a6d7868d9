"""From the command line to `run(config)`: flags parsed, expected failures told in one message, without a traceback."""

import errno
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import tyro

from serving import native_log

Config = TypeVar("Config")

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(story: str, config: type[Config], run: Callable[[Config], Any], description: str | None) -> None:
    """Parse the flags, run the story, and exit: 0 done, 1 failed, 2 wrong flags, 130 interrupted."""
    parsed = tyro.cli(config, description=description, prog=f"python -m pipelines.{story}")
    again = " ".join(
        ["python -m", f"pipelines.{story}", *(word for word in sys.argv[1:] if word != "--resume"), "--resume"]
    )
    try:
        native_log.load_tensorflow()
        run(parsed)
    except KeyboardInterrupt:
        _stop(130, f"interrupted; the last finished epoch is kept. Continue with: {again}")
    except Exception as error:
        message = _expected(error, again)
        if message is None:
            raise
        _stop(1, message)


def _expected(error: Exception, again: str) -> str | None:
    """The message of a failure that a user can mend; None for a bug, whose traceback is wanted."""
    from pipelines.runs import RunError

    if isinstance(error, RunError):
        return str(error)
    if getattr(error, "errno", None) in _DISK_ERRORS or "No space left on device" in str(error):
        return f"the disk is full or the file too large ({error}); free some space, then continue with: {again}"
    from serving.bundle import BundleError
    from serving.litert import LiteRTError
    from vision.errors import DataError

    return str(error) if isinstance(error, DataError | BundleError | LiteRTError) else None


def _stop(code: int, message: str) -> None:
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(code)

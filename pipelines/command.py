"""From the command line to `run(config)`: flags parsed, an expected failure ends with one message, without a traceback."""

import errno
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from types import ModuleType

import tyro

from pipelines.record import runs
from serving import native_log

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Python finds no temporary folder when all of them are full.
_DISK_WORDS = (*map(os.strerror, _DISK_ERRORS), "No usable temporary directory")
_PATH_ERRORS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG)


def main(pipeline: ModuleType) -> None:
    """Parse the flags, run the pipeline, and exit: 0 done, 1 failed, 2 wrong flags, 130 interrupted.

    pipeline: its package, with `Config`, `run` and a docstring.
    """
    name = pipeline.__name__.rsplit(".", 1)[1]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name may hold what the terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        parsed = tyro.cli(pipeline.Config, description=pipeline.__doc__, prog=f"python -m pipelines.{name}")
        native_log.load_tensorflow()
        pipeline.run(parsed)
    except KeyboardInterrupt:
        kept = f"interrupted; what was finished is kept. Continue with: {_again(name)}"
        _stop(130, kept if runs.under_way() else "interrupted before the run began; nothing was written")
    except Exception as error:
        message = _expected(error, name)
        if message is None:
            raise
        _stop(1, message)


def _again(name: str) -> str:
    """The command that goes on where this one stopped: its run is resumed, or, before there was one, it is given again."""
    words = ["python", "-m", f"pipelines.{name}", *(word for word in sys.argv[1:] if word != "--resume")]
    folder = runs.under_way()
    if folder is not None:
        named = any(word.split("=")[0] == "--out" for word in words)
        words += ["--resume"] if named else ["--out", str(folder), "--resume"]
    return shlex.join(words)


def _expected(error: Exception, name: str) -> str | None:
    """The message of a failure that a user can mend; None for a bug, whose traceback is wanted."""
    full = next((str(found) for found in _causes(error) if _disk_is_full(found)), None)
    if full is not None:
        message = re.sub(r"\{\{.*?\}\} | \[Op:\w+\]", "", full)
        return (
            f"the disk is full or the file too large ({message}); free some space, then continue with: {_again(name)}"
        )
    from nlp.errors import DataError as TextError
    from serving.bundle import BundleError
    from serving.litert import LiteRTError
    from vision.errors import DataError

    if isinstance(error, BundleError | LiteRTError):
        return f"{str(error).rstrip('.')}. What was trained is kept; to score and report it without an export: {_again(name)} --no-export"
    if isinstance(error, runs.RunError | DataError | TextError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _PATH_ERRORS:
        return f"{error.filename}: {error.strerror}; give a path that can be read and written"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _disk_is_full(error: BaseException) -> bool:
    """By number; TensorFlow's writers give words only."""
    return getattr(error, "errno", None) in _DISK_ERRORS or any(words in str(error) for words in _DISK_WORDS)


def _stop(code: int, message: str) -> None:
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(code)

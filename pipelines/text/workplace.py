"""Temporary files in the run folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nlp.errors import DataError
from pipelines.record import files

WORK = ".work"
_OF_THE_START = {"config.json", "environment.json"}


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """A folder for temporary files in a run folder, gone at the end, whatever happens.

    A run whose data turns out unusable (DataError) before anything was kept goes with it: it could only fail again.
    """
    work = folder / WORK
    files.remove(work)  # of a process that was killed
    work.mkdir()
    try:
        yield work
    except DataError:
        files.remove(work)
        if {path.name for path in folder.rglob("*") if path.is_file()} <= _OF_THE_START:
            shutil.rmtree(folder)
        raise
    finally:
        files.remove(work)

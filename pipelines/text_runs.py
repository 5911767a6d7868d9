"""What the text stories share: temporary files in the run folder, and what was not used of the text, told."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nlp.corpora import Lines
from nlp.errors import DataError
from pipelines import runs

WORK = ".work"
LISTED = 10
"""Files left out that the console names; report.html names all."""
_OF_THE_START = {"config.json", "environment.json"}


class NotUsed(NamedTuple):
    """What the last reading of some text met."""

    replaced: int
    """Lines in which bytes that are no UTF-8 became U+FFFD."""
    skipped: list[tuple[str, str]]
    """(name, reason) of the files that were left out."""


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder for temporary files in a run folder, gone at the end, whatever happens.

    A run whose data turns out unusable (DataError) before anything was kept goes with it: it could only fail again.
    """
    work = folder / WORK
    runs.remove(work)  # of a process that was killed
    work.mkdir()
    try:
        yield work
    except DataError:
        runs.remove(work)
        if {path.name for path in folder.rglob("*") if path.is_file()} <= _OF_THE_START:
            shutil.rmtree(folder)
        raise
    finally:
        runs.remove(work)


def not_used(parts: Iterable[Lines]) -> NotUsed:
    """What the last reading of these parts met, and told on the console. Each must have been read to its end."""
    every = list(parts)
    # The parts of one text each read all of it.
    by_text = {lines.names: lines for lines in every}
    found = NotUsed(
        replaced=sum(lines.replaced for lines in by_text.values()),
        skipped=list(dict.fromkeys(item for lines in every for item in lines.skipped)),
    )
    if found.replaced:
        first = next(lines.replacements[0] for lines in by_text.values() if lines.replaced)
        print(f"warning: bytes that are no UTF-8 became U+FFFD in {found.replaced:,} lines, first in {first}")
    if found.skipped:
        print(f"left out {len(found.skipped)} files, or what follows a damaged place in them:")
    for name, reason in found.skipped[:LISTED]:
        print(f"  {reason}" if reason.startswith(name) else f"  {name}: {reason}")
    if len(found.skipped) > LISTED:
        print(f"  and {len(found.skipped) - LISTED} more, all listed in report.html")
    return found

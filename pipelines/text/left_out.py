"""What was not used of a text, on the console and in the report."""

from collections.abc import Iterable
from typing import NamedTuple

from nlp.corpora import Lines
from pipelines.report import parts

LISTED = 10
"""Files left out that the console names; report.html names all."""


class NotUsed(NamedTuple):
    """What the last reading of some text met."""

    replaced: int
    """Lines in which bytes that are not UTF-8 were replaced by U+FFFD."""
    skipped: list[tuple[str, str]]
    """(name, reason) of the files that were left out."""


def not_used(texts: Iterable[Lines]) -> NotUsed:
    """Collect what the last reading of these parts of a text met, and print it. Each must have been read to its end."""
    every = list(texts)
    # The parts of one text each read all of it.
    by_text = {lines.names: lines for lines in every}
    found = NotUsed(
        replaced=sum(lines.replaced for lines in by_text.values()),
        skipped=list(dict.fromkeys(item for lines in every for item in lines.skipped)),
    )
    if found.replaced:
        first = next(lines.replacements[0] for lines in by_text.values() if lines.replaced)
        print(
            f"warning: bytes that are not UTF-8 were replaced by U+FFFD in {found.replaced:,} lines, first in {first}"
        )
    if found.skipped:
        print(f"left out {len(found.skipped)} files, or what follows a damaged place in them:")
    lines = [reason if reason.startswith(name) else f"{name}: {reason}" for name, reason in found.skipped]
    for line in parts.listed(lines, LISTED, where="report.html"):
        print(f"  {line}")
    return found


def replaced(lines: int) -> str:
    """One sentence on how many lines held bytes that are not UTF-8; nothing where all were good."""
    if not lines:
        return ""
    held = "1 line" if lines == 1 else f"{lines:,} lines"
    return f'<p style="margin-top:12px">{held} held bytes that are not UTF-8; each was replaced by U+FFFD.</p>'

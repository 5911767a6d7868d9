"""What was not used of a text, on the console and in the report."""

from collections.abc import Iterable
from typing import NamedTuple

from nlp.corpora.lines import Lines

LISTED = 10
"""Files left out that the console names; report.html names all."""


class NotUsed(NamedTuple):
    """What the last reading of some text met."""

    replaced: int
    """Lines in which bytes that are no UTF-8 became U+FFFD."""
    skipped: list[tuple[str, str]]
    """(name, reason) of the files that were left out."""


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


def replaced(lines: int) -> str:
    """How many lines held bytes that are no UTF-8, in a sentence; nothing where all were good."""
    if not lines:
        return ""
    held = "1 line" if lines == 1 else f"{lines:,} lines"
    return f'<p style="margin-top:12px">{held} held bytes that are no UTF-8; each became U+FFFD.</p>'

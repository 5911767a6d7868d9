"""Known names that are spelled like an unknown one, for messages. Standard library only."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, most: int = 3, least: float = 0.6) -> list[str]:
    """List the known names most like `name`, whatever their case, the most similar first.

    least: how similar they are at least, 0 to 1, by `difflib`.
    """
    spelled = {each.lower(): each for each in known}
    return [spelled[found] for found in difflib.get_close_matches(name.lower(), spelled, n=most, cutoff=least)]


def hint(name: str, known: Iterable[str]) -> str:
    """Write the end of a message: `; did you mean NAME?`, or nothing where no known name is alike."""
    found = nearest(name, known, most=1)
    return f"; did you mean {found[0]}?" if found else ""

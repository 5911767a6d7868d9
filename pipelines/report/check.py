"""`--check`: what was found in the data, on the console, in check.json and in check.html."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.record import files
from pipelines.report import page


@dataclass(frozen=True, kw_only=True)
class Check:
    """One look at the data, in all three forms."""

    lines: Sequence[str]
    """For the console."""
    content: Mapping[str, Any]
    """For check.json: everything, also what the others shorten."""
    title: str
    """Of the page; plain text."""
    summary: Mapping[str, str]
    """The figures at the top of the page."""
    sections: Sequence[page.Section | None]
    """What is None is left out."""


def write(folder: Path, check: Check) -> None:
    """Print the lines, write check.json and check.html in `folder`, which is made where it is missing, and say where they lie."""
    for line in check.lines:
        print(line)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / "check.json", check.content)
    sections = [section for section in check.sections if section is not None]
    page.write(folder / "check.html", title=check.title, summary=dict(check.summary), sections=sections)
    print(f"report: {folder / 'check.html'}", flush=True)

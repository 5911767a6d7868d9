"""One report from its parts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.report import page, sections


def write(
    folder: Path,
    pipeline: str,
    summary: Mapping[str, str],
    parts: Sequence[page.Section | None],
    seconds: Mapping[str, float],
    skipped: Sequence[tuple[str, str]],
) -> None:
    """Write report.html of a run folder: the parts that are there, the time of each step, and the files that were left out."""
    present = [part for part in parts if part is not None]
    present += [sections.timing(seconds), sections.skipped(skipped)]
    page.write(folder / "report.html", title=f"{pipeline}: {folder.name}", summary=dict(summary), sections=present)

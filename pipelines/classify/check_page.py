"""check.html: the findings of `--check` as a page with pictures."""

import html
from collections.abc import Sequence
from pathlib import Path

from pipelines.classify.check_warnings import DataWarning
from pipelines.report import page, parts, plots
from pipelines.report import sections as report_sections
from vision.checks.findings import Findings

SUSPECTS = 36
"""Suspected labels that the page shows."""
ITEMS = 5
"""Images that a warning names."""
GROUPS = 24
"""Groups of copies that the page shows."""


def summary(found: Findings) -> dict[str, str]:
    """The figures at the top of the page."""
    images = found.images
    judged = found.suspects is not None and found.trusted
    return {
        "images": f"{len(found.examples):,}",
        "classes": str(len(images.classes)),
        "train, validation, test": f"{len(images.train):,}, {len(images.validation):,}, {len(images.test):,}",
        "left out": str(len(images.skipped)),
        "copies": str(len(found.groups())),
        "suspected labels": str(len(found.suspects.positions)) if found.suspects and judged else "not checked",
    }


def sections(found: Findings, warnings: Sequence[DataWarning], sentences: Sequence[str]) -> list[page.Section]:
    """What to look at first, then labels, copies, classes and what was left out. sentences: on the sizes and on the labels."""
    return [
        _warnings(warnings, sentences),
        _suspects(found, why=sentences[-1]),
        _copies(found),
        _classes(found),
        report_sections.skipped([(item.name, item.reason) for item in found.images.skipped]),
    ]


def _warnings(warnings: Sequence[DataWarning], notes: Sequence[str]) -> page.Section:
    items = "".join(f"<li>{_lines(warning)}</li>" for warning in warnings) or "<li>No warnings.</li>"
    sentences = "".join(f"<p>{html.escape(note)}.</p>" for note in notes)
    return page.Section(title="To look at", body=f"<ul>{items}</ul>{sentences}")


def _lines(warning: DataWarning) -> str:
    lines = [warning.text, *parts.listed(warning.items, ITEMS, where="check.json")]
    return "<br>".join(map(html.escape, lines))


def _suspects(found: Findings, *, why: str) -> page.Section:
    """Pictures; or why there are none."""
    suspects, names = found.suspects, found.images.classes
    if suspects is None or not found.trusted:
        return page.Section(title="Suspected labels", body=f"<p>{html.escape(why)}.</p>")
    shown = range(min(SUSPECTS, len(suspects.positions)))
    captions = [
        f"labelled {names[found.examples.labels[suspects.positions[i]]]}\nlooks like {names[suspects.suggested[i]]}\n"
        f"{_short(found, int(suspects.positions[i]))}"
        for i in shown
    ]
    note = (
        '<p class="note">Labels that a quick model, which did not see them, doubts the most (confident learning). It guessed '
        f"{found.accuracy:.1%} of {found.compared:,} labels. Surest first; some are right.</p>"
    )
    pictures = plots.gallery([found.examples[int(suspects.positions[i])] for i in shown], captions)
    return page.Section(title=f"Suspected labels ({len(suspects.positions)})", body=note + pictures)


def _copies(found: Findings) -> page.Section:
    """Those across parts and with two labels come first."""
    groups = found.groups()
    if not groups:
        return page.Section(title="Copies", body="<p>No copies were found.</p>")
    ordered = [*found.crossing(groups), *found.contradicting(groups), *groups]
    distinct = list(dict.fromkeys(tuple(group) for group in ordered))[:GROUPS]
    body = '<p class="note">Side by side: the same picture, or nearly. Those in several parts or with two labels come first.</p>'
    for group in distinct:
        captions = [
            f"{found.parts[i]}, {found.images.classes[found.examples.labels[i]]}\n{_short(found, i)}" for i in group[:4]
        ]
        body += plots.gallery([found.examples[i] for i in group[:4]], captions)
    return page.Section(title=f"Copies ({len(groups)})", body=body)


def _classes(found: Findings) -> page.Section:
    numbers = [int((found.examples.labels == label).sum()) for label in range(len(found.images.classes))]
    return page.Section(title="Images by class", body=plots.bars(list(zip(found.images.classes, numbers, strict=True))))


def _short(found: Findings, position: int) -> str:
    """The end of the name."""
    name = Path(found.examples.name(position))
    return name.name if name.name.endswith("]") else "/".join(name.parts[-2:])

"""The parts of report.html: each function turns values into a `Section` and says in a sentence how to read it.

Text that comes from outside (class names, file names, layer names) is escaped here or in `pipelines.report.plots`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipelines.report import advice, parts, plots
from pipelines.report.page import Section

NOTHING: Mapping[str, str] = MappingProxyType({})


def curves(rows: Sequence[Mapping[str, float]], *, monitor: str = "val_loss") -> Section:
    """History as line plots. monitor: the column whose best epoch is marked."""
    return Section(title="Curves", body=plots.curves(rows, monitor=monitor))


def said_by_the_curves(
    rows: Sequence[Mapping[str, float]],
    scores: Mapping[str, float],
    scale: advice.Scale,
    remedies: advice.Remedies,
) -> Section:
    """What the history and the scores say, and what to try next."""
    notes = map(html.escape, advice.sentences(rows, scores, scale, remedies))
    marked = (re.sub(r"(--[a-z][a-z.-]*[a-z])", r"<code>\1</code>", note) for note in notes)
    items = "".join(f"<li>{note}</li>" for note in marked)
    return Section(title="What the curves say", body=f"<ul>{items}</ul>")


def timing(seconds: Mapping[str, float]) -> Section:
    """Step of the run to the seconds that it took."""
    total = sum(seconds.values())
    body = plots.bars(list(seconds.items()), unit=" s") + f"<p>{total:.1f} s altogether.</p>"
    return Section(title="Timing", body=body)


def skipped(files: Sequence[tuple[str, str]]) -> Section:
    """(file name, reason) of everything that could not be used."""
    if not files:
        return Section(title="Skipped files", body="<p>None: every file could be used.</p>")
    count = "1 file was" if len(files) == 1 else f"{len(files)} files were"
    table = parts.grid(["file", "reason"], files, words=(1,))
    return Section(title=f"Skipped files ({len(files)})", body=f"<p>{count} left out.</p>{table}")


def forms(parity: Mapping[str, Any] | None, note: str, more: Mapping[str, str] = NOTHING) -> Section | None:
    """Size, scores, likeness and speed of each `.tflite` form beside the model that it was made from; None where there are none.

    parity: parity.json, format 2. note: HTML, how to read the table. more: further columns, by their keys in each form.
    """
    if parity is None:
        return None
    reference = parity["reference"]
    names = list(reference["scores"])
    head = [
        "form",
        "file",
        "size",
        *(name.replace("_", " ") for name in names),
        "agreement",
        *more.values(),
        "max |Δ|",
        "ms",
    ]
    rows = [[reference["name"], "", "", *_scores(reference, names), *[""] * (3 + len(more))]]
    for name, form in parity["forms"].items():
        likeness = [f"{form[key]:.4f}" for key in ("agreement", *more)]
        size, speed = parts.file_size(form["bytes"]), f"{form['milliseconds']:.3g}"
        rows.append([name, form["file"], size, *_scores(form, names), *likeness, f"{form['max_abs_delta']:.2g}", speed])
    return Section(title="Forms for phones", body=parts.grid(head, rows, words=(1,)) + parts.remark(note))


def _scores(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    values = [row["scores"].get(name) for name in names]
    return ["" if value is None else f"{value:.4f}" for value in values]

"""The parts of report.html: each function turns values into a `Section` and says in a sentence how to read it.

Text that comes from outside (class names, file names, layer names) is escaped here or in `pipelines.report.plots`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.report import advice as readings
from pipelines.report import parts, plots
from pipelines.report.page import Section


def curves(rows: Sequence[Mapping[str, float]], *, monitor: str = "val_loss") -> Section:
    """History as line plots. monitor: the column whose best epoch is marked."""
    return Section(title="Curves", body=plots.curves(rows, monitor=monitor))


def reading(
    rows: Sequence[Mapping[str, float]], scores: Mapping[str, float], *, chance: float | None = None
) -> Section:
    """What the history and the scores say; chance: share of the most frequent class, 0 to 1."""
    notes = (html.escape(note) for note in readings.reading(rows, scores=scores, chance=chance))
    marked = (re.sub(r"(--[a-z][a-z.-]*[a-z])", r"<code>\1</code>", note) for note in notes)
    items = "".join(f"<li>{note}</li>" for note in marked)
    return Section(title="Reading", body=f"<ul>{items}</ul>")


def timing(seconds: Mapping[str, float]) -> Section:
    """Act of the run to the seconds it took."""
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


def forms(parity: Mapping[str, Any]) -> Section:
    """Size, score and agreement of each `.tflite` form beside the Keras model, as `parity.json` holds them.

    parity: {"forms": {name: {"file", "bytes", "accuracy", "agreement", "max_abs_delta"}}, "keras": {"accuracy"}, "n"}.
    """
    head = ["form", "file", "size", "accuracy", "agreement", "max |Δ|"]
    rows = [["Keras model", "", "", f"{parity['keras']['accuracy']:.4f}", "", ""]]
    for name, form in parity["forms"].items():
        scores = [f"{form['accuracy']:.4f}", f"{form['agreement']:.4f}", f"{form['max_abs_delta']:.2g}"]
        rows.append([name, form["file"], parts.file_size(form["bytes"]), *scores])
    note = parts.remark(
        f"Each form answered all {parity['n']} held-out examples. Agreement: share of examples with the Keras model's "
        "answer; max |Δ|: largest difference of a probability."
    )
    return Section(title="Forms for phones", body=parts.grid(head, rows) + note)

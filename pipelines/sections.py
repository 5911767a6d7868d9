"""The parts of report.html: each function turns values into a `Section` and says in a sentence how to read it.

Text that comes from outside (class names, file names, layer names) is escaped here or in `pipelines.plots`.
"""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import plots
from pipelines import reading as readings
from pipelines.report import Section

VANISHED = 1000
"""A layer whose gradient is this many times smaller than the largest is pointed out."""


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


def confusion(matrix: NDArray[np.int64], labels: Sequence[str]) -> Section:
    """Confusion matrix, int64 (c, c), row the true class; above 30 classes its most confused pairs."""
    title = "Confusion matrix" if len(labels) <= plots.MATRIX_CLASSES else "Most confused classes"
    return Section(title=title, body=plots.matrix(matrix, labels))


def per_class(table: Mapping[str, Mapping[str, float]]) -> Section:
    """Label to its precision, recall, f1 (0 to 1) and n, weakest class first."""
    weakest = sorted(table.items(), key=lambda item: item[1]["f1"])
    rows = [
        [label, *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")), f"{row['n']:.0f}"]
        for label, row in weakest
    ]
    return Section(title="Per class", body=grid(["class, weakest first", "precision", "recall", "F1", "n"], rows))


def reliability(bins: Sequence[tuple[float, float, int]], *, error: float | None = None) -> Section:
    """(confidence, accuracy, number) of equal bins; error: the expected calibration error, 0 to 1."""
    told = "" if error is None else f"<p>Expected calibration error {error:.4f}.</p>"
    note = remark("Bars below the dotted line: the network is more sure than it is right. Above: less sure.")
    return Section(title="Reliability", body=told + plots.reliability(bins) + note)


def mistakes(
    images: Sequence[NDArray[np.uint8]],
    truth_names: Sequence[str],
    predicted_names: Sequence[str],
    confidences: Sequence[float],
) -> Section:
    """The most confident mistakes as pictures, uint8 (h, w, 3) each; confidences 0 to 1."""
    if not len(images):
        return Section(title="Most confident mistakes", body="<p>No mistake on the held-out images.</p>")
    captions = [
        f"is {truth}\nsaid {predicted} ({confidence:.3f})"
        for truth, predicted, confidence in zip(truth_names, predicted_names, confidences, strict=True)
    ]
    note = remark("A wrong label in the data often shows up here first.")
    return Section(title="Most confident mistakes", body=note + plots.gallery(images, captions))


def suspects(images: Sequence[NDArray[np.uint8]], captions: Sequence[str], *, found: int) -> Section:
    """Training images, uint8 (h, w, 3), whose labels the folds that did not learn from them speak against; found: how many in all."""
    title = "Suspected label errors"
    if not found:
        return Section(title=title, body="<p>The folds agree with every label, or are not sure.</p>")
    note = remark(f"{found} training images whose label a network that never saw it contradicts, the surest first.")
    return Section(title=title, body=note + plots.gallery(images, captions))


def augmented(images: Sequence[NDArray[np.uint8]], captions: Sequence[str] | None = None) -> Section:
    """Training images, uint8 (h, w, 3), as the network sees them."""
    note = remark("Training images as the network sees them. Could you still name each of them?")
    return Section(title="Augmented inputs", body=note + plots.gallery(images, captions or [""] * len(images)))


def gradients(norms: Mapping[str, float]) -> Section:
    """Layer to the L2 norm of its loss gradient, first layer first."""
    note = remark("L2 norm of the loss gradient on one training batch at the end of the run, first layer on top.")
    body = note + plots.bars(list(norms.items()))
    largest = max(norms, key=lambda name: norms[name], default="")
    small = [html.escape(name) for name, norm in norms.items() if norm * VANISHED < norms[largest]]
    if small:
        body += f"<p>Over {VANISHED} times smaller than in {html.escape(largest)}: {', '.join(small)}.</p>"
    return Section(title="Gradient norm by layer", body=body)


def dead_units(shares: Mapping[str, float]) -> Section:
    """ReLU to the share of its channels that never fire, 0 to 1."""
    if not shares:
        return Section(title="Dead units", body="<p>No ReLU was found in this network.</p>")
    note = remark(
        "Share of channels that were 0 on every image shown to the network. Above about 40 %, try a lower "
        "<code>--training.learning-rate</code>."
    )
    percent = [(name, 100 * share) for name, share in shares.items()]
    return Section(title="Dead units", body=note + plots.bars(percent, full=100.0, unit=" %"))


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
    table = grid(["file", "reason"], files, words=(1,))
    return Section(title=f"Skipped files ({len(files)})", body=f"<p>{count} left out.</p>{table}")


def forms(parity: Mapping[str, Any]) -> Section:
    """Size, score and agreement of each `.tflite` form beside the Keras model, as `parity.json` holds them.

    parity: {"forms": {name: {"file", "bytes", "accuracy", "agreement", "max_abs_delta"}}, "keras": {"accuracy"}, "n"}.
    """
    head = ["form", "file", "size", "accuracy", "agreement", "max |Δ|"]
    rows = [["Keras model", "", "", f"{parity['keras']['accuracy']:.4f}", "", ""]]
    for name, form in parity["forms"].items():
        scores = [f"{form['accuracy']:.4f}", f"{form['agreement']:.4f}", f"{form['max_abs_delta']:.2g}"]
        rows.append([name, form["file"], file_size(form["bytes"]), *scores])
    note = remark(
        f"Each form answered all {parity['n']} held-out examples. Agreement: share of examples with the Keras model's "
        "answer; max |Δ|: largest difference of a probability."
    )
    return Section(title="Forms for phones", body=grid(head, rows) + note)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[int] = ()) -> str:
    """A table of plain text. words: the columns that hold words; the others, the first one apart, hold numbers and end at the right."""
    kinds = [' class="text"' if column in words else "" for column in range(len(head))]
    columns = "".join(f'<th scope="col"{kind}>{html.escape(name)}</th>' for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds[1:], rest, strict=True))
        + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="wide"><table class="grid"><tr>{columns}</tr>{body}</table></div>'


def remark(text: str) -> str:
    """How to read something, in small letters. text: HTML."""
    return f'<p class="note">{text}</p>'


def file_size(count: int) -> str:
    """A number of bytes in words, such as 2.50 MiB or 12.0 KiB."""
    return f"{count / 2**20:.2f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"

"""Pictures of a classifier's answers: confusion matrix, confused pairs, reliability diagram."""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.report import plots
from pipelines.report.plots import HELD_OUT, QUIET

MATRIX_CLASSES = 30
"""Up to so many classes a confusion matrix stays readable; above, the most confused pairs are listed."""


def reliability(bins: Sequence[tuple[float, float, int]]) -> str:
    """Reliability diagram with, below it, how many predictions each bin holds.

    bins: (mean confidence, accuracy, number of predictions) of equal bins from 0 to 1; an empty one holds NaN.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 5.0), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    width = 1 / len(bins)
    centres = [(index + 0.5) * width for index in range(len(bins))]
    upper.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1, zorder=3, label="confidence = accuracy")
    upper.bar(
        centres, [plots.or_zero(accuracy) for _, accuracy, _ in bins], width * 0.92, color=HELD_OUT, label="accuracy"
    )
    upper.scatter([c for c, _, n in bins if n], [a for _, a, n in bins if n], s=14, color="black", zorder=3)
    upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    upper.legend(frameon=False, loc="upper left", fontsize=8)
    lower.bar(centres, [number for _, _, number in bins], width * 0.92, color=QUIET)
    lower.set(xlabel="confidence (probability of the answer)", ylabel="predictions")
    plots.plain(upper)
    plots.plain(lower)
    told = "; ".join(f"{a:.2f} right at confidence {c:.2f} ({n})" for c, a, n in bins if n)
    return plots.picture(figure, alt=f"Reliability diagram: {told}.")


def matrix(counts: NDArray[np.int64], labels: Sequence[str]) -> str:
    """Confusion matrix as a shaded table; above 30 classes the most confused pairs as bars.

    counts: int64 (c, c), row the true class, column the predicted one.
    """
    if len(labels) > MATRIX_CLASSES:
        return confused_pairs(counts, labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [html.escape(label) for label in labels]
    head = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{name}</th>' + "".join(map(_cell, row, share, names, [name] * len(names))) + "</tr>"
        for name, row, share in zip(names, counts, shares, strict=True)
    )
    upright = " upright" if max(map(len, labels), default=0) > 3 else ""
    return (
        f'<div class="wide"><table class="matrix{upright}"><caption>Rows: true class. Columns: answer. '
        f"Shade: share of the row.</caption><tr><td></td>{head}</tr>{body}</table></div>"
    )


def confused_pairs(counts: NDArray[np.int64], labels: Sequence[str], *, most: int = 20) -> str:
    """The most frequent mistakes as bars, "true class → answer"."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [(int(t), int(p)) for t, p in zip(*np.unravel_index(order, wrong.shape), strict=True) if wrong[t, p]]
    if not pairs:
        return "<p>No mistakes.</p>"
    return plots.bars([(f"{labels[t]} → {labels[p]}", float(wrong[t, p])) for t, p in pairs])


def _cell(count: int, share: float, predicted: str, truth: str) -> str:
    colour = "76,114,176" if predicted == truth else "221,132,82"
    text = f"{count}" if count else ""
    dark = ' class="dark"' if share > 0.6 else ""
    return f'<td{dark} style="background:rgba({colour},{share:.2f})" title="{truth} → {predicted}">{text}</td>'

"""Pictures of an n-gram model for the report: lines over the orders, and sentences shaded by surprise."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipelines.report import plots

COLOURS = (plots.TRAIN, plots.HELD_OUT, plots.QUIET)
FULL_BITS = 20.0
"""A word this surprising, one in a million, gets the full colour."""
WORD = "display:inline-block;text-align:center;margin:0 3px 6px 0;padding:2px 5px 0;border-radius:4px;max-width:100%;overflow-wrap:anywhere"
"""How a word of a coloured sentence is set."""


class Word(NamedTuple):
    """One word of a held-out sentence as the model saw it."""

    text: str
    log10_prob: float
    """Of the word after what stands before it; -inf for impossible."""
    order: int
    """Words of the n-gram that gave it, itself counted; 0 for a word outside the vocabulary."""


def by_order(series: Mapping[str, Sequence[float]], *, title: str, log: bool = False, percent: bool = False) -> str:
    """Lines over the n-gram order 1, 2, ...; values that are not finite leave a hole. percent: values are shares, 0 to 1."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(4.5, 3.1), layout="constrained")
    axes, lines = figure.add_subplot(), []
    for colour, (label, values) in zip(COLOURS, series.items(), strict=False):
        shown = [value if math.isfinite(value) else math.nan for value in values]
        style = ":" if colour == plots.QUIET else "-"
        axes.plot(range(1, len(shown) + 1), shown, style, color=colour, marker="o", markersize=4, label=label)
        lines.append(f"{label} {', '.join(f'{value:.4g}' for value in values)}")
    axes.set(title=title, xlabel="words in the n-gram")
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    if percent:
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8)
    plots.plain(axes)
    return plots.picture(figure, alt=f"{title} by order: {'; '.join(lines)}.")


def surprise(words: Sequence[Word]) -> str:
    """A sentence, each word shaded by its surprise, -log2 p, which stands below it in bits."""
    return f'<p style="line-height:1.2">{"".join(map(_shaded, words))}</p>'


def _shaded(word: Word) -> str:
    bits = max(0.0, -word.log10_prob * math.log2(10))  # in this order, so that 0 has no sign
    share = 0.9 * min(bits, FULL_BITS) / FULL_BITS
    source = "not in the vocabulary" if word.order == 0 else f"from {word.order} words" if word.order > 1 else "alone"
    line = "2px dashed #5d6470" if word.order == 0 else "2px solid transparent"
    number = "∞" if math.isinf(bits) else f"{bits:.1f}"
    return (
        f'<span title="p = {10**word.log10_prob:.3g}, {source}" style="{WORD};border-bottom:{line};'
        f'background:rgba(221,132,82,{share:.2f})">{html.escape(word.text)}<br><small>{number}</small></span>'
    )

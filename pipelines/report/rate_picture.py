"""A picture of the learning-rate test: the loss over the rate, with the suggestion."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.report import plots


def picture(rates: Any, losses: Sequence[float], smoothed: Sequence[float], found: Mapping[str, float]) -> bytes:
    """PNG of the loss over the rate (both (n,)), the smoothed loss (m,), and the rates `suggested` and `steepest`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    axes.plot(rates, losses, color=plots.TRAIN, alpha=0.35, linewidth=1, label="loss of a batch")
    axes.plot(rates[: len(smoothed)], smoothed, color=plots.TRAIN, linewidth=1.8, label="smoothed")
    axes.axvline(found["suggested"], color=plots.HELD_OUT, label=f"suggested: {found['suggested']:g}")
    axes.axvline(found["steepest"], color=plots.QUIET, linestyle=":", label=f"steepest: {found['steepest']:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    # The climb at the end would press everything else together.
    low, high = min(smoothed), max(smoothed[: max(len(smoothed) // 2, 1)])
    axes.set_ylim(low - 0.2 * (high - low) - 1e-3, high + 0.6 * (high - low) + 1e-3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()

"""A picture of the learning-rate test: the loss over the rate, with the suggestion."""

import io
from typing import Any

from pipelines.report import plots


def picture(rates: Any, watch: Any, found: dict[str, float]) -> bytes:
    """PNG of the loss over the rate, with the suggestion. watch: `losses` and `smoothed`, one a rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    axes.plot(rates, watch.losses[: len(rates)], color=plots.TRAIN, alpha=0.35, linewidth=1, label="loss of a batch")
    axes.plot(rates, watch.smoothed, color=plots.TRAIN, linewidth=1.8, label="smoothed")
    axes.axvline(found["suggested"], color=plots.HELD_OUT, label=f"suggested: {found['suggested']:g}")
    axes.axvline(found["steepest"], color=plots.QUIET, linestyle=":", label=f"steepest: {found['steepest']:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    # The climb at the end would press everything else together.
    low, high = min(watch.smoothed), max(watch.smoothed[: max(len(rates) // 2, 1)])
    axes.set_ylim(low - 0.2 * (high - low) - 1e-3, high + 0.6 * (high - low) + 1e-3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()

"""Sections on the inside of a network: gradients and dead units."""

import html
from collections.abc import Mapping

from pipelines.report import parts, plots
from pipelines.report.page import Section

VANISHED = 1000
"""A layer whose gradient is this many times smaller than the largest is pointed out."""


def gradients(norms: Mapping[str, float]) -> Section:
    """Layer to the L2 norm of its loss gradient, first layer first."""
    note = parts.remark("L2 norm of the loss gradient on one training batch at the end of the run, first layer on top.")
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
    note = parts.remark(
        "Share of channels that were 0 on every image shown to the network. Above about 40 %, try a lower "
        "<code>--training.learning-rate</code>."
    )
    percent = [(name, 100 * share) for name, share in shares.items()]
    return Section(title="Dead units", body=note + plots.bars(percent, full=100.0, unit=" %"))

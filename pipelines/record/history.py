"""Which epoch of a history is the best: one rule for the weights that are kept and for the plots that show it."""

import math
from collections.abc import Mapping, Sequence

Row = dict[str, float]
"""One line of history.csv."""


def falls(column: str) -> bool:
    """Whether lower is better: losses and errors are minimised, everything else is maximised."""
    return "loss" in column or "error" in column


def best_row(rows: Sequence[Mapping[str, float]], *, monitor: str) -> int | None:
    """Index of the best row by a column, None when it was never finite.

    Of equal values, common on small validation sets, the later one: its learning rate was lower.
    """
    sign = -1.0 if falls(monitor) else 1.0
    values = {i: sign * row[monitor] for i, row in enumerate(rows) if math.isfinite(row.get(monitor, math.nan))}
    return max(values, key=lambda i: (values[i], i), default=None)

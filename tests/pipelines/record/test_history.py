"""The best epoch: direction by the column's name, later of equals, never a NaN."""

import math

import pytest

from pipelines.record import history


@pytest.mark.parametrize(
    ("column", "expected"), [("val_loss", True), ("val_error", True), ("val_accuracy", False), ("mean_iou", False)]
)
def test_losses_and_errors_fall(column: str, expected: bool) -> None:
    assert history.falls(column) is expected


@pytest.mark.parametrize(
    ("column", "values", "best"),
    [
        ("val_accuracy", [0.5, 0.9, 0.9, 0.8], 2),
        ("val_loss", [0.5, 0.2, 0.2, 0.3], 2),
        ("val_loss", [0.5, math.nan, 0.4], 2),
        ("val_accuracy", [math.nan, math.nan], None),
        ("val_accuracy", [], None),
    ],
)
def test_best_row(column: str, values: list[float], best: int | None) -> None:
    assert history.best_row([{column: value} for value in values], monitor=column) == best


def test_a_missing_column_has_no_best_row() -> None:
    assert history.best_row([{"loss": 1.0}], monitor="val_map") is None

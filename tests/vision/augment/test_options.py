"""vision.augment.options: ranges, and messages that name the flag."""

import math
from typing import Any, cast

import pytest

from vision.augment.options import Augmentation


@pytest.mark.parametrize(
    ("field", "found", "expected"),
    [
        ("shift", 0.51, "0 to 0.5"),
        ("crop", 1.0, "0 to below 1"),
        ("crop", 2.0, "0 to below 1"),
        ("rotate", 181.0, "0 to 180 degrees"),
        ("colour", 1.1, "0 to 1"),
        ("erase", -0.1, "0 to 1"),
        ("mixup", -1.0, "0 or more"),
        ("mixup", math.inf, "0 or more"),
        ("cutmix", math.nan, "0 or more"),
    ],
)
def test_what_is_out_of_range_is_refused_by_the_name_of_its_flag(field: str, found: float, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^--augment.{field} is {found}; expected {expected}$"):
        Augmentation(**cast(Any, {field: found}))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"shift": 0.5, "crop": 0.99, "rotate": 180, "colour": 1, "erase": 1, "mixup": 0.2, "cutmix": 1},
        {"shift": 0, "crop": 0, "rotate": 0, "colour": 0, "erase": 0, "mixup": 0, "cutmix": 0},
    ],
)
def test_the_ends_of_the_ranges_are_taken(fields: dict[str, Any]) -> None:
    Augmentation(**fields)

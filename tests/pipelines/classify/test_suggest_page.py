"""pipelines.classify.suggest_page: the page of --suggest: the images of which the network is least certain."""

import math
from pathlib import Path

import pytest

from pipelines.classify import suggest_page


def test_uncertainty_by_hand() -> None:
    one = suggest_page.Suggestion(path=Path("a"), answers=[("ant", 0.5), ("bee", 0.25), ("cat", 0.25)], complete=True)
    assert one.uncertainty == 0.75
    assert one.entropy == pytest.approx(1.5 * math.log(2))
    assert suggest_page.Suggestion(path=Path("a"), answers=[("ant", 1.0), ("bee", 0.0)], complete=True).entropy == 0
    assert suggest_page.Suggestion(path=Path("a"), answers=one.answers, complete=False).entropy is None

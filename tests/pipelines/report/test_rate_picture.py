"""pipelines.report.rate_picture: a picture of the learning-rate test: the loss over the rate, with the suggestion."""

from types import SimpleNamespace

import numpy as np

from pipelines.report import rate_picture
from pipelines.training import rate_finder


def test_the_picture_takes_a_short_test() -> None:
    watch = SimpleNamespace(losses=[1.0, 9.0], smoothed=[1.0, 5.0])
    rates = np.array([1e-7, 1e-6])
    assert rate_picture.picture(rates, watch, rate_finder.read(rates, watch.smoothed)).startswith(b"\x89PNG")

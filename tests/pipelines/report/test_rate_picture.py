"""A picture of the learning-rate test: also of a test that ended at once."""

import numpy as np

from pipelines.report import rate_picture


def test_the_picture_takes_a_short_test() -> None:
    found = {"suggested": 1e-8, "steepest": 1e-7}
    picture = rate_picture.picture(np.array([1e-7, 1e-6]), [1.0, 9.0], [1.0], found)
    assert picture.startswith(b"\x89PNG")

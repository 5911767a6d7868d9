"""pipelines.classify.class_weights: class weights: rare classes count as much as frequent ones."""

import numpy as np
import pytest

from pipelines.classify import class_weights


def test_balanced_weights_count_each_class_the_same() -> None:
    weights = class_weights.balanced([6, 3, 1])
    np.testing.assert_allclose(weights, [10 / 18, 10 / 9, 10 / 3])
    assert np.dot(weights, [6, 3, 1]) == pytest.approx(10)

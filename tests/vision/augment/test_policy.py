"""vision.augment.policy: every operation equally often, magnitudes to both sides."""

import numpy as np
import tensorflow as tf

from vision.augment import policy


def test_operations_are_equally_likely_and_magnitudes_symmetric() -> None:
    trials = 24_000
    operations = policy.chosen(tf.constant(np.random.default_rng(0).random((trials, 4)).astype(np.float32)))
    assert len(operations.kinds) == len(operations.magnitudes) == policy.ROUNDS
    count = len(policy.OPERATIONS)
    for turn in range(policy.ROUNDS):
        found = np.bincount(np.asarray(operations.kinds[turn]), minlength=count)
        assert len(found) == count
        # Chi-squared with 11 degrees of freedom: 31.3 is passed by chance once in a thousand seeds.
        assert ((found - trials / count) ** 2 / (trials / count)).sum() < 31.3
        values = np.asarray(operations.magnitudes[turn])
        np.testing.assert_allclose(np.quantile(values, [0, 0.25, 0.5, 0.75, 1]), [-1, -0.5, 0, 0.5, 1], atol=0.02)
    # The two rounds and their magnitudes are drawn apart.
    drawn = np.stack([np.asarray(each, np.float64) for each in (*operations.kinds, *operations.magnitudes)])
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.03


def test_magnitudes_are_those_of_the_operation_and_add_up() -> None:
    rotate, shear = (policy.OPERATIONS.index(name) for name in ("rotate", "shear_x"))
    kinds = np.array([[rotate, rotate], [rotate, shear], [shear, shear]])
    draws = np.stack([(kinds[:, 0] + 0.5) / 12, [1.0, 0.5, 0.0], (kinds[:, 1] + 0.5) / 12, [0.75, 0.25, 0.0]], axis=1)
    operations = policy.chosen(tf.constant(draws, tf.float32))
    assert np.asarray(operations.total("rotate")).tolist() == [45.0, 0.0, 0.0]
    np.testing.assert_allclose(operations.total("shear_x"), [0, -0.15, -0.6], rtol=1e-6)
    assert not np.any(operations.total("brightness"))
    assert np.asarray(operations.chosen("shear_x", 1)).tolist() == [False, True, True]


def test_the_last_draw_below_one_is_the_last_operation() -> None:
    operations = policy.chosen(tf.constant([[np.float32(0.99999994)] * 4]))
    assert [int(kind[0]) for kind in operations.kinds] == [len(policy.OPERATIONS) - 1] * 2

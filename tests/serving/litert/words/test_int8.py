"""int8 rows of word vectors: cosines of what is stored, at the error that 254 steps a word allow."""

import numpy as np

from serving.litert.words import int8
from tests.serving import text_models


def test_rows_times_scales_are_unit_vectors_near_the_given_ones() -> None:
    _, table = text_models.vectors(500, 40)
    units = table / np.linalg.norm(table, axis=1, keepdims=True)
    rows, scales = int8.quantised(units)
    assert rows.dtype == np.int8
    assert scales.dtype == np.float32
    assert (np.abs(rows.astype(int)).max(1) == 127).all()
    stored = rows * scales[:, None].astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)
    # A number is at most half a step off, and a step is 1/127 of the row's largest number.
    step = np.abs(units).max(1, keepdims=True) / 127
    scaled = units / np.linalg.norm(np.rint(units / step) * step, axis=1, keepdims=True)
    assert (np.abs(stored - scaled) <= 0.51 * step).all()
    assert (stored * units).sum(1).min() > 0.9999


def test_a_vector_of_zeros_stays_one() -> None:
    rows, scales = int8.quantised(np.array([[0, 0, 0], [0.6, 0.8, 0]], np.float32))
    assert rows.tolist() == [[0, 0, 0], [95, 127, 0]]
    np.testing.assert_allclose(scales, [1, 1 / np.hypot(95, 127)], rtol=1e-6)


def test_tiny_numbers_leave_no_infinite_scale() -> None:
    rows, scales = int8.quantised(np.array([[1e-30, 0], [3e-39, 1]], np.float32))
    assert rows.tolist() == [[127, 0], [0, 127]]
    assert np.isfinite(scales).all()

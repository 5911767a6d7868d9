"""The check of a classifier's probabilities and labels that scores and the search for wrong labels share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def checked(probabilities: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Check both arrays, and return them in one precision, the rows of probabilities scaled to sum 1.

    probabilities: float (n, c), 0 to 1, c >= 2. labels: int (n,), 0 to c-1, n >= 1.
    Raises ValueError for other shapes, labels out of range, and probabilities below 0 or not finite.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    fits = probabilities.ndim == 2 and labels.shape == probabilities.shape[:1] and probabilities.shape[1] >= 2
    if not fits or not labels.size:
        raise ValueError(
            f"found probabilities of shape {probabilities.shape} and labels of shape {labels.shape}; "
            "expected (n, c) and (n,) with n >= 1 and c >= 2"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise ValueError(
            f"labels hold {labels.dtype} values {labels.min()} to {labels.max()}; "
            f"expected class numbers 0 to {probabilities.shape[1] - 1}"
        )
    sums = probabilities.sum(axis=1, keepdims=True)
    if not np.isfinite(sums).all() or probabilities.min() < 0 or sums.min() <= 0:
        raise ValueError("probabilities hold NaN, infinite or negative values or an all-zero row; pass softmax outputs")
    return probabilities / sums, labels.astype(np.int64)

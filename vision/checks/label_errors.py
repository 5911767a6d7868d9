"""Labels that are probably wrong, by confident learning (Northcutt, Jiang, Chuang, JAIR 2021, https://arxiv.org/abs/1911.00068).

A label is suspected when the out-of-fold probability of another class is as high as it is, on average, for the images of that class.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.datasets.labelled import Images
from vision.metrics.probabilities import checked

FOLDS = 3
"""Parts of the cross-validation of `out_of_fold`."""
SIDE = 14
"""Pixels of a side that `pixel_features` keeps."""

_PRINCIPAL = 50
_LANDMARKS = 300


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """Suspected labels, the most suspicious first."""

    positions: NDArray[np.int64]
    """(m,), which examples."""
    suggested: NDArray[np.int64]
    """(m,), the class that each of them seems to be."""
    margins: NDArray[np.float64]
    """(m,), probability of that class minus that of the given label, falling; -1 to 1."""
    joint: NDArray[np.int64]
    """(c, c), the confident joint of section 3.1: row the given label, column the class that seems true."""


def suspects(labels: NDArray[Any], probabilities: NDArray[Any]) -> Suspects:
    """Find the labels that the probabilities contradict.

    labels: int (n,), 0 to c - 1, as given. probabilities: float (n, c), 0 to 1, of models that did not see the example's label, such
    as those of cross-validation; rows are scaled to sum 1.

    The threshold of class j is the mean probability of j over the examples labelled j (equation 2). An example counts as class j when
    its probability of j reaches that threshold, and as the most probable class where several do (equation 1). Off the diagonal
    it is suspected; the order is that of the margin (section 3.2). A class without examples is never suggested.

    Raises ValueError for shapes that do not fit, labels out of range, and values that are not probabilities.
    """
    probabilities, labels = checked(probabilities, labels)
    classes = probabilities.shape[1]
    rows = np.arange(len(labels))
    numbers = np.bincount(labels, minlength=classes)
    given = probabilities[rows, labels]
    means = np.bincount(labels, weights=given, minlength=classes) / np.maximum(numbers, 1)
    thresholds = np.where(numbers > 0, means, np.inf)
    reached = probabilities >= thresholds
    likely = np.where(reached, probabilities, -1.0).argmax(axis=1)
    sure = reached.any(axis=1)
    joint = np.zeros((classes, classes), np.int64)
    np.add.at(joint, (labels[sure], likely[sure]), 1)
    wrong = np.flatnonzero(sure & (likely != labels))
    margins = probabilities[wrong, likely[wrong]] - given[wrong]
    order = np.argsort(-margins, kind="stable")
    return Suspects(positions=wrong[order], suggested=likely[wrong[order]], margins=margins[order], joint=joint)


def pixel_features(images: Images) -> NDArray[np.float32]:
    """Shrink images uint8 (h, w, 3) to at most 14 x 14 by area: float32 (n, features), 0 to 1."""
    side = min(SIDE, *images[0].shape[:2])
    small = [cv2.resize(images[i], (side, side), interpolation=cv2.INTER_AREA) for i in range(len(images))]
    return np.stack(small).reshape(len(small), -1).astype(np.float32) / np.float32(255)


def out_of_fold(features: NDArray[np.float32], labels: NDArray[Any], *, classes: int, seed: int) -> NDArray[np.float64]:
    """Compute probabilities (n, classes) by a quick model that did not see the example: to look at data, not for scores.

    features: (n, d), of pixels or of a pretrained network. The model is logistic regression on the similarities to 300 of the
    examples (a Gaussian kernel on 50 principal components, by Nystroem's method); of what was tried on digits and Fashion-MNIST
    with planted errors it found them best in the time. Every class that occurs needs at least `FOLDS` examples; else ValueError.
    """
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - a second of import
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    numbers = np.bincount(labels, minlength=classes)
    present = np.flatnonzero(numbers)
    if numbers[present].min() < FOLDS or len(present) < 2:
        raise ValueError(
            f"the smallest class has {numbers[present].min()} examples; expected {FOLDS} or more of two or more classes"
        )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # One thread: the matrices are small, and threads that wait for each other made it ten times slower on a busy machine.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a list of suspects needs no last digit
        found = cross_val_predict(_quick_model(features), features, labels, cv=folds, method="predict_proba")
    probabilities = np.zeros((len(labels), classes))
    probabilities[:, present] = found
    return probabilities


def _quick_model(features: NDArray[np.float32]) -> Any:
    from sklearn.decomposition import PCA  # noqa: PLC0415
    from sklearn.kernel_approximation import Nystroem  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    fitted = len(features) * (FOLDS - 1) // FOLDS
    spread = max(float(features.var(axis=0).sum()), 1e-6)
    return make_pipeline(
        PCA(min(_PRINCIPAL, features.shape[1], fitted), random_state=0, svd_solver="full" if fitted < 500 else "auto"),
        Nystroem(n_components=min(_LANDMARKS, fitted), random_state=0, gamma=0.5 / spread),
        StandardScaler(),
        LogisticRegression(max_iter=60, C=0.01),
    )

"""Scores of a classifier, and the tables behind them, from its probabilities and the true classes.

Wherever scikit-learn has the number, it computes it; it is imported inside the functions because it takes most of a
second to load and a run needs it only at its end.
"""

# ruff: noqa: PLC0415

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision.metrics.probabilities import checked

SMALLEST = float(np.finfo(np.float32).eps)
"""Probabilities below this count as this in the log loss, so that one certain mistake (a quantised 0) stays finite."""


class Bin(NamedTuple):
    """One bar of a reliability diagram: predictions of similar confidence."""

    confidence: float
    """Mean probability of the predicted class, 0 to 1; NaN when the bin is empty."""
    accuracy: float
    """Share of them that is right, 0 to 1; NaN when the bin is empty."""
    number: int
    """How many predictions fell into the bin."""


def scores(probabilities: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Score a single-label classifier.

    probabilities: float32 (n, c), 0 to 1; rows are scaled to sum 1 (those of quantised models miss it slightly).
    truth: int (n,), 0 to c-1.

    Returns `accuracy`, `top_5_accuracy` (only when c > 5), `log_loss` (nats), `expected_calibration_error` (15 equal
    bins, https://arxiv.org/abs/1706.04599, equation 3), `macro_f1` (mean over the classes seen or predicted), `n`.

    Raises ValueError for wrong shapes, no example, a class out of range, and probabilities below 0 or not finite.
    """
    from sklearn import metrics

    probabilities, truth = checked(probabilities, truth)
    classes = np.arange(probabilities.shape[1])
    predicted = probabilities.argmax(axis=1)
    scores = {"accuracy": float(metrics.accuracy_score(truth, predicted))}
    if len(classes) > 5:
        scores["top_5_accuracy"] = float(metrics.top_k_accuracy_score(truth, probabilities, k=5, labels=classes))
    floored = np.maximum(probabilities, SMALLEST)
    floored /= floored.sum(axis=1, keepdims=True)
    scores["log_loss"] = float(metrics.log_loss(truth, floored, labels=classes))
    scores["expected_calibration_error"] = _calibration_error(reliability(probabilities, truth))
    scores["macro_f1"] = float(metrics.f1_score(truth, predicted, average="macro"))
    scores["n"] = float(len(truth))
    return scores


def confusion(truth: NDArray[Any], predicted: NDArray[Any], *, classes: int) -> NDArray[np.int64]:
    """Count answers, int64 (classes, classes): row the true class, column the predicted one. Both inputs: int (n,)."""
    from sklearn import metrics

    counts: NDArray[np.int64] = metrics.confusion_matrix(truth, predicted, labels=np.arange(classes))
    return counts


def per_class(truth: NDArray[Any], predicted: NDArray[Any], *, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Compute for each label `precision`, `recall`, `f1` (each 0 to 1; 0 where undefined) and `n`, its number of true examples.

    truth, predicted: int (n,), 0 to len(labels)-1.
    """
    from sklearn import metrics

    numbers = metrics.precision_recall_fscore_support(
        truth, predicted, labels=np.arange(len(labels)), zero_division=0.0
    )
    names = ("precision", "recall", "f1", "n")
    return {
        label: dict(zip(names, map(float, row), strict=True))
        for label, row in zip(labels, zip(*numbers, strict=True), strict=True)
    }


def reliability(probabilities: NDArray[Any], truth: NDArray[Any], *, bins: int = 15) -> list[Bin]:
    """Compare confidence with accuracy in equal bins; bin m holds confidences in (m/bins, (m+1)/bins].

    probabilities: float (n, c), 0 to 1; truth: int (n,). scikit-learn's `calibration_curve` takes two classes only.
    """
    probabilities, truth = checked(probabilities, truth)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    members = [place == index for index in range(bins)]
    return [
        Bin(float(confidence[own].mean()), float(right[own].mean()), int(own.sum()))
        if own.any()
        else Bin(np.nan, np.nan, 0)
        for own in members
    ]


def confident_mistakes(probabilities: NDArray[Any], truth: NDArray[Any], *, most: int = 12) -> NDArray[np.int64]:
    """Find the wrong answers, int64 (at most `most`,), by falling confidence; ties keep their order."""
    probabilities, truth = checked(probabilities, truth)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != truth)
    order = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    return wrong[order[:most]].astype(np.int64)


def _calibration_error(bins: Sequence[Bin]) -> float:
    total = sum(entry.number for entry in bins)
    return sum(entry.number * abs(entry.accuracy - entry.confidence) for entry in bins if entry.number) / total

"""vision.metrics.classification against NumPy restatements and numbers worked out by hand."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.metrics import classification

# Five examples, three classes; examples 1 and 4 are wrong. Exact in binary, so that bins are not decided by rounding.
PROBABILITIES = np.array(
    [[0.75, 0.125, 0.125], [0.25, 0.625, 0.125], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25], [0.875, 0.125, 0.0]], np.float32
)
TRUTH = np.array([0, 0, 2, 1, 1])


def softmax_rows(n: int, c: int, seed: int = 0) -> NDArray[np.float32]:
    raw = np.exp(np.random.default_rng(seed).normal(size=(n, c)) * 2)
    return (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


def test_classification_by_hand() -> None:
    scores = classification.scores(PROBABILITIES, TRUTH)
    assert list(scores) == ["accuracy", "log_loss", "expected_calibration_error", "macro_f1", "n"]
    assert scores["accuracy"] == pytest.approx(3 / 5)
    assert scores["n"] == 5
    assert scores["log_loss"] == pytest.approx(-np.log([0.75, 0.25, 1.0, 0.5, 0.125]).mean(), abs=1e-6)
    # Class 0: tp 1, fp 1, fn 1; class 1: tp 1, fp 1, fn 1; class 2: tp 1.
    assert scores["macro_f1"] == pytest.approx((0.5 + 0.5 + 1) / 3)
    # Every example has a bin of its own: the mean of |right - confidence|.
    assert scores["expected_calibration_error"] == pytest.approx((0.25 + 0.625 + 0.0 + 0.5 + 0.875) / 5)


def test_calibration_error_matches_the_formula() -> None:
    probabilities, truth = softmax_rows(500, 7), np.random.default_rng(1).integers(0, 7, 500)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    error = 0.0
    for low, high in zip(np.linspace(0, 1, 16)[:-1], np.linspace(0, 1, 16)[1:], strict=True):
        inside = (confidence > low) & (confidence <= high)
        error += abs(right[inside].sum() - confidence[inside].astype(float).sum()) / 500
    assert classification.scores(probabilities, truth)["expected_calibration_error"] == pytest.approx(error, abs=1e-6)


def test_top_5_counts_only_above_five_classes() -> None:
    probabilities = softmax_rows(200, 9)
    truth = np.random.default_rng(2).integers(0, 9, 200)
    by_hand = np.mean([t in np.argsort(row)[-5:] for row, t in zip(probabilities, truth, strict=True)])
    assert classification.scores(probabilities, truth)["top_5_accuracy"] == pytest.approx(by_hand)
    assert "top_5_accuracy" not in classification.scores(softmax_rows(20, 5), np.arange(20) % 5)


def test_classes_that_never_occur_are_left_out_of_macro_f1() -> None:
    probabilities = np.eye(10, dtype=np.float32)[[0, 1, 1]]
    assert classification.scores(probabilities, np.array([0, 1, 1]))["macro_f1"] == pytest.approx(1.0)


def test_a_certain_mistake_keeps_the_log_loss_finite() -> None:
    scores = classification.scores(np.array([[1.0, 0.0]], np.float32), np.array([1]))
    assert scores["log_loss"] == pytest.approx(-np.log(np.finfo(np.float32).eps), abs=1e-3)


def test_quantised_rows_that_miss_one_are_scaled() -> None:
    quantised = np.array([[0.5, 0.25], [0.125, 0.75]], np.float32)
    whole = quantised / quantised.sum(axis=1, keepdims=True)
    truth = np.array([0, 1])
    assert classification.scores(quantised, truth) == pytest.approx(classification.scores(whole, truth))


def test_confusion_rows_are_truth() -> None:
    counts = classification.confusion(TRUTH, PROBABILITIES.argmax(1), classes=4)
    np.testing.assert_array_equal(counts, [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])


def test_per_class_by_hand() -> None:
    table = classification.per_class(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), labels=["Käfer", "жук", "never"])
    assert table["Käfer"] == pytest.approx({"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "n": 3})
    assert table["жук"] == pytest.approx({"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "n": 1})
    assert table["never"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 0}


def test_reliability_bins_are_closed_above() -> None:
    bins = classification.reliability(PROBABILITIES, TRUTH, bins=4)
    assert [entry.number for entry in bins] == [0, 1, 2, 2]  # 0.5 | 0.625, 0.75 | 0.875, 1
    assert np.isnan(bins[0].accuracy)
    assert bins[2] == classification.Bin(confidence=0.6875, accuracy=0.5, number=2)
    assert sum(entry.number for entry in classification.reliability(softmax_rows(50, 3), np.arange(50) % 3)) == 50


def test_confident_mistakes_fall() -> None:
    np.testing.assert_array_equal(classification.confident_mistakes(PROBABILITIES, TRUTH), [4, 1])
    np.testing.assert_array_equal(classification.confident_mistakes(PROBABILITIES, TRUTH, most=1), [4])
    assert classification.confident_mistakes(np.eye(3), np.arange(3)).shape == (0,)


def test_wrong_input_is_refused() -> None:
    for function in (classification.scores, classification.reliability, classification.confident_mistakes):
        with pytest.raises(ValueError, match=r"labels of shape \(3,\)"):
            function(np.ones((2, 3)), np.zeros(3, int))


def test_import_is_cheap() -> None:
    code = "import sys, vision.metrics.classification; sys.exit(bool({'sklearn', 'scipy', 'tensorflow', 'keras'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

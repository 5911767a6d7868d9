"""Folds: every image chooses once, means against NumPy, and one network that answers like all of them."""

import keras
import numpy as np
import pytest

from pipelines.classify import folds
from pipelines.record.runs import RunError
from vision import classifiers, datasets
from vision.datasets import reading


@pytest.fixture(scope="module")
def digits() -> datasets.LabelledImages:
    return reading.read_labelled("digits", size=None, seed=0, most=200)


def test_every_training_image_chooses_once_and_the_test_images_stay(digits: datasets.LabelledImages) -> None:
    parts = folds.split(digits, folds=4, seed=3)
    everything = sorted([*digits.train.index, *digits.validation.index])
    assert sorted(np.concatenate([part.validation.index for part in parts])) == everything
    for part in parts:
        assert part.test is digits.test
        assert sorted([*part.train.index, *part.validation.index]) == everything
        counts = np.bincount(part.validation.labels, minlength=10)
        assert counts.max() - counts.min() <= 1
        np.testing.assert_array_equal(part.classes, digits.classes)


def test_the_seed_fixes_the_folds(digits: datasets.LabelledImages) -> None:
    first, again, other = (folds.split(digits, folds=3, seed=seed)[0].train.index for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_folds_than_images_of_a_class_are_refused_by_its_name(digits: datasets.LabelledImages) -> None:
    with pytest.raises(
        RunError, match=r"--folds is 99, but class '\d' has only \d+ images .*; expected at most \d+ folds"
    ):
        folds.split(digits, folds=99, seed=0)


def test_mean_and_deviation() -> None:
    found = folds.summary([0.9, 0.95, 0.85])
    assert found == pytest.approx({"folds": 3, "folds_accuracy_mean": 0.9, "folds_accuracy_sd": 0.05})


@pytest.mark.parametrize(("monitor", "best"), [("val_accuracy", 1), ("val_loss", 2)])
def test_the_best_fold_by_its_best_epoch(monitor: str, best: int) -> None:
    rows = [
        [{"val_accuracy": 0.5, "val_loss": 0.9}, {"val_accuracy": 0.6, "val_loss": 0.8}],
        [{"val_accuracy": 0.7, "val_loss": 0.7}, {"val_accuracy": 0.1, "val_loss": 0.9}],
        [{"val_accuracy": 0.7, "val_loss": 0.6}, {"val_accuracy": 0.7, "val_loss": 0.5}],
    ]
    assert folds.best(rows, monitor=monitor) == best


def test_the_average_answers_with_the_mean_of_the_probabilities() -> None:
    models = [classifiers.build("lenet", (8, 8, 3), classes=3, seed=seed) for seed in (0, 1)]
    x = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3)).astype(np.float32)
    expected = np.mean([np.asarray(keras.ops.softmax(model(x))) for model in models], axis=0)
    average = folds.average(models)
    np.testing.assert_allclose(keras.ops.softmax(average(x)), expected, atol=1e-6)
    assert average.name == "lenet_folds"
    assert average.output_shape == (None, 3)

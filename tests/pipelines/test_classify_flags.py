"""Flags that do not go together are refused by name; those that do are not."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.classify import Config
from pipelines.options import TrainingOptions


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"check": True, "find_learning_rate": True},
            "^--check and --find-learning-rate are two different things to do",
        ),
        ({"suggest": Path("new"), "resume": True}, "^--suggest and --resume are two different things to do"),
        (
            {"model": "knn", "weights": "a.weights.h5"},
            "^--weights does nothing with --model knn; leave one of them out$",
        ),
        ({"model": "knn", "folds": 3}, "^--folds does nothing with --model knn"),
        ({"model": "knn", "loss": "hinge"}, "^--loss hinge does nothing with --model knn"),
        ({"model": "knn", "find_learning_rate": True}, "^--find-learning-rate does nothing with --model knn"),
        (
            {"loss": "hinge", "training": TrainingOptions(label_smoothing=0.1)},
            "^--training.label-smoothing does nothing with --loss hinge",
        ),
        ({"folds": 3, "check": True}, "^--folds does nothing with --check"),
        ({"folds": 3, "find_learning_rate": True}, "^--folds does nothing with --find-learning-rate"),
        ({"folds": 3, "suggest": Path("new")}, "^--folds does nothing with --suggest"),
        ({"weights": "ImageNet"}, "^--weights ImageNet: did you mean imagenet\\?$"),
    ],
)
def test_what_would_be_ignored_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Config(out=Path("run"), **given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"check": True, "model": "MobileNetV2", "weights": "imagenet"},
        {"folds": 3, "average_folds": True, "resume": True},
        {"model": "linear", "loss": "hinge"},
        {"model": "knn", "export": False},
    ],
)
def test_what_goes_together_is_taken(given: dict[str, Any]) -> None:
    Config(out=Path("run"), **given)

"""pipelines.classify.config: config: every flag of classify with its sentence and range, and the flags that do not go together."""

import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest
import tyro

from pipelines import classify
from pipelines.classify import config
from pipelines.classify.config import Config
from pipelines.training.options import TrainingOptions
from vision import classifiers


def test_the_command_of_the_docstring() -> None:
    lines = (inspect.getdoc(classify) or "").splitlines()
    command = next(line for line in lines if "python -m pipelines.classify" in line)
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "pipelines.classify"]
    assert tyro.cli(Config, args=words[3:]) == Config(data="photos", out=Path("runs/photos"))


def test_every_network_has_a_name_and_every_name_a_network() -> None:
    assert sorted(config.MODELS) == sorted(["knn", *classifiers.NAMES])
    assert list(config.SMALL_MODELS) == list(classifiers.BUILDERS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"model": "resnext"},
            "^--model resnext: unknown model; nearest: resnet.*; known: knn, linear, .*, such as MobileNetV2$",
        ),
        ({"model": "mobilenetv2"}, "^--model mobilenetv2: unknown model; nearest: MobileNetV2"),
        ({"model": "zzz"}, "^--model zzz: unknown model; known: knn, linear"),
        ({"model": "vgg", "depth": 20}, "^--depth is 20, but --model vgg has no depth to choose; only resnet has$"),
        (
            {"weights": "imagenet"},
            "^--weights imagenet: there are none for --model airbench; choose .* --model MobileNetV2",
        ),
        ({"folds": 1}, "^--folds is 1; expected 2 or more$"),
        ({"average_folds": True}, "^--average-folds needs --folds"),
        ({"suggest": Path("new")}, "^--suggest needs --out, the folder of a finished run"),
        ({"size": 7}, "^--size is 7; expected 8 to 1024 pixels$"),
        ({"size": 1025}, "^--size is 1025; expected 8 to 1024 pixels$"),
        ({"seed": -1}, "^--seed is -1; expected 0 to 4294967295$"),
        ({"seed": 2**32}, "^--seed is 4294967296; expected 0 to 4294967295$"),
        ({"training": TrainingOptions(monitor="val_map")}, "^--training.monitor val_map: no such column"),
    ],
)
def test_what_is_out_of_range_is_refused_by_its_flag(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Config(**given)


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

"""Flags of classify that do not go together: said by name instead of one of them being ignored. Standard library only."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.classify import Config


def check(config: "Config") -> None:
    """Raise ValueError for the first pair that does not go together."""
    modes = [flag for flag, on in _modes(config).items() if on]
    if len(modes) > 1:
        raise ValueError(f"{modes[0]} and {modes[1]} are two different things to do; give one of them")
    for flag, on, other in _pairs(config):
        if on:
            raise ValueError(f"{flag} does nothing with {other}; leave one of them out")


def _modes(config: "Config") -> dict[str, bool]:
    return {
        "--check": config.check,
        "--find-learning-rate": config.find_learning_rate,
        "--suggest": config.suggest is not None,
        "--resume": config.resume,
    }


def _pairs(config: "Config") -> list[tuple[str, bool, str]]:
    """What is ignored, whether it was given, and beside which flag."""
    baseline, hinge = config.model == "knn", config.loss == "hinge"
    return [
        ("--weights", baseline and config.weights != "none", "--model knn"),
        ("--folds", baseline and config.folds is not None, "--model knn"),
        ("--loss hinge", baseline and hinge, "--model knn"),
        ("--find-learning-rate", baseline and config.find_learning_rate, "--model knn"),
        ("--training.label-smoothing", hinge and config.training.label_smoothing > 0, "--loss hinge"),
        ("--folds", config.folds is not None and config.check, "--check"),
        ("--folds", config.folds is not None and config.find_learning_rate, "--find-learning-rate"),
        ("--folds", config.folds is not None and config.suggest is not None, "--suggest"),
    ]

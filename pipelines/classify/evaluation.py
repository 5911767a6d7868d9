"""The scores of a classifier, on held-out images."""

from dataclasses import dataclass

from pipelines.classify.training import Trained
from vision.metrics import classification


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What was trained, and its scores."""

    trained: Trained
    scores: dict[str, float]
    """As in scores.json."""


def evaluate(trained: Trained) -> Evaluated:
    """Score the answers to the test images, which had no part in training or in the choice of the epoch."""
    scores = classification.scores(trained.probabilities, trained.data.test.labels)
    return Evaluated(trained=trained, scores=scores | trained.spread)

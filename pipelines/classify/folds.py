"""Cross-validation: the training images dealt into folds, each of which chooses once and is learned from otherwise."""

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np
from keras import ops
from sklearn.model_selection import StratifiedKFold

from pipelines.record import history
from pipelines.record.runs import RunError
from vision.datasets import LabelledImages, labelled


def split(images: LabelledImages, *, folds: int, seed: int) -> list[LabelledImages]:
    """The same test images with `folds` stratified choices of training and validation images, each image in one validation part.

    Raises RunError when a class has fewer training images than there are folds.
    """
    everything = labelled.joined([images.train, images.validation])
    counts = np.bincount(everything.labels, minlength=len(images.classes))
    smallest = int(counts.argmin())
    if counts[smallest] < folds:
        raise RunError(
            f"--folds is {folds}, but class {images.classes[smallest]!r} has only {counts[smallest]} images to train and choose with; "
            f"expected at most {counts[smallest]} folds, or more images of that class"
        )
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(everything.labels, everything.labels)
    return [
        replace(images, train=everything.take(learn), validation=everything.take(choose)) for learn, choose in dealt
    ]


def summary(accuracies: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation (n - 1) over the folds, and their number."""
    return {
        "folds": float(len(accuracies)),
        "folds_accuracy_mean": float(np.mean(accuracies)),
        "folds_accuracy_sd": float(np.std(accuracies, ddof=1)),
    }


def best(histories: Sequence[Sequence[dict[str, float]]], *, monitor: str) -> int:
    """Index of the fold whose best epoch is the best by the monitored column; of equal ones the first."""
    sign = -1.0 if history.falls(monitor) else 1.0
    values = []
    for rows in histories:
        at = history.best_row(rows, monitor=monitor)
        values.append(-np.inf if at is None else sign * rows[at][monitor])
    return int(np.argmax(values))


def average(models: Sequence[keras.Model]) -> keras.Model:
    """One network whose logits are the logarithm of the mean of the networks' probabilities: its softmax is that mean.

    Every model: (batch, h, w, 3) to logits (batch, classes); they become layers of it, called fold1, fold2, …
    """
    inputs = keras.Input(models[0].input_shape[1:], name="images")
    named = [keras.Model(model.inputs, model.outputs[0], name=f"fold{i}") for i, model in enumerate(models, start=1)]
    logs = ops.stack([ops.log_softmax(model(inputs)) for model in named])
    logits = ops.logsumexp(logs, axis=0) - float(np.log(len(models)))
    return keras.Model(inputs, keras.layers.Identity(name="logits")(logits), name=f"{models[0].name}_folds")

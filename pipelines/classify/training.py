"""The training of a classifier: one network, one for each fold, or the nearest neighbours."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipelines.classify import class_weights, folds
from pipelines.classify.config import MONITOR, Config
from pipelines.record.history import Row
from pipelines.record.runs import RunError
from pipelines.training import fitting, options, phases
from pipelines.training.options import TrainingOptions
from vision import classifiers, losses, neighbours
from vision.checks import findings
from vision.datasets import Examples, LabelledImages, batches, labelled
from vision.metrics import classification
from vision.pretrained import backbones, weights

METRIC = "accuracy"
"""Column of history.csv beside the loss."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A training that can begin."""

    config: Config
    data: LabelledImages
    model: keras.Model | None
    """The network before training; None for the nearest neighbours."""
    folds: Sequence[LabelledImages] = ()
    """The same test images with the training images of each fold; none without --folds."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came out of the training."""

    data: LabelledImages
    """The images that were learned from, chosen with and answered: those of the run, or of the kept fold."""
    model: keras.Model | None
    """The network that is exported; None for the nearest neighbours."""
    probabilities: NDArray[np.float32]
    """(n, classes), its answers to `data.test`."""
    rows: Sequence[Row] = ()
    """history.csv of that network; none of nearest neighbours and of the mean of several networks."""
    spread: dict[str, float] = field(default_factory=dict)
    """Scores beside those of the probabilities: mean and standard deviation over the folds, or the number of neighbours."""
    out_of_fold: tuple[Examples, NDArray[np.float32]] | None = None
    """All training examples, each with the probabilities (n, classes) of the fold that did not learn from it."""


def prepare(config: Config, images: LabelledImages) -> Prepared:
    """Build the network and deal the folds; what cannot be trained is refused here, before anything is written. Raises RunError."""
    if config.model == "knn":
        return Prepared(config=config, data=images, model=None)
    model = network(config, images)
    phases.plan(model, training_options(config, images, model))
    dealt = [] if config.folds is None else folds.split(images, folds=config.folds, seed=config.seed)
    return Prepared(config=config, data=images, model=model, folds=dealt)


def train(prepared: Prepared, folder: Path) -> Trained:
    """Train one network, one for each fold, or find the nearest neighbours; checkpoints and history.csv lie in `folder`."""
    if prepared.model is None:
        return _neighbours(prepared.data)
    if prepared.folds:
        return _folds(prepared.config, prepared.data, prepared.folds, folder)
    return _network(prepared.config, prepared.data, prepared.model, folder)


def network(config: Config, images: LabelledImages) -> keras.Model:
    """The network before training, with the weights it starts from. Raises WeightsError, and RunError for a wrong depth or size."""
    classes = len(images.classes)
    try:
        model = classifiers.build(config.model, images.shape, classes=classes, seed=config.seed, depth=config.depth)
    except ValueError as error:
        raise RunError(str(error)) from error
    classifiers.adapt(model, images.train)
    if config.weights == "imagenet":
        weights.imagenet(model)
    elif config.weights != "none":
        weights.load(Path(config.weights).expanduser(), model)
    return model


def features(config: Config, images: LabelledImages) -> NDArray[np.float32] | None:
    """What a pretrained backbone makes of every image, float32 (n, channels), by which --check judges labels; None without one."""
    if config.weights == "none" or config.model not in backbones.BACKBONES:
        return None
    model = network(config, images)
    pooled = keras.Model(model.input, model.get_layer("average").output)
    everything = _scoring(config, images, findings.everything(images))
    return np.asarray(pooled.predict(everything, verbose=0))


def training_loss(config: Config) -> Any:
    """The training loss, on one-hot labels and logits."""
    if config.loss == "hinge":
        return losses.MulticlassHinge()
    smoothing = config.training.label_smoothing
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def training_batches(config: Config, images: LabelledImages, span: range) -> Any:
    """All training batches of a range of epochs, augmented and weighted, as one tf.data stream."""
    stream = batches.training(
        images.train,
        span,
        classes=len(images.classes),
        batch_size=config.training.batch_size,
        seed=config.seed,
        augmentation=config.augment,
    )
    if config.training.class_weights == "none":
        return stream
    counts = np.bincount(images.train.labels, minlength=len(images.classes)).tolist()
    return class_weights.weighted(stream, class_weights.balanced(counts))


def _network(config: Config, images: LabelledImages, model: keras.Model, folder: Path) -> Trained:
    rows = _fit(config, images, model, folder)
    answers = _probabilities(config, model, images, images.test)
    return Trained(data=images, model=model, rows=rows, probabilities=answers)


def training_options(config: Config, images: LabelledImages, model: keras.Model) -> TrainingOptions:
    """The options with the defaults of this network and number of images filled in."""
    pretrained = config.weights != "none" and backbones.nested(model) is not None
    return options.with_defaults(config.training, examples=len(images.train), pretrained=pretrained)


def _fit(config: Config, images: LabelledImages, model: keras.Model, folder: Path) -> list[Row]:
    training = training_options(config, images, model)
    data = fitting.Data(
        train=partial(training_batches, config, images),
        validation=_scoring(config, images, images.validation),
        steps=batches.steps(images.train, batch_size=training.batch_size),
    )
    objective = fitting.Objective(
        loss=training_loss(config), metrics=[keras.metrics.CategoricalAccuracy(name=METRIC)], monitor=MONITOR
    )
    return fitting.fit(model, data, objective, training, folder)


def _scoring(config: Config, images: LabelledImages, examples: Examples) -> Any:
    return batches.scoring(examples, classes=len(images.classes), batch_size=max(config.training.batch_size, 64))


def _probabilities(
    config: Config, model: keras.Model, images: LabelledImages, examples: Examples
) -> NDArray[np.float32]:
    return classifiers.probabilities(model, _scoring(config, images, examples))


def _neighbours(images: LabelledImages) -> Trained:
    found = neighbours.fit_predict(images.train, images.validation, images.test, classes=len(images.classes))
    print(f"{found.k} neighbours answer the validation images best: accuracy {found.accuracies[found.k]:.4f}")
    spread = {"neighbours": float(found.k)}
    return Trained(data=images, model=None, probabilities=found.probabilities, spread=spread)


def _folds(config: Config, images: LabelledImages, parts: Sequence[LabelledImages], folder: Path) -> Trained:
    """Each fold's network is scored on the same test images; the one with the best monitored value, or the mean of all, is kept."""
    # Each fold's network is traced anew; TensorFlow takes that for a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    each = [_fold(config, part, folder / f"fold-{number}") for number, part in enumerate(parts, start=1)]
    accuracies = [classification.scores(found.probabilities, images.test.labels)["accuracy"] for found in each]
    best = folds.best([found.rows for found in each], monitor=config.training.monitor or MONITOR)
    kept = _averaged(config, images, each) if config.average_folds else each[best]
    seen = [found.out_of_fold for found in each if found.out_of_fold is not None]
    out_of_fold = (labelled.joined([part for part, _ in seen]), np.concatenate([answers for _, answers in seen]))
    return replace(kept, spread=folds.summary(accuracies), out_of_fold=out_of_fold)


def _fold(config: Config, images: LabelledImages, folder: Path) -> Trained:
    print(f"{folder.name}:")
    folder.mkdir(exist_ok=True)
    model = network(config, images)
    found = _network(config, images, model, folder)
    return replace(found, out_of_fold=(images.validation, _probabilities(config, model, images, images.validation)))


def _averaged(config: Config, images: LabelledImages, each: Sequence[Trained]) -> Trained:
    model = folds.average([found.model for found in each if found.model is not None])
    return Trained(data=images, model=model, probabilities=_probabilities(config, model, images, images.test))

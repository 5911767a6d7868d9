"""What the report of a classifier shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipelines.classify import explanations
from pipelines.classify import sections as classify_sections
from pipelines.classify.config import MONITOR, Config
from pipelines.classify.evaluation import Evaluated
from pipelines.classify.training import Trained
from pipelines.report import network, page
from pipelines.report import sections as report_sections
from pipelines.report.advice import Remedies, Scale
from vision.augment.options import Augmentation
from vision.checks import label_errors
from vision.datasets import LabelledImages, batches
from vision.inspection import diagnostics
from vision.metrics import classification

SHOWN = 12
"""Pictures in a gallery."""
SUSPECTS = 24
"""Suspected labels that are shown."""
WATCHED = 256
"""Validation images on which units are watched."""
REMEDIES = Remedies(
    over_fitting="--augment.flip and --augment.shift where they leave the label true, a higher --training.weight-decay, "
    "--training.label-smoothing 0.1, a smaller --model, or a lower --training.patience",
    under_fitting="more --training.epochs, a higher --training.learning-rate, a larger --model, or less of --training.weight-decay, "
    "--training.label-smoothing, --augment.flip and --augment.shift",
    harder_training="by --augment.mixup, --augment.cutmix and other strong --augment flags, by dropout, or by wrong labels among the "
    "training examples",
    no_skill="try a --training.learning-rate ten times higher and ten times lower, or another --model",
    too_sure="--training.label-smoothing 0.1 or a higher --training.weight-decay",
    not_sure_enough="a lower --training.label-smoothing or more --training.epochs",
)
"""What this pipeline advises."""
FORMS_NOTE = (
    "Each form answered all held-out images. Agreement: share of images with the Keras model's answer; max |Δ|: largest difference of "
    "a probability; ms: one image."
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one run has to show."""

    config: Config
    evaluated: Evaluated
    parity: dict[str, Any] | None
    """parity.json, when there was an export."""

    @property
    def trained(self) -> Trained:
        """The network, its history and its answers to the test images."""
        return self.evaluated.trained

    @property
    def images(self) -> LabelledImages:
        """The images that it was trained on and scored with."""
        return self.evaluated.trained.data


def sections(evidence: Evidence) -> list[page.Section | None]:
    """What the curves say first, then curves, answers, mistakes, inputs, and the inside of the network."""
    images, trained = evidence.images, evidence.trained
    parts: list[page.Section | None] = [*_learning(evidence), *_answers(evidence), *_suspects(evidence)]
    if trained.model is not None:
        test, answers = images.test, trained.probabilities
        parts.append(explanations.section(trained.model, test, test.labels, answers, images.classes))
        parts.append(_augmented(images, augmentation=evidence.config.augment, seed=evidence.config.seed))
        parts += _inside(trained.model, images)
    return [*parts, report_sections.forms(evidence.parity, FORMS_NOTE)]


def _learning(evidence: Evidence) -> list[page.Section]:
    """What the history says; the nearest neighbours have none."""
    rows, test = evidence.trained.rows, evidence.images.test
    if not rows:
        return []
    chance = float(np.bincount(test.labels).max() / len(test))
    return [
        report_sections.said_by_the_curves(rows, evidence.evaluated.scores, Scale(chance=chance), REMEDIES),
        report_sections.curves(rows, monitor=evidence.config.training.monitor or MONITOR),
    ]


def _answers(evidence: Evidence) -> list[page.Section]:
    test, classes = evidence.images.test, evidence.images.classes
    predicted = evidence.trained.probabilities.argmax(-1)
    wrong = classification.confident_mistakes(evidence.trained.probabilities, test.labels, most=SHOWN)
    return [
        classify_sections.confusion(classification.confusion(test.labels, predicted, classes=len(classes)), classes),
        classify_sections.per_class(classification.per_class(test.labels, predicted, labels=classes)),
        classify_sections.reliability(
            classification.reliability(evidence.trained.probabilities, test.labels),
            error=evidence.evaluated.scores["expected_calibration_error"],
        ),
        classify_sections.mistakes(
            [test[i] for i in wrong],
            [classes[test.labels[i]] for i in wrong],
            [classes[predicted[i]] for i in wrong],
            [float(evidence.trained.probabilities[i].max()) for i in wrong],
        ),
    ]


def _suspects(evidence: Evidence) -> list[page.Section]:
    """Labels that the folds which did not learn from them speak against."""
    if evidence.trained.out_of_fold is None:
        return []
    examples, probabilities = evidence.trained.out_of_fold
    found, classes = label_errors.suspects(examples.labels, probabilities), evidence.images.classes
    shown = list(zip(found.positions, found.suggested, found.margins, strict=True))[:SUSPECTS]
    captions = [
        f"{examples.name(i)}\nlabel {classes[examples.labels[i]]}\nseems {classes[suggested]} (+{margin:.2f})"
        for i, suggested, margin in shown
    ]
    return [classify_sections.suspects([examples[i] for i, _, _ in shown], captions, found=len(found.positions))]


def _augmented(images: LabelledImages, *, augmentation: Augmentation, seed: int) -> page.Section:
    """The first batch of the first epoch, as it was."""
    stream = batches.training(
        images.train, range(1), classes=len(images.classes), batch_size=SHOWN, seed=seed, augmentation=augmentation
    )
    shown, labels = next(islice(stream.as_numpy_iterator(), 1))
    return classify_sections.augmented(list(shown), [_shares(label, images.classes) for label in labels])


def _shares(label: NDArray[np.float32], classes: Sequence[str]) -> str:
    """Name of the class; where two were mixed, both with their shares, the larger first."""
    mixed = sorted((-share, name) for share, name in zip(label, classes, strict=True) if share > 0)
    return mixed[0][1] if len(mixed) == 1 else " + ".join(f"{-share:.0%} {name}" for share, name in mixed)


def _inside(model: keras.Model, images: LabelledImages) -> list[page.Section]:
    """Gradients of one training batch, and units that no validation image wakes."""
    size = diagnostics.batch_size(*images.shape[:2])
    stream = batches.scoring(images.train, classes=len(images.classes), batch_size=size)
    shown, labels = next(islice(stream.as_numpy_iterator(), 1))
    watched = np.stack([images.validation[i] for i in range(min(WATCHED, 4 * size, len(images.validation)))])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return [
        network.gradients(diagnostics.gradient_norms(model, loss, shown.astype(np.float32), labels)),
        network.dead_units(diagnostics.dead_units(model, watched.astype(np.float32))),
    ]


def summary(evidence: Evidence) -> dict[str, str]:
    """The figures at the top of the page."""
    scores, images, model = evidence.evaluated.scores, evidence.images, evidence.trained.model
    return {
        "accuracy": f"{scores['accuracy']:.4f}",
        "held-out images": f"{scores['n']:.0f}",
        "log loss": f"{scores['log_loss']:.4f}",
        "classes": str(len(images.classes)),
        "training images": str(len(images.train)),
        "network": "nearest neighbours" if model is None else f"{model.name}, {model.count_params():,} parameters",
        "epochs": str(len(evidence.trained.rows)),
        "left out": str(len(images.skipped)),
    }

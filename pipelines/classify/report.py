"""What the report of a classifier shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipelines.classify import explanations
from pipelines.classify import sections as classify_sections
from pipelines.classify.training import Learned
from pipelines.report import network, page, sections
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


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one run has to show."""

    images: LabelledImages
    learned: Learned
    """The network, its history and its answers to `images.test`."""
    monitor: str
    """The column that chose the epoch."""
    scores: dict[str, float]
    parity: dict[str, Any] | None
    """parity.json, when there was an export."""
    seconds: dict[str, float]
    """By act."""


def write(folder: Path, evidence: Evidence, *, augmentation: Augmentation, seed: int) -> None:
    """Write report.html: reading first, then curves, answers, mistakes, inputs, and the inside of the network."""
    images = evidence.images
    chance = float(np.bincount(images.test.labels).max() / len(images.test))
    parts = [
        *_learning(evidence, chance=chance),
        *_answers(evidence),
        *_suspects(evidence),
    ]
    if evidence.learned.model is not None:
        test, answers = images.test, evidence.learned.probabilities
        parts.append(explanations.section(evidence.learned.model, test, test.labels, answers, images.classes))
        parts.append(_augmented(images, augmentation=augmentation, seed=seed))
        parts += _inside(evidence.learned.model, images)
    if evidence.parity is not None:
        parts.append(sections.forms(evidence.parity))
    parts += [
        sections.timing(evidence.seconds),
        sections.skipped([(item.name, item.reason) for item in images.skipped]),
    ]
    page.write(folder / "report.html", title=f"classify: {folder.name}", summary=_summary(evidence), sections=parts)


def _learning(evidence: Evidence, *, chance: float) -> list[page.Section]:
    """What the history says; the nearest neighbours have none."""
    rows = evidence.learned.rows
    if not rows:
        return []
    return [sections.reading(rows, evidence.scores, chance=chance), sections.curves(rows, monitor=evidence.monitor)]


def _answers(evidence: Evidence) -> list[page.Section]:
    test, classes = evidence.images.test, evidence.images.classes
    predicted = evidence.learned.probabilities.argmax(-1)
    wrong = classification.confident_mistakes(evidence.learned.probabilities, test.labels, most=SHOWN)
    return [
        classify_sections.confusion(classification.confusion(test.labels, predicted, classes=len(classes)), classes),
        classify_sections.per_class(classification.per_class(test.labels, predicted, labels=classes)),
        classify_sections.reliability(
            classification.reliability(evidence.learned.probabilities, test.labels),
            error=evidence.scores["expected_calibration_error"],
        ),
        classify_sections.mistakes(
            [test[i] for i in wrong],
            [classes[test.labels[i]] for i in wrong],
            [classes[predicted[i]] for i in wrong],
            [float(evidence.learned.probabilities[i].max()) for i in wrong],
        ),
    ]


def _suspects(evidence: Evidence) -> list[page.Section]:
    """Labels that the folds which did not learn from them speak against."""
    if evidence.learned.out_of_fold is None:
        return []
    examples, probabilities = evidence.learned.out_of_fold
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


def _summary(evidence: Evidence) -> dict[str, str]:
    scores, images, model = evidence.scores, evidence.images, evidence.learned.model
    return {
        "accuracy": f"{scores['accuracy']:.4f}",
        "held-out images": f"{scores['n']:.0f}",
        "log loss": f"{scores['log_loss']:.4f}",
        "classes": str(len(images.classes)),
        "training images": str(len(images.train)),
        "network": "nearest neighbours" if model is None else f"{model.name}, {model.count_params():,} parameters",
        "epochs": str(len(evidence.learned.rows)),
        "left out": str(len(images.skipped)),
    }

"""Sections of a classifier's report: confusion, scores per class, reliability, mistakes, suspected labels, augmentation."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.classify import pictures
from pipelines.report import parts, plots
from pipelines.report.page import Section


def confusion(matrix: NDArray[np.int64], labels: Sequence[str]) -> Section:
    """Confusion matrix, int64 (c, c), row the true class; above 30 classes its most confused pairs."""
    title = "Confusion matrix" if len(labels) <= pictures.MATRIX_CLASSES else "Most confused classes"
    return Section(title=title, body=pictures.matrix(matrix, labels))


def per_class(table: Mapping[str, Mapping[str, float]]) -> Section:
    """Label to its precision, recall, f1 (0 to 1) and n, weakest class first."""
    weakest = sorted(table.items(), key=lambda item: item[1]["f1"])
    rows = [
        [label, *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")), f"{row['n']:.0f}"]
        for label, row in weakest
    ]
    return Section(title="Per class", body=parts.grid(["class, weakest first", "precision", "recall", "F1", "n"], rows))


def reliability(bins: Sequence[tuple[float, float, int]], *, error: float | None = None) -> Section:
    """(confidence, accuracy, number) of equal bins; error: the expected calibration error, 0 to 1."""
    told = "" if error is None else f"<p>Expected calibration error {error:.4f}.</p>"
    note = parts.remark("Bars below the dotted line: the network is more sure than it is right. Above: less sure.")
    return Section(title="Reliability", body=told + pictures.reliability(bins) + note)


def mistakes(
    images: Sequence[NDArray[np.uint8]],
    truth_names: Sequence[str],
    predicted_names: Sequence[str],
    confidences: Sequence[float],
) -> Section:
    """The most confident mistakes as pictures, uint8 (h, w, 3) each; confidences 0 to 1."""
    if not len(images):
        return Section(title="Most confident mistakes", body="<p>No mistake on the held-out images.</p>")
    captions = [
        f"is {truth}\nsaid {predicted} ({confidence:.3f})"
        for truth, predicted, confidence in zip(truth_names, predicted_names, confidences, strict=True)
    ]
    note = parts.remark("A wrong label in the data often shows up here first.")
    return Section(title="Most confident mistakes", body=note + plots.gallery(images, captions))


def suspects(images: Sequence[NDArray[np.uint8]], captions: Sequence[str], *, found: int) -> Section:
    """Training images, uint8 (h, w, 3), whose labels the folds that did not learn from them speak against; found: how many in all."""
    title = "Suspected label errors"
    if not found:
        return Section(title=title, body="<p>The folds agree with every label, or are not sure.</p>")
    note = parts.remark(
        f"{found} training images whose label a network that never saw it contradicts, the surest first."
    )
    return Section(title=title, body=note + plots.gallery(images, captions))


def augmented(images: Sequence[NDArray[np.uint8]], captions: Sequence[str] | None = None) -> Section:
    """Training images, uint8 (h, w, 3), as the network sees them."""
    note = parts.remark("Training images as the network sees them. Could you still name each of them?")
    return Section(title="Augmented inputs", body=note + plots.gallery(images, captions or [""] * len(images)))

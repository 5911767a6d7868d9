"""What --check finds in labelled images: blank ones, copies, leaks between the parts, suspected labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.checks import copies, label_errors
from vision.datasets import Examples, LabelledImages, labelled

COMPARED = 50_000
"""Most images among which near copies and wrong labels are looked for; of a larger set a random sample of so many."""
BLANK = 2.0
"""An image whose pixels deviate by less than this (of 255) from one colour shows nothing."""
TRUSTED = 0.6
"""The quick model's doubts are worth a warning when it guesses this share of the labels that are not guessed by chance."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found. Positions are those of `everything`: train, then validation, then test."""

    images: LabelledImages
    examples: Examples
    parts: tuple[str, ...]
    """Of each example: train, validation or test."""
    blank: list[int]
    exact: list[list[int]]
    """Groups of images that are equal in every pixel, blank ones apart."""
    near: list[copies.Pair]
    """Further pairs that are nearly equal."""
    suspects: label_errors.Suspects | None
    accuracy: float
    """Share of the labels that the model behind `suspects` guessed, 0 to 1; NaN without one."""
    compared: int
    """Images among which near copies and wrong labels were looked for."""

    @property
    def trusted(self) -> bool:
        """Whether the model behind `suspects` sees enough for its doubts to mean something."""
        chance = np.bincount(self.examples.labels).max() / len(self.examples)
        return self.suspects is not None and bool(self.accuracy - chance >= TRUSTED * (1 - chance))

    def groups(self) -> list[list[int]]:
        """Return exact groups and near pairs together."""
        return [*self.exact, *([pair.first, pair.second] for pair in self.near)]

    def crossing(self, groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """Select groups with images of more than one part."""
        return [group for group in groups if len({self.parts[i] for i in group}) > 1]

    def contradicting(self, groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """Select groups with more than one label."""
        return [group for group in groups if len({int(self.examples.labels[i]) for i in group}) > 1]


def everything(images: LabelledImages) -> Examples:
    """Join all examples: train, then validation, then test."""
    return labelled.joined([images.train, images.validation, images.test])


def leak(images: LabelledImages) -> str | None:
    """Write a warning for a training run whose held-out images are in another part too, pixel for pixel; None where none is.

    Costs one pass over the pixels.
    """
    parts = _parts(images)
    groups = [group for group in copies.exact(everything(images)) if len({parts[i] for i in group}) > 1]
    if not groups:
        return None
    number = sum(parts[i] != "train" for group in groups for i in group)
    return f"{number} held-out images are also in another part, pixel for pixel: scores will flatter; see --check"


def find(images: LabelledImages, *, features: NDArray[np.float32] | None = None) -> Findings:
    """Look for blank images, copies and suspected labels.

    features: float32 (n, d), what a pretrained network makes of `everything(images)`, for the search for wrong labels; pixels when absent.
    """
    examples = everything(images)
    blank = [i for i in range(len(examples)) if _is_blank(examples, i)]
    exact = [group for group in copies.exact(examples) if group[0] not in blank]
    chosen = np.arange(len(examples))
    if len(examples) > COMPARED:
        chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:COMPARED])
    # One of each exact group, no blank ones: what is left differs.
    again = {i for group in exact for i in group[1:]} | set(blank)
    distinct = [int(i) for i in chosen if int(i) not in again]
    near = copies.near(examples.take(np.array(distinct, np.int64)))
    suspects, accuracy = _suspects(examples, chosen, features, classes=len(images.classes))
    return Findings(
        images=images,
        examples=examples,
        parts=_parts(images),
        blank=blank,
        exact=exact,
        near=[copies.Pair(distinct[pair.first], distinct[pair.second], pair.similarity) for pair in near],
        suspects=suspects,
        accuracy=accuracy,
        compared=len(chosen),
    )


def _suspects(
    examples: Examples, chosen: NDArray[np.int64], features: NDArray[np.float32] | None, *, classes: int
) -> tuple[label_errors.Suspects | None, float]:
    """Find suspected labels among the chosen examples, and the share of labels that the model behind them guessed."""
    sample = examples.take(chosen)
    if np.bincount(sample.labels)[np.unique(sample.labels)].min() < label_errors.FOLDS:
        return None, float("nan")
    seen = label_errors.pixel_features(sample) if features is None else features[chosen]
    probabilities = label_errors.out_of_fold(seen, sample.labels, classes=classes, seed=0)
    found = label_errors.suspects(sample.labels, probabilities)
    moved = label_errors.Suspects(
        positions=chosen[found.positions], suggested=found.suggested, margins=found.margins, joint=found.joint
    )
    return moved, float((probabilities.argmax(axis=1) == sample.labels).mean())


def _parts(images: LabelledImages) -> tuple[str, ...]:
    return ("train",) * len(images.train) + ("validation",) * len(images.validation) + ("test",) * len(images.test)


def _is_blank(examples: Examples, position: int) -> bool:
    pixels = examples.pool[examples.index[position]]
    return bool(pixels.reshape(-1, pixels.shape[-1]).std(axis=0).max() < BLANK)

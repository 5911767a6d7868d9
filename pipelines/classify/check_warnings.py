"""What --check found, in sentences."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vision.checks import findings, label_errors
from vision.checks.findings import Findings
from vision.datasets import Examples, LabelledImages

IMBALANCED = 10.0
"""The largest class has so many times the images of the smallest one: worth a warning."""


class Warned(NamedTuple):
    """Something to look at before training."""

    text: str
    items: Sequence[str] = ()
    """Which images; all of them."""


def warned(found: Findings) -> list[Warned]:
    """What should be looked at, most serious first. Nothing here is an error: the data can be trained on."""
    groups, warnings = found.groups(), []
    crossing, contradicting = found.crossing(groups), found.contradicting(groups)
    equal, alike = found.crossing(found.exact), crossing[len(found.crossing(found.exact)) :]
    if equal:
        text = f"{_times(len(equal), 'image')} in more than one part: scores will flatter"
        warnings.append(Warned(text, _names(found, equal)))
    if alike:
        text = f"{_times(len(alike), 'image')} nearly the same as one of another part: scores will flatter if these are copies"
        warnings.append(Warned(text, _names(found, alike)))
    if contradicting:
        text = f"{_times(len(contradicting), 'image')} there again, or nearly, with another label"
        warnings.append(Warned(text, _names(found, contradicting)))
    if len(groups) > len(crossing):
        repeated = [group for group in groups if len({found.parts[i] for i in group}) == 1]
        warnings.append(
            Warned(
                f"{_times(len(repeated), 'image')} there more than once, or nearly, in one part",
                _names(found, repeated),
            )
        )
    if found.blank:
        text = f"{_times(len(found.blank), 'image')} of one colour"
        warnings.append(Warned(text, [_name(found, i) for i in found.blank]))
    warnings += _imbalance(found)
    if found.suspects is not None and len(found.suspects.positions) and found.trusted:
        number = len(found.suspects.positions)
        text = f"{_times(number, 'label')} suspected to be wrong, the surest first"
        warnings.append(Warned(text, [describe(found, place) for place in range(number)]))
    return warnings


def _imbalance(found: Findings) -> list[Warned]:
    names, numbers = found.images.classes, np.bincount(found.examples.labels, minlength=len(found.images.classes))
    if numbers.max() < IMBALANCED * numbers.min():
        return []
    most, fewest = numbers.argmax(), numbers.argmin()
    text = (
        f"class {names[most]!r} has {numbers[most]} images and {names[fewest]!r} {numbers[fewest]}; accuracy will say little about the "
        "small one, and --training.class-weights balanced may help it"
    )
    return [Warned(text)]


def judged(found: Findings) -> str:
    """How far the search for wrong labels can be trusted, in one sentence."""
    if found.suspects is None:
        return f"labels: not judged, a class has fewer than {label_errors.FOLDS} images"
    seen = f"labels: a quick model guessed {found.accuracy:.1%} of {found.compared:,}"
    if found.trusted:
        return seen
    return (
        f"{seen}, too few for its doubts to mean much; after training, the report's most confident mistakes show more"
    )


def describe(found: Findings, place: int) -> str:
    """One suspect in words."""
    if found.suspects is None:
        raise ValueError("there are no suspects; labels were not judged")
    position, names = int(found.suspects.positions[place]), found.images.classes
    label, other = names[found.examples.labels[position]], names[found.suspects.suggested[place]]
    return f"{_name(found, position)} is labelled {label!r}, looks like {other!r}"


def sized(images: LabelledImages) -> str:
    """Sizes of the files or arrays before they were stretched, in one sentence."""
    height, width, _ = images.shape
    if images.sizes is None:
        return f"all images are {width}x{height} pixels"
    examples = findings.everything(images)
    own = images.sizes[examples.index]
    order = own[np.argsort(own.prod(axis=1), kind="stable")]
    told = [f"{w}x{h}" for h, w in (order[0], order[len(order) // 2], order[-1])]
    if told[0] == told[2]:
        return f"sizes: all {told[0]} pixels, used as {width}x{height}"
    aspects = np.sort(own[:, 1] / own[:, 0])
    ratios = ", ".join(f"{value:.2f}" for value in (aspects[0], aspects[len(aspects) // 2], aspects[-1]))
    return (
        f"sizes: smallest {told[0]}, median {told[1]}, largest {told[2]} pixels; width to height {ratios} (lowest, median, highest); "
        f"all become {width}x{height}"
    )


def counts(images: LabelledImages) -> dict[str, dict[str, int]]:
    """Part to class to number of images."""
    parts = {"train": images.train, "validation": images.validation, "test": images.test}
    return {name: _numbers(part, images.classes) for name, part in parts.items()}


def _numbers(examples: Examples, classes: Sequence[str]) -> dict[str, int]:
    return dict(zip(classes, np.bincount(examples.labels, minlength=len(classes)).tolist(), strict=True))


def _name(found: Findings, position: int) -> str:
    return f"{found.examples.name(position)} ({found.parts[position]})"


def _names(found: Findings, groups: Sequence[Sequence[int]]) -> list[str]:
    return [" = ".join(_name(found, i) for i in group) for group in groups]


def _times(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"

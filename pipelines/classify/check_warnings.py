"""What --check found, in sentences."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vision.checks import findings, label_errors
from vision.checks.findings import Findings
from vision.datasets import Examples, LabelledImages

IMBALANCED = 10.0
"""The largest class has so many times the images of the smallest one: worth a warning."""


class DataWarning(NamedTuple):
    """Something to look at before training."""

    text: str
    items: Sequence[str] = ()
    """Which images; all of them."""


def warnings(found: Findings) -> list[DataWarning]:
    """Everything that should be looked at, the most serious first. None of it is an error: the data can be trained on."""
    groups, found_warnings = found.groups(), list[DataWarning]()
    crossing, contradicting = found.crossing(groups), found.contradicting(groups)
    equal, alike = found.crossing(found.exact), crossing[len(found.crossing(found.exact)) :]
    if equal:
        text = f"{_times(len(equal), 'image')} in more than one part: scores will flatter"
        found_warnings.append(DataWarning(text, _names(found, equal)))
    if alike:
        text = f"{_times(len(alike), 'image')} nearly the same as one of another part: scores will flatter if these are copies"
        found_warnings.append(DataWarning(text, _names(found, alike)))
    if contradicting:
        text = f"{_number(len(contradicting), 'image')} {_verb(len(contradicting))} again with another label"
        found_warnings.append(DataWarning(text, _names(found, contradicting)))
    if len(groups) > len(crossing):
        repeated = [group for group in groups if len({found.parts[i] for i in group}) == 1]
        found_warnings.append(
            DataWarning(
                f"{_number(len(repeated), 'image')} {_verb(len(repeated))} more than once (or nearly so) in one part",
                _names(found, repeated),
            )
        )
    if found.blank:
        text = f"{_times(len(found.blank), 'image')} of one colour"
        found_warnings.append(DataWarning(text, [_name(found, i) for i in found.blank]))
    found_warnings += _imbalance(found)
    if found.suspects is not None and len(found.suspects.positions) and found.trusted:
        number = len(found.suspects.positions)
        text = f"{_times(number, 'label')} suspected to be wrong, the surest first"
        found_warnings.append(DataWarning(text, [describe(found, place) for place in range(number)]))
    return found_warnings


def _imbalance(found: Findings) -> list[DataWarning]:
    names, numbers = found.images.classes, np.bincount(found.examples.labels, minlength=len(found.images.classes))
    if numbers.max() < IMBALANCED * numbers.min():
        return []
    most, fewest = numbers.argmax(), numbers.argmin()
    text = (
        f"class {names[most]!r} has {numbers[most]} images and {names[fewest]!r} {numbers[fewest]}; accuracy will say little about the "
        "small one, and --training.class-weights balanced may help it"
    )
    return [DataWarning(text)]


def trust(found: Findings) -> str:
    """One sentence on how far the search for wrong labels can be trusted."""
    if found.suspects is None:
        return f"labels: not checked: a class has fewer than {label_errors.FOLDS} images"
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


def sizes(images: LabelledImages) -> str:
    """One sentence on the sizes of the files or arrays before they were stretched."""
    height, width, _ = images.shape
    if images.sizes is None:
        return f"all images are {width}x{height} pixels"
    examples = findings.everything(images)
    own = images.sizes[examples.index]
    order = own[np.argsort(own.prod(axis=1), kind="stable")]
    shown = [f"{w}x{h}" for h, w in (order[0], order[len(order) // 2], order[-1])]
    if shown[0] == shown[2]:
        return f"sizes: all {shown[0]} pixels, used as {width}x{height}"
    aspects = np.sort(own[:, 1] / own[:, 0])
    ratios = ", ".join(f"{value:.2f}" for value in (aspects[0], aspects[len(aspects) // 2], aspects[-1]))
    return (
        f"sizes: smallest {shown[0]}, median {shown[1]}, largest {shown[2]} pixels; width to height {ratios} (lowest, median, highest); "
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


def _number(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def _verb(number: int) -> str:
    return "occurs" if number == 1 else "occur"


def _times(number: int, noun: str) -> str:
    return f"{_number(number, noun)} {'is' if number == 1 else 'are'}"

"""`--check`: what a practitioner looks for in labelled images before training, on the console, in check.json and in check.html."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines import check_page, folds, runs
from vision import copies, label_errors
from vision.datasets import Examples, LabelledImages

COMPARED = 50_000
"""More images than this are not compared with each other for near copies, nor judged for their labels: a sample of so many is."""
IMBALANCED = 10.0
"""The largest class has so many times the images of the smallest one: worth a warning."""
BLANK = 2.0
"""An image whose pixels deviate by less than this (of 255) from one colour shows nothing."""
TRUSTED = 0.6
"""The quick model's doubts are worth a warning when it guesses this share of the labels that are not guessed by chance."""
LISTED = 10
"""Lines of one kind on the console; check.json holds all of them."""


class Warned(NamedTuple):
    """Something to look at before training."""

    text: str
    items: Sequence[str] = ()
    """Which images; all of them."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that was found. Positions are those of `everything`: train, then validation, then test."""

    images: LabelledImages
    examples: Examples
    parts: tuple[str, ...]
    """Of each example: train, validation or test."""
    blank: list[int]
    exact: list[list[int]]
    """Groups of images that are equal in every pixel, blank ones apart."""
    near: list[copies.Pair]
    """Further pairs that are nearly so."""
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
        """Exact groups and near pairs together."""
        return [*self.exact, *([pair.first, pair.second] for pair in self.near)]

    def crossing(self, groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """Groups with a held-out image and one of another part."""
        return [group for group in groups if len({self.parts[i] for i in group}) > 1]

    def contradicting(self, groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """Groups with more than one label."""
        return [group for group in groups if len({int(self.examples.labels[i]) for i in group}) > 1]


def check(folder: Path, images: LabelledImages, *, features: NDArray[np.float32] | None = None) -> dict[str, float]:
    """Look, tell, and write check.json and check.html in `folder`; returns how many of each kind were found.

    features: float32 (n, d), what a pretrained network makes of `everything(images)`, by which labels are judged; pixels when absent.
    """
    found = look(images, features=features)
    warnings = warned(found)
    for line in (*_counted(images), *_left_out(images), sized(images), judged(found), *_told(warnings)):
        print(line)
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_json(folder / "check.json", _json(found, warnings))
    check_page.write(folder / "check.html", found, warnings=warnings, sizes=sized(images), judged=judged(found))
    print(f"report: {folder / 'check.html'}", flush=True)
    groups = found.groups()
    return {
        "n": float(len(found.examples)),
        "skipped": float(len(images.skipped)),
        "blank": float(len(found.blank)),
        "duplicates": float(len(groups)),
        "across_parts": float(len(found.crossing(groups))),
        "contradicting": float(len(found.contradicting(groups))),
        "suspects": float(len(found.suspects.positions)) if found.suspects and found.trusted else 0.0,
    }


def everything(images: LabelledImages) -> Examples:
    """All examples: train, then validation, then test."""
    return folds.joined([images.train, images.validation, images.test])


def leak(images: LabelledImages) -> str | None:
    """One line for a training run when held-out images are equal, pixel for pixel, to training images; None when there are none.

    Costs one pass over the pixels.
    """
    parts = _parts(images)
    groups = [group for group in copies.exact(everything(images)) if len({parts[i] for i in group}) > 1]
    if not groups:
        return None
    number = sum(parts[i] != "train" for group in groups for i in group)
    return f"{number} held-out images are also in another part, pixel for pixel: scores will flatter; see --check"


def look(images: LabelledImages, *, features: NDArray[np.float32] | None = None) -> Findings:
    """Find everything that `check` tells. features as there."""
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
    suspects, accuracy = _judged(examples, chosen, features, classes=len(images.classes))
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


def _judged(
    examples: Examples, chosen: NDArray[np.int64], features: NDArray[np.float32] | None, *, classes: int
) -> tuple[label_errors.Suspects | None, float]:
    """Suspected labels among the chosen examples, and how many labels the model behind them guessed."""
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
    examples = everything(images)
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


def _counted(images: LabelledImages) -> list[str]:
    table = counts(images)
    return [f"{name}: " + ", ".join(f"{part} {row[name]}" for part, row in table.items()) for name in images.classes]


def _left_out(images: LabelledImages) -> list[str]:
    height, width, _ = images.shape
    total = len(images.train) + len(images.validation) + len(images.test)
    lines = [f"left out: {item.name}: {item.reason}" for item in images.skipped]
    return [*lines, f"{total} images of {width}x{height} pixels, {len(images.skipped)} left out"]


def _json(found: Findings, warnings: Sequence[Warned]) -> dict[str, Any]:
    images = found.images
    height, width, _ = images.shape
    suspects = found.suspects
    return {
        "counts": counts(images),
        "height": height,
        "width": width,
        "sizes": sized(images),
        "skipped": [{"name": item.name, "reason": item.reason} for item in images.skipped],
        "warnings": [warning.text for warning in warnings],
        "compared": found.compared,
        "blank": [_entry(found, i) for i in found.blank],
        "exact_duplicates": [[_entry(found, i) for i in group] for group in found.exact],
        "near_duplicates": [
            {"similarity": round(pair.similarity, 4), "images": [_entry(found, pair.first), _entry(found, pair.second)]}
            for pair in found.near
        ],
        "labels_guessed": None if suspects is None else found.accuracy,
        "suspected_labels": []
        if suspects is None or not found.trusted
        else [
            {**_entry(found, int(i)), "suggested": images.classes[other], "margin": round(float(margin), 4)}
            for i, other, margin in zip(suspects.positions, suspects.suggested, suspects.margins, strict=True)
        ],
    }


def _entry(found: Findings, position: int) -> Mapping[str, str]:
    label = found.images.classes[found.examples.labels[position]]
    return {"name": found.examples.name(position), "part": found.parts[position], "label": label}


def _parts(images: LabelledImages) -> tuple[str, ...]:
    return ("train",) * len(images.train) + ("validation",) * len(images.validation) + ("test",) * len(images.test)


def _is_blank(examples: Examples, position: int) -> bool:
    pixels = examples.pool[examples.index[position]]
    return bool(pixels.reshape(-1, pixels.shape[-1]).std(axis=0).max() < BLANK)


def _name(found: Findings, position: int) -> str:
    return f"{found.examples.name(position)} ({found.parts[position]})"


def _names(found: Findings, groups: Sequence[Sequence[int]]) -> list[str]:
    return [" = ".join(_name(found, i) for i in group) for group in groups]


def _told(warnings: Sequence[Warned]) -> Iterator[str]:
    for text, items in warnings:
        yield f"warning: {text}"
        yield from (f"  {item}" for item in items[:LISTED])
        if len(items) > LISTED:
            yield f"  and {len(items) - LISTED} more, all in check.json"


def _times(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"

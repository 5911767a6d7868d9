"""`--check`: what a practitioner looks for in labelled images before training, on the console, in check.json and in check.html."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.classify import check_page, check_warnings
from pipelines.classify.check_warnings import DataWarning
from pipelines.report import check as report_check
from pipelines.report import parts
from vision.checks import findings
from vision.checks.findings import Findings
from vision.datasets import LabelledImages

LISTED = 10
"""Lines of one kind on the console; check.json holds all of them."""


def check(folder: Path, images: LabelledImages, *, features: NDArray[np.float32] | None = None) -> dict[str, float]:
    """Look at the images, report what was found in `folder`, and return how many of each kind there are.

    features: float32 (n, d), what a pretrained network makes of `everything(images)`, by which labels are judged; pixels when absent.
    """
    found = findings.find(images, features=features)
    warnings = check_warnings.warnings(found)
    sentences = [check_warnings.sizes(images), check_warnings.trust(found)]
    check = report_check.Check(
        lines=[*_counted(images), *_left_out(images), *sentences, *_lines(warnings)],
        content=_json(found, warnings),
        title="The data",
        summary=check_page.summary(found),
        sections=check_page.sections(found, warnings, sentences),
    )
    report_check.write(folder, check)
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


def _counted(images: LabelledImages) -> list[str]:
    table = check_warnings.counts(images)
    return [f"{name}: " + ", ".join(f"{part} {row[name]}" for part, row in table.items()) for name in images.classes]


def _left_out(images: LabelledImages) -> list[str]:
    height, width, _ = images.shape
    total = len(images.train) + len(images.validation) + len(images.test)
    lines = [f"left out: {item.name}: {item.reason}" for item in images.skipped]
    return [*lines, f"{total} images of {width}x{height} pixels, {len(images.skipped)} left out"]


def _json(found: Findings, warnings: Sequence[DataWarning]) -> dict[str, Any]:
    images = found.images
    height, width, _ = images.shape
    suspects = found.suspects
    return {
        "counts": check_warnings.counts(images),
        "height": height,
        "width": width,
        "sizes": check_warnings.sizes(images),
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


def _lines(warnings: Sequence[DataWarning]) -> Iterator[str]:
    for text, items in warnings:
        yield f"warning: {text}"
        yield from (f"  {line}" for line in parts.listed(items, LISTED, where="check.json"))

"""The page of --suggest: the images of which the network is least certain."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWN = 60
"""Suggestions in suggest.html; suggest.csv holds all."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One image and the classifier's answer to it."""

    path: Path
    answers: Sequence[tuple[str, float]]
    """Classes and scores, 0 to 1, falling; two at least."""
    complete: bool
    """Whether they are all classes."""

    @property
    def uncertainty(self) -> float:
        """0 (sure) to 1 (two classes are equally likely)."""
        return 1.0 - (self.answers[0][1] - self.answers[1][1])

    @property
    def entropy(self) -> float | None:
        """Of all scores, in nats; None when some are not known."""
        return -sum(p * math.log(p) for _, p in self.answers if p > 0) if self.complete else None

    @property
    def answer(self) -> str:
        """The two likeliest classes with their scores."""
        return ", ".join(f"{name} {score:.3f}" for name, score in self.answers[:2])


def write(
    run_folder: Path,
    ranked: Sequence[Suggestion],
    left_out: Sequence[tuple[str, str]],
    *,
    folder: Path,
    taken: Mapping[str, Any],
) -> None:
    """Write suggest.html in the run folder."""
    from pipelines.report import page, sections

    summary = {"images": str(len(ranked)), "left out": str(len(left_out)), "run": run_folder.name}
    parts = [_gallery(ranked[:SHOWN], taken=taken), sections.skipped(left_out)]
    page.write(run_folder / "suggest.html", title=f"label next: {folder}", summary=summary, sections=parts)


def _gallery(ranked: Sequence[Suggestion], *, taken: Mapping[str, Any]) -> Any:
    from pipelines.report import page, plots

    captions = [f"{one.uncertainty:.3f} {one.path.name}\n{one.answer}" for one in ranked]
    note = (
        '<p class="note">Most uncertain first: 1 where two classes are equally likely, 0 where there is no doubt.</p>'
    )
    thumbnails = [_thumbnail(one.path, taken=taken) for one in ranked]
    return page.Section(title="To label next", body=note + plots.gallery(thumbnails, captions))


def _thumbnail(path: Path, *, taken: Mapping[str, Any]) -> Any:
    """What the network sees (upright, first frame, cut where it cuts), uint8 (h, w, 3), not larger than the page shows it.

    taken: `input` of the bundle's model.json.
    """
    import cv2
    import tensorflow as tf

    from pipelines.report import plots
    from serving import draw
    from vision import decoding

    image = decoding.decode(tf.constant(path.read_bytes())).numpy()
    if taken.get("resize") == "crop":  # not said by bundles of earlier versions, which stretch
        image = draw.central(image, height=taken["height"], width=taken["width"])
    shrink = min(1.0, plots.TILE / max(image.shape[:2]))
    size = [max(1, round(shrink * side)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

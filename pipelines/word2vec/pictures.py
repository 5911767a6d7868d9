"""Pictures of words for the report: a map of words, and Zipf's law.

Words come from the user's text: they are escaped and set by the browser, whose fonts know more scripts than matplotlib's.
"""

import html
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.report import plots

GROUPS = ("#4c72b0", "#c44e52", "#55a868", "#8172b3", "#b5761f", "#0e8a8a", "#d6478f", "#6b6f76")
"""Colours on the map of words, dark enough for letters; further groups begin again."""
MAP_WIDTH, MAP_HEIGHT, FONT = 920, 640, 13
"""Of the map of words, in CSS pixels; its height at most."""
GAP = 4
"""Pixels between words side by side."""
LONGEST_LABEL = 24
"""Characters of a word that the map shows."""
ZIPF_POINTS = 400
"""Ranks that the frequency plot draws, evenly spread on its logarithmic axis."""


def zipf(counts: NDArray[np.int64], *, min_count: int) -> str:
    """How often each word occurs against its rank, both axes logarithmic, with the count below which words are left out.

    counts: int64 (words,), falling, at least one; those of the words that are left out too where they are known.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    ranks = np.unique(np.geomspace(1, len(counts), ZIPF_POINTS).round().astype(np.int64))
    axes.loglog(ranks, counts[ranks - 1], ".", color=plots.TRAIN, markersize=4, label="words")
    axes.loglog(ranks, counts[0] / ranks, ":", color=plots.QUIET, linewidth=1, label="Zipf's law, 1 / rank")
    axes.set_ylim(bottom=0.7, top=counts[0] * 2)
    axes.axhline(min_count, color=plots.HELD_OUT, linewidth=1, label=f"--min-count {min_count}")
    axes.set(xlabel="rank of the word", ylabel="how often it occurs")
    axes.legend(frameon=False, fontsize=8)
    plots.plain(axes)
    counted = ", ".join(f"rank {rank}: {counts[rank - 1]}" for rank in 10 ** np.arange(7) if rank <= len(counts))
    return plots.picture(figure, alt=f"Word frequency by rank: {counted}; min-count {min_count}.")


def scatter(points: NDArray[np.floating], words: Sequence[str], *, groups: Sequence[int] | None = None) -> str:
    """A map of words as SVG; where labels would lie on each other, the later word keeps its dot and shows its name when pointed at.

    points: float (n, 2), any unit, equal on both axes; words: n, the most important first; groups: n, words of one have one colour.
    """
    places, height = _fitted(points)
    labels = _labels(places, words)
    colours = [GROUPS[group % len(GROUPS)] for group in groups or [0] * len(words)]
    drawn = "".join(map(_dot, places, words, labels, colours))
    title = html.escape(f"Map of {len(words)} words: {', '.join(words[:20])}")
    return (
        f'<div class="wide"><svg viewBox="0 0 {MAP_WIDTH} {height:.0f}" role="img" aria-label="{title}" '
        f'style="display:block;width:100%;min-width:640px;height:auto;font-size:{FONT}px">{drawn}</svg></div>'
    )


class _Label(NamedTuple):
    """Where a word stands."""

    text: str
    anchor: str
    """SVG's name of the point that x is: start, middle or end."""
    x: float
    y: float
    """Of the middle of the letters."""
    left: float
    width: float
    """Of the box that the letters take, roughly."""

    def covers(self, other: "_Label") -> bool:
        apart = self.left + self.width + GAP < other.left or other.left + other.width + GAP < self.left
        return not apart and abs(self.y - other.y) < FONT

    def hides(self, dot: tuple[float, float]) -> bool:
        return self.left - 2 < dot[0] < self.left + self.width + 2 and abs(self.y - dot[1]) < FONT / 2 + 2


def _fitted(points: NDArray[np.floating]) -> tuple[list[tuple[float, float]], float]:
    """The points as (x, y) in the picture, the same scale on both axes, and its height; with room for the labels at the rim."""
    if not len(points):
        return [], FONT
    rim = np.array([80, 24])
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([MAP_WIDTH, MAP_HEIGHT]) - 2 * rim
    scale = float((room / np.maximum(high - low, 1e-9)).min()) if (high > low).any() else 1.0
    height = float((high[1] - low[1]) * scale + 2 * rim[1])
    centre = np.array([MAP_WIDTH, height]) / 2
    placed = (points - (low + high) / 2) * scale * [1, -1] + centre
    return [(float(x), float(y)) for x, y in placed], height


def _labels(places: Sequence[tuple[float, float]], words: Sequence[str]) -> list[_Label | None]:
    """Greedy: each word takes the free side of its dot that hides the fewest other dots, or none."""
    taken: list[_Label] = []
    found: list[_Label | None] = []
    for place, word in zip(places, words, strict=True):
        sides = sorted(_sides(place, word), key=lambda label: sum(map(label.hides, places)))
        free = next((label for label in sides if not any(map(label.covers, taken))), None)
        taken += [free] if free is not None else []
        found.append(free)
    return found


def _sides(place: tuple[float, float], word: str) -> list[_Label]:
    """Right, left, above and below of the dot, where that is inside the picture."""
    x, y = place
    text = word if len(word) <= LONGEST_LABEL else word[: LONGEST_LABEL - 1] + "…"
    width = _width(text)
    sides = [
        _Label(text, "start", x + 6, y, x + 6, width),
        _Label(text, "end", x - 6, y, x - 6 - width, width),
        _Label(text, "middle", x, y - 11, x - width / 2, width),
        _Label(text, "middle", x, y + 12, x - width / 2, width),
    ]
    return [label for label in sides if 0 <= label.left <= MAP_WIDTH - width]


def _width(text: str) -> float:
    """Roughly, in pixels; letters of East Asian scripts are square."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return FONT * (0.58 * (len(text) - wide) + 1.0 * wide)


def _dot(place: tuple[float, float], word: str, label: _Label | None, colour: str) -> str:
    name = html.escape(word)
    dot = (
        f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{3.5 if label else 2.5}" fill="{colour}"'
        f' opacity="{1 if label else 0.45}"><title>{name}</title></circle>'
    )
    if label is None:
        return dot
    return dot + (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" text-anchor="{label.anchor}" dominant-baseline="central" '
        f'fill="{colour}">{html.escape(label.text)}</text>'
    )

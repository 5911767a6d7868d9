"""pipelines.word2vec.pictures: numbers and words arrive, words are escaped, labels keep apart."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.word2vec import pictures
from pipelines.word2vec.pictures import MAP_HEIGHT, MAP_WIDTH


def _alt(picture: str) -> str:
    found = re.search(r'alt="([^"]*)"', picture)
    assert found
    return found[1]


def test_zipf_draws_some_ranks_of_many() -> None:
    counts = (1e6 / np.arange(1, 50_001)).astype(np.int64)
    picture = pictures.zipf(counts, min_count=20)
    assert _alt(picture) == (
        "Word frequency by rank: rank 1: 1000000, rank 10: 100000, rank 100: 10000, rank 1000: 1000, rank 10000: 100; min-count 20."
    )
    assert len(picture) < 200_000
    assert "rank 1: 7; min-count 5" in pictures.zipf(np.array([7]), min_count=5)


def _map(
    points: NDArray[np.floating], words: Sequence[str], groups: Sequence[int] | None = None
) -> ElementTree.Element:
    body = pictures.scatter(points, words, groups=groups)
    found = re.search(r"<svg.*</svg>", body)
    assert found
    return ElementTree.fromstring(found[0])


def test_the_map_keeps_the_shape_of_the_points() -> None:
    points = np.array([[0.0, 0], [4, 0], [4, 2]])
    root = _map(points, ["a", "b", "c"])
    at = np.array([[float(dot.get(axis, "nan")) for axis in ("cx", "cy")] for dot in root.iter("circle")])
    assert at[1, 0] - at[0, 0] == pytest.approx(2 * (at[1, 1] - at[2, 1]), abs=0.2)
    assert at[2, 1] < at[1, 1]  # up is up
    _, _, width, height = map(float, root.get("viewBox", "").split())
    assert width == MAP_WIDTH
    assert height <= MAP_HEIGHT
    assert (at > 0).all()
    assert (at < [width, height]).all()


def test_words_on_the_map_are_escaped_and_in_any_script() -> None:
    words = ["<script>", 'a"&b', "日本", "x" * 60]
    root = _map(np.random.default_rng(0).normal(size=(4, 2)), words)
    assert [title.text for title in root.iter("title")] == words
    assert [text.text for text in root.iter("text")] == [*words[:3], "x" * 23 + "…"]


def test_labels_do_not_cover_each_other() -> None:
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(150)]
    root = _map(rng.normal(size=(150, 2)) * 0.2, words)
    assert len(list(root.iter("circle"))) == 150
    boxes = []
    for text in root.iter("text"):
        width = 13 * 0.58 * len(text.text or "")
        left = (
            float(text.get("x", "nan")) - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor", "")]
        )
        assert 0 <= left <= MAP_WIDTH - width
        boxes.append((left, float(text.get("y", "nan")), width))
    assert 40 < len(boxes) < 150
    for place, (left, y, width) in enumerate(boxes):
        for other, other_y, other_width in boxes[:place]:
            assert abs(y - other_y) >= 12.8 or left + width <= other + 0.2 or other + other_width <= left + 0.2


def test_a_map_of_one_place_and_of_nothing() -> None:
    assert len(list(_map(np.zeros((3, 2)), ["a", "b", "c"]).iter("circle"))) == 3
    assert list(_map(np.zeros((0, 2)), [])) == []


def test_groups_have_colours() -> None:
    root = _map(np.eye(3)[:, :2], ["a", "b", "c"], groups=[0, 8, 1])
    assert [dot.get("fill") for dot in root.iter("circle")] == [pictures.GROUPS[i] for i in (0, 0, 1)]

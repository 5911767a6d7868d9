"""Phrases: found, scored by gensim's formula, joined in the text, and never made of a word that holds an underscore already."""

import itertools
from pathlib import Path

import pytest

from nlp.embeddings import phrases

LINES = ["i live in new york city now", "you saw new york city then", "she left new york city early", "he is new here"]


def _text(folder: Path, lines: list[str]) -> Path:
    path = folder / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_pair_is_joined_counted_and_scored(tmp_path: Path) -> None:
    target = tmp_path / "joined.txt"
    found = phrases.join(_text(tmp_path, LINES), target, min_count=1, threshold=3)
    words = [line.split() for line in LINES]
    kinds = {word for line in words for word in line} | {pair for line in words for pair in itertools.pairwise(line)}
    assert [(phrase.text, phrase.count) for phrase in found] == [("york_city", 3), ("new_york", 3)]
    assert [phrase.score for phrase in found] == pytest.approx(
        [(3 - 1) / (3 * 3) * len(kinds), (3 - 1) / (4 * 3) * len(kinds)]
    )
    assert target.read_text(encoding="utf-8").splitlines()[0] == "i live in new_york city now"


def test_two_passes_join_three_words(tmp_path: Path) -> None:
    target = tmp_path / "joined.txt"
    found = phrases.join(_text(tmp_path, LINES), target, passes=2, min_count=1, threshold=3)
    assert "new_york_city" in {phrase.text for phrase in found}
    assert target.read_text(encoding="utf-8").splitlines() == [
        "i live in new_york_city now",
        "you saw new_york_city then",
        "she left new_york_city early",
        "he is new here",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["joined.txt", "text.txt"]


def test_words_with_an_underscore_are_no_phrases(tmp_path: Path) -> None:
    found = phrases.join(
        _text(tmp_path, ["snake_case is one word"] * 3 + ["snake here", "case there"]),
        tmp_path / "joined.txt",
        min_count=10,
        threshold=1,
    )
    assert found == []


def test_nothing_found_leaves_the_text(tmp_path: Path) -> None:
    text = _text(tmp_path, LINES)
    assert phrases.join(text, tmp_path / "same.txt", threshold=1e9) == []
    assert (tmp_path / "same.txt").read_text(encoding="utf-8") == text.read_text(encoding="utf-8")


def test_bad_input_an_empty_text_has_no_phrases(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("", encoding="utf-8")
    assert phrases.join(text, tmp_path / "same.txt", passes=2) == []
    assert (tmp_path / "same.txt").read_bytes() == b""

"""pipelines.classify.check: everything planted into the digits is found, named and counted, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.classify import check
from vision.checks import copies
from vision.datasets import LabelledImages, Skipped
from vision.datasets.reading import read_labelled

BLANK, COPY, LEAK, RELABELLED = 10, 20, 30, 40
"""Positions in train that are made blank, equal to their successor, equal to a test image, and equal to one with another label."""


@pytest.fixture(scope="module")
def clean() -> LabelledImages:
    return read_labelled("digits", size=None, seed=0, most=900)


@pytest.fixture(scope="module")
def planted(clean: LabelledImages) -> LabelledImages:
    """The digits with one mistake of each kind, in train."""
    pool, labels = clean.train.pool.copy(), clean.train.labels.copy()
    train, test = clean.train.index, clean.test.index
    pool[train[BLANK]] = 77
    pool[train[COPY]] = pool[train[COPY + 1]]
    labels[COPY] = labels[COPY + 1]
    pool[train[LEAK]] = pool[test[3]]
    labels[LEAK] = clean.test.labels[3]
    pool[train[RELABELLED]] = pool[train[RELABELLED + 1]]
    labels[RELABELLED] = (labels[RELABELLED + 1] + 1) % 10
    parts = [replace(part, pool=pool) for part in (clean.train, clean.validation, clean.test)]
    return replace(
        clean,
        train=replace(parts[0], labels=labels),
        validation=parts[1],
        test=parts[2],
        skipped=(Skipped("a<b>.jpg", "zero bytes"),),
    )


def test_everything_planted_is_found(
    planted: LabelledImages, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "SIMILARITY", 1.1)  # some digits of 8x8 pixels are near copies indeed
    counts = check.check(tmp_path / "new" / "check", planted)
    said = capsys.readouterr().out
    name = planted.train.name
    assert counts["n"] == len(planted.train) + len(planted.validation) + len(planted.test)
    assert (counts["skipped"], counts["blank"], counts["contradicting"], counts["across_parts"]) == (1, 1, 1, 1)
    assert counts["duplicates"] == 3
    assert "left out: a<b>.jpg: zero bytes\n" in said
    assert "sizes: all 8x8 pixels, used as 8x8\n" in said
    told = "1 image is in more than one part: scores will flatter\n"
    assert f"warning: {told}  {name(LEAK)} (train) = {planted.test.name(3)} (test)\n" in said
    again = f"  {name(RELABELLED)} (train) = {name(RELABELLED + 1)} (train)\n"
    assert f"warning: 1 image occurs again with another label\n{again}" in said
    assert f"warning: 1 image is of one colour\n  {name(BLANK)} (train)\n" in said
    assert "warning: 2 images occur more than once (or nearly so) in one part\n" in said
    found = json.loads((tmp_path / "new" / "check" / "check.json").read_text(encoding="utf-8"))
    assert found["skipped"] == [{"name": "a<b>.jpg", "reason": "zero bytes"}]
    assert len(found["exact_duplicates"]) == 3
    assert found["blank"] == [
        {"name": name(BLANK), "part": "train", "label": planted.classes[planted.train.labels[BLANK]]}
    ]
    assert sum(sum(row.values()) for row in found["counts"].values()) == counts["n"]
    assert 0.85 < found["labels_guessed"] < 1
    page = (tmp_path / "new" / "check" / "check.html").read_text(encoding="utf-8")
    assert "a&lt;b&gt;.jpg" in page
    assert "Copies (3)" in page

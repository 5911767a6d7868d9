"""pipelines.classify_check: everything planted into the digits is found, named and counted, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines import classify_check
from vision import copies
from vision.datasets import Examples, LabelledImages, Skipped, read_labelled

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
    counts = classify_check.check(tmp_path / "new" / "check", planted)
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
    assert f"warning: 1 image is there again, or nearly, with another label\n{again}" in said
    assert f"warning: 1 image is of one colour\n  {name(BLANK)} (train)\n" in said
    assert "warning: 2 images are there more than once, or nearly, in one part\n" in said
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


def test_planted_labels_come_first(clean: LabelledImages) -> None:
    rng = np.random.default_rng(1)
    changed = rng.choice(len(clean.train), 16, replace=False)
    labels = clean.train.labels.copy()
    labels[changed] = (labels[changed] + rng.integers(1, 10, 16)) % 10
    found = classify_check.look(replace(clean, train=replace(clean.train, labels=labels)))
    assert found.suspects is not None
    assert found.trusted
    assert np.isin(found.suspects.positions[:8], changed).sum() >= 7
    first = int(found.suspects.positions[0])
    words = classify_check.describe(found, 0)
    assert words.startswith(f"{clean.train.name(first)} (train) is labelled '{labels[first]}', looks like '")
    (warned,) = [warning for warning in classify_check.warned(found) if "suspected to be wrong" in warning.text]
    assert warned.items[0] == words


def test_features_judge_instead_of_pixels(clean: LabelledImages) -> None:
    everything = classify_check.everything(clean)
    features = np.eye(10, dtype=np.float32)[everything.labels]
    found = classify_check.look(clean, features=features)
    assert found.accuracy == 1.0
    noise = np.random.default_rng(0).normal(size=(len(everything), 4)).astype(np.float32)
    blind = classify_check.look(clean, features=noise)
    assert not blind.trusted
    assert "too few for its doubts to mean much" in classify_check.judged(blind)
    assert not any("suspected" in warning.text for warning in classify_check.warned(blind))


def _made(counts: tuple[int, ...]) -> LabelledImages:
    """Noise; the first 60 % of each class train, and so on."""
    labels = np.concatenate([np.full(count, number) for number, count in enumerate(counts)])
    pool = np.random.default_rng(0).integers(0, 256, (len(labels), 9, 9, 3)).astype(np.uint8)
    parts = [np.arange(len(labels))[start::3] for start in range(3)]
    whole = Examples(pool=pool, index=np.arange(len(labels)), labels=labels, names=tuple(map(str, range(len(labels)))))
    train, validation, test = (whole.take(part) for part in parts)
    sizes = np.stack([np.arange(len(labels)) + 10, np.full(len(labels), 20)], 1)
    classes = tuple(f"c{number}" for number in range(len(counts)))
    return LabelledImages(classes=classes, train=train, validation=validation, test=test, sizes=sizes)


def test_imbalance_and_classes_too_small_to_be_judged() -> None:
    found = classify_check.look(_made((2, 40)))
    assert found.suspects is None
    assert classify_check.judged(found) == "labels: not judged, a class has fewer than 3 images"
    (warned,) = classify_check.warned(found)
    assert warned.text.startswith("class 'c1' has 40 images and 'c0' 2; accuracy will say little about the small one")
    assert not classify_check.warned(classify_check.look(_made((5, 45))))


def test_sizes_in_words() -> None:
    # Heights 10 to 51, all 20 wide: the smallest area is 20x10, the 22nd of 42 is 20x31, the 22nd ratio 20/30.
    assert classify_check.sized(_made((20, 22))) == (
        "sizes: smallest 20x10, median 20x31, largest 20x51 pixels; width to height 0.39, 0.67, 2.00 "
        "(lowest, median, highest); all become 9x9"
    )
    assert classify_check.sized(replace(_made((20, 22)), sizes=None)) == "all images are 9x9 pixels"


def test_near_copies_across_parts_have_a_line_of_their_own(clean: LabelledImages) -> None:
    pool = clean.train.pool.copy()
    copied = (pool[clean.train.index[5]] * 0.9 + 5).astype(np.uint8)
    pool[clean.test.index[0]] = copied
    parts = [replace(part, pool=pool) for part in (clean.train, clean.validation, clean.test)]
    found = classify_check.look(replace(clean, train=parts[0], validation=parts[1], test=parts[2]))
    place = len(clean.train) + len(clean.validation)
    assert (5, place) in {(pair.first, pair.second) for pair in found.near}
    (warned,) = [warning for warning in classify_check.warned(found) if "another part" in warning.text]
    assert warned.text.endswith("nearly the same as one of another part: scores will flatter if these are copies")
    assert f"{clean.train.name(5)} (train) = {clean.test.name(0)} (test)" in warned.items
    assert not any("in more than one part" in warning.text for warning in classify_check.warned(found))


def test_leak(clean: LabelledImages, planted: LabelledImages) -> None:
    assert classify_check.leak(clean) is None
    assert classify_check.leak(planted) == (
        "1 held-out images are also in another part, pixel for pixel: scores will flatter; see --check"
    )


def test_large_sets_are_sampled(clean: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classify_check, "COMPARED", 300)
    found = classify_check.look(clean)
    assert found.compared == 300
    assert "of 300" in classify_check.judged(found)

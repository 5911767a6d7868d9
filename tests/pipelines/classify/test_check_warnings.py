"""pipelines.classify.check_warnings: what --check found, in sentences."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.classify import check_warnings
from tests.vision.checks import planted
from vision.checks import findings
from vision.datasets import Examples, LabelledImages


@pytest.fixture(scope="module")
def clean() -> LabelledImages:
    return planted.clean()


def test_planted_labels_come_first(clean: LabelledImages) -> None:
    rng = np.random.default_rng(1)
    changed = rng.choice(len(clean.train), 16, replace=False)
    labels = clean.train.labels.copy()
    labels[changed] = (labels[changed] + rng.integers(1, 10, 16)) % 10
    found = findings.find(replace(clean, train=replace(clean.train, labels=labels)))
    assert found.suspects is not None
    assert found.trusted
    assert np.isin(found.suspects.positions[:8], changed).sum() >= 7
    first = int(found.suspects.positions[0])
    words = check_warnings.describe(found, 0)
    assert words.startswith(f"{clean.train.name(first)} (train) is labelled '{labels[first]}', looks like '")
    (warned,) = [warning for warning in check_warnings.warnings(found) if "suspected to be wrong" in warning.text]
    assert warned.items[0] == words


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
    found = findings.find(_made((2, 40)))
    assert found.suspects is None
    assert check_warnings.trust(found) == "labels: not checked: a class has fewer than 3 images"
    (warned,) = check_warnings.warnings(found)
    assert warned.text.startswith("class 'c1' has 40 images and 'c0' 2; accuracy will say little about the small one")
    assert not check_warnings.warnings(findings.find(_made((5, 45))))


def test_sizes_in_words() -> None:
    # Heights 10 to 51, all 20 wide: the smallest area is 20x10, the 22nd of 42 is 20x31, the 22nd ratio 20/30.
    assert check_warnings.sizes(_made((20, 22))) == (
        "sizes: smallest 20x10, median 20x31, largest 20x51 pixels; width to height 0.39, 0.67, 2.00 "
        "(lowest, median, highest); all become 9x9"
    )
    assert check_warnings.sizes(replace(_made((20, 22)), sizes=None)) == "all images are 9x9 pixels"


def test_near_copies_across_parts_have_a_line_of_their_own(clean: LabelledImages) -> None:
    pool = clean.train.pool.copy()
    copied = (pool[clean.train.index[5]] * 0.9 + 5).astype(np.uint8)
    pool[clean.test.index[0]] = copied
    parts = [replace(part, pool=pool) for part in (clean.train, clean.validation, clean.test)]
    found = findings.find(replace(clean, train=parts[0], validation=parts[1], test=parts[2]))
    place = len(clean.train) + len(clean.validation)
    assert (5, place) in {(pair.first, pair.second) for pair in found.near}
    (warned,) = [warning for warning in check_warnings.warnings(found) if "another part" in warning.text]
    assert warned.text.endswith("nearly the same as one of another part: scores will flatter if these are copies")
    assert f"{clean.train.name(5)} (train) = {clean.test.name(0)} (test)" in warned.items
    assert not any("in more than one part" in warning.text for warning in check_warnings.warnings(found))


def test_doubts_of_a_model_that_sees_too_little_are_not_passed_on(clean: LabelledImages) -> None:
    noise = np.random.default_rng(0).normal(size=(len(findings.everything(clean)), 4)).astype(np.float32)
    blind = findings.find(clean, features=noise)
    assert "too few for its doubts to mean much" in check_warnings.trust(blind)
    assert not any("suspected" in warning.text for warning in check_warnings.warnings(blind))


def test_trust_names_how_many_were_looked_at(clean: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "COMPARED", 300)
    assert "of 300" in check_warnings.trust(findings.find(clean))

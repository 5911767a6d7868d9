"""vision.checks.findings: everything that --check finds in labelled images."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.classify import check_warnings
from vision.checks import findings
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


def test_features_judge_instead_of_pixels(clean: LabelledImages) -> None:
    everything = findings.everything(clean)
    features = np.eye(10, dtype=np.float32)[everything.labels]
    found = findings.look(clean, features=features)
    assert found.accuracy == 1.0
    noise = np.random.default_rng(0).normal(size=(len(everything), 4)).astype(np.float32)
    blind = findings.look(clean, features=noise)
    assert not blind.trusted
    assert "too few for its doubts to mean much" in check_warnings.trust(blind)
    assert not any("suspected" in warning.text for warning in check_warnings.warnings(blind))


def test_leak(clean: LabelledImages, planted: LabelledImages) -> None:
    assert findings.leak(clean) is None
    assert findings.leak(planted) == (
        "1 held-out images are also in another part, pixel for pixel: scores will flatter; see --check"
    )


def test_large_sets_are_sampled(clean: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "COMPARED", 300)
    found = findings.look(clean)
    assert found.compared == 300
    assert "of 300" in check_warnings.trust(found)

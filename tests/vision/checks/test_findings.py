"""vision.checks.findings: everything that --check finds in labelled images."""

import numpy as np
import pytest

from tests.vision.checks import planted
from tests.vision.checks.planted import BLANK, COPY, LEAK, LEAKED, RELABELLED
from vision.checks import copies, findings
from vision.datasets import LabelledImages


@pytest.fixture(scope="module")
def clean() -> LabelledImages:
    return planted.clean()


@pytest.fixture(scope="module")
def mistakes(clean: LabelledImages) -> LabelledImages:
    return planted.mistakes(clean)


def test_everything_planted_is_found(mistakes: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "SIMILARITY", 1.1)  # some digits of 8x8 pixels are near copies indeed
    found = findings.find(mistakes)
    leaked = len(mistakes.train) + len(mistakes.validation) + LEAKED
    assert found.blank == [BLANK]
    assert found.exact == [[COPY, COPY + 1], [LEAK, leaked], [RELABELLED, RELABELLED + 1]]
    assert found.groups() == found.exact
    assert found.crossing(found.exact) == [[LEAK, leaked]]
    assert found.contradicting(found.exact) == [[RELABELLED, RELABELLED + 1]]
    assert found.trusted
    assert 0.85 < found.accuracy < 1


def test_features_are_looked_at_instead_of_pixels(clean: LabelledImages) -> None:
    everything = findings.everything(clean)
    assert findings.find(clean, features=np.eye(10, dtype=np.float32)[everything.labels]).accuracy == 1.0
    noise = np.random.default_rng(0).normal(size=(len(everything), 4)).astype(np.float32)
    assert not findings.find(clean, features=noise).trusted


def test_leak(clean: LabelledImages, mistakes: LabelledImages) -> None:
    assert findings.leak(clean) is None
    assert findings.leak(mistakes) == (
        "1 held-out images are also in another part, pixel for pixel: scores will flatter; see --check"
    )


def test_large_sets_are_sampled(clean: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "COMPARED", 300)
    found = findings.find(clean)
    assert found.compared == 300
    assert found.suspects is not None
    assert found.suspects.joint.sum() <= 300

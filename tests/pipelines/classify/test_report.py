"""The classifier's report: counts against NumPy, every section filled from what the run has, nothing left out of the left out."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipelines.classify import report
from pipelines.classify import sections as classify_sections
from pipelines.classify.config import Config
from pipelines.classify.evaluation import Evaluated
from pipelines.classify.report import Evidence
from pipelines.classify.training import Trained
from vision import classifiers
from vision.augment.options import Augmentation
from vision.datasets import Examples, LabelledImages, Skipped, batches
from vision.metrics import classification

CLASSES = ("zero", "o<n>e", "zwölf")
SKIPPED = (Skipped("photos/zero/a & b.jpg", "zero bytes"), Skipped("photos/zero/c.jpg", "truncated JPEG"))


def _part(labels: Sequence[int], *, start: int, pool: np.ndarray) -> Examples:
    index = np.arange(start, start + len(labels))
    names = tuple(f"array[{row}]" for row in range(len(pool)))
    return Examples(pool=pool, index=index, labels=np.array(labels), names=names)


@pytest.fixture(scope="module")
def images() -> LabelledImages:
    """20 images of 8 x 10 pixels; the last class is not among the test images."""
    pool = np.random.default_rng(0).integers(0, 256, (20, 8, 10, 1)).astype(np.uint8)
    return LabelledImages(
        classes=CLASSES,
        train=_part([0] * 5 + [1] * 5 + [2] * 3, start=0, pool=pool),
        validation=_part([0, 1, 2], start=13, pool=pool),
        test=_part([0, 0, 0, 1], start=16, pool=pool),
        skipped=SKIPPED,
    )


@pytest.fixture(scope="module")
def evidence(images: LabelledImages) -> Evidence:
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.2, 0.2], [0.7, 0.2, 0.1]], np.float32)
    row = {"loss": 0.9, "accuracy": 0.6, "val_loss": 1.0, "val_accuracy": 0.5, "learning_rate": 0.1, "seconds": 1.0}
    trained = Trained(
        data=images,
        model=classifiers.build("lenet", images.shape, classes=3, seed=0),
        rows=[{"epoch": 1.0, **row}, {"epoch": 2.0, **row}],
        probabilities=probabilities,
    )
    scores = classification.scores(probabilities, images.test.labels)
    config = Config(augment=Augmentation(shift=0))
    return Evidence(config=config, evaluated=Evaluated(trained=trained, scores=scores), parity=None)


def _sections(evidence: Evidence) -> dict[str, str]:
    """Title to body."""
    return {section.title: section.body for section in report.sections(evidence) if section is not None}


def _with(evidence: Evidence, trained: Trained) -> Evidence:
    """The same of another training."""
    return replace(evidence, evaluated=replace(evidence.evaluated, trained=trained))


def test_the_sections(evidence: Evidence) -> None:
    parts = _sections(evidence)
    assert [re.sub(r" \(.*", "", title) for title in parts] == [
        "What the curves say",
        "Curves",
        "Confusion matrix",
        "Per class",
        "Reliability",
        "Most confident mistakes",
        "What the network looked at",
        "Augmented inputs",
        "Gradient norm by layer",
        "Dead units",
    ]
    # Two of four right; the surest mistake comes first.
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", parts["Most confident mistakes"], re.DOTALL)
    assert [html.unescape(caption) for caption in captions] == [
        "is zero\nsaid o<n>e (0.800)",
        "is o<n>e\nsaid zero (0.700)",
    ]
    assert parts["Augmented inputs"].count("<figure") == report.SHOWN
    for layer in ("conv1", "conv2", "fc1", "fc2", "logits"):
        assert layer in parts["Gradient norm by layer"]


def test_the_summary(evidence: Evidence) -> None:
    # Each layer as (inputs + 1) x outputs; two poolings leave 2 x 3 of 8 x 10 pixels.
    parameters = 6 * (75 + 1) + 16 * (150 + 1) + 120 * (16 * 2 * 3 + 1) + 84 * 121 + 3 * 85
    log_loss = -np.mean(np.log([0.9, 0.2, 0.6, 0.2]))
    assert report.summary(evidence) == {
        "accuracy": "0.5000",
        "held-out images": "4",
        "log loss": f"{log_loss:.4f}",
        "classes": "3",
        "training images": "13",
        "network": f"lenet, {parameters:,} parameters",
        "epochs": "2",
        "left out": "2",
    }


def test_forms_for_phones_are_shown_when_there_are_some(evidence: Evidence) -> None:
    likeness = {"agreement": 1.0, "max_abs_delta": 1e-7, "milliseconds": 1.0}
    form = {"file": "model.tflite", "bytes": 2048, "scores": {"accuracy": 0.5}, **likeness}
    parity = {"forms": {"float32": form}, "reference": {"name": "Keras model", "scores": {"accuracy": 0.5}}, "n": 4}
    parts = _sections(replace(evidence, parity=parity))
    assert "model.tflite" in parts["Forms for phones"]


def test_the_augmented_inputs_are_the_first_ones_that_training_saw(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[np.ndarray] = []
    augmented = classify_sections.augmented

    def recorded(given: Sequence[np.ndarray], captions: Sequence[str]) -> object:
        shown.extend(given)
        return augmented(given, captions)

    monkeypatch.setattr(classify_sections, "augmented", recorded)
    moved = Augmentation(flip=True, shift=0.25)
    report.sections(replace(evidence, config=Config(augment=moved, seed=4)))
    stream = batches.training(evidence.images.train, range(5), classes=3, batch_size=13, seed=4, augmentation=moved)
    seen, _ = next(stream.as_numpy_iterator())
    np.testing.assert_array_equal(np.stack(shown), seen[: report.SHOWN])


def test_captions_of_mixed_images_name_both_classes_with_their_shares() -> None:
    def caption(*shares: float) -> str:
        return report._shares(np.array(shares, np.float32), ("ant", "bee", "fly"))

    assert caption(0, 1, 0) == "bee"
    assert caption(0.25, 0, 0.75) == "75% fly + 25% ant"


def test_the_baseline_has_a_report_without_a_network(evidence: Evidence) -> None:
    baseline = _with(evidence, Trained(data=evidence.images, model=None, probabilities=evidence.trained.probabilities))
    parts = _sections(baseline)
    assert (
        not {"What the curves say", "Curves", "Augmented inputs", "What the network looked at", "Dead units"}
        & parts.keys()
    )
    assert report.summary(baseline)["network"] == "nearest neighbours"


def test_labels_that_the_folds_contradict_are_shown(evidence: Evidence) -> None:
    train = evidence.images.train
    answers = np.eye(3, dtype=np.float32)[train.labels] * 0.9 + 0.03
    answers[1] = [0.02, 0.03, 0.95]  # labelled as the first class
    parts = _sections(_with(evidence, replace(evidence.trained, out_of_fold=(train, answers))))
    assert "1 training images whose label" in parts["Suspected label errors"]
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", parts["Suspected label errors"], re.DOTALL)
    assert [html.unescape(caption) for caption in captions] == ["array[1]\nlabel zero\nseems zwölf (+0.93)"]

"""The .tflite files in MediaPipe Tasks, which phones run: it opens each unmodified and answers as LiteRT does, with label names."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from serving import litert
from serving.litert import classifier
from tests.serving import colours, mediapipe_tasks, networks
from tests.serving.mediapipe_tasks import Answers

pytestmark = mediapipe_tasks.NEEDED

TOLERANCE = {"float32": 1e-5, "float16": 1e-5, "int8": 0.02}
"""Largest difference of a score between MediaPipe and our interpreter, which run the same file: other LiteRT builds may round
an int8 activation to the neighbouring step."""


class Mobile(NamedTuple):
    """A mobile/ folder, images of the model's size, and the labels."""

    folder: Path
    images: np.ndarray
    labels: list[str]

    @property
    def files(self) -> list[Path]:
        return [self.folder / name for name in litert.FORMS.values()]

    def answers(self, **options: Any) -> list[Answers]:
        saved = mediapipe_tasks.save(self.folder.parent / "images.npz", self.images)
        return mediapipe_tasks.classify(self.files, saved, **options)

    def expected(self, form: str) -> np.ndarray:
        """float32 (n, classes), what our interpreter says."""
        interpreter = classifier.Interpreter(self.folder / litert.FORMS[form])
        return np.stack([interpreter.run(image) for image in self.images])


@pytest.fixture(scope="module")
def mobile(colour_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Mobile:
    """mobile/ of the colour classifier."""
    copy = shutil.copytree(colour_run / "mobile", tmp_path_factory.mktemp("run") / "mobile")
    return Mobile(copy, colours.images(6)[0], colours.LABELS)


def check(mobile: Mobile) -> None:
    """Every form names every class of every image with our score, best first."""
    for form, found in zip(litert.FORMS, mobile.answers(), strict=True):
        expected = mobile.expected(form)
        assert len(found) == len(mobile.images) >= 6
        for categories, scores in zip(found, expected, strict=True):
            assert {line.number: line.name for line in categories} == dict(enumerate(mobile.labels))
            given = np.array([line.score for line in categories])
            assert (np.diff(given) <= 0).all()
            np.testing.assert_allclose(given, scores[[line.number for line in categories]], atol=TOLERANCE[form])


def test_mediapipe_answers_as_litert_with_label_names(mobile: Mobile) -> None:
    check(mobile)


def test_a_trained_network_names_held_out_digits(tmp_path: Path) -> None:
    trained = networks.digits(tmp_path / "1")
    classifier.convert(trained.bundle, tmp_path / "mobile", calibration=trained.calibration, held_out=trained.held_out)
    mobile = Mobile(tmp_path / "mobile", np.asarray(trained.held_out.images)[:40], trained.labels)
    check(mobile)
    for answers in mobile.answers(max_results=1):
        named = [trained.labels.index(categories[0].name) for categories in answers]
        assert np.mean(named == trained.held_out.truth[:40]) > 0.8


def test_a_pretrained_backbone_names_held_out_photographs(tmp_path: Path, real_data: Path) -> None:
    trained = networks.photos(tmp_path / "1", real_data)
    classifier.convert(trained.bundle, tmp_path / "mobile", calibration=trained.calibration, held_out=trained.held_out)
    check(Mobile(tmp_path / "mobile", np.asarray(trained.held_out.images)[::6], trained.labels))


def test_options_choose_among_the_labels(mobile: Mobile) -> None:
    scores = mobile.expected("int8")
    two_best = [list(np.argsort(-row)[:2]) for row in scores]
    assert [[line.number for line in image] for image in mobile.answers(max_results=2)[2]] == two_best
    threshold = float(np.sort(scores.ravel())[7]) + 1e-3
    passing = [set(np.flatnonzero(row >= threshold)) for row in scores]
    assert [{line.number for line in image} for image in mobile.answers(score_threshold=threshold)[2]] == passing
    allowed = mobile.answers(category_allowlist=["deep blue", "grün", "unknown"])[2]
    assert [{line.name for line in image} for image in allowed] == [{"deep blue", "grün"}] * len(scores)


def test_other_shapes_are_stretched_as_in_training(mobile: Mobile) -> None:
    """Both ends are red: a crop to the model's shape would see the green middle only, and bars would bring red down to 0.7."""
    wide = np.zeros((48, 256, 3), np.uint8)
    wide[:, :96, 0], wide[:, 96:192, 1], wide[:, 192:, 0] = 240, 240, 240
    assert colours.probabilities(wide[None])[0, 0] > 0.95
    images = mediapipe_tasks.save(mobile.folder.parent / "wide.npz", [wide, np.ascontiguousarray(wide.swapaxes(0, 1))])
    for answers in mediapipe_tasks.classify(mobile.files, images):
        assert [categories[0].name for categories in answers] == ["red", "red"]
        assert min(categories[0].score for categories in answers) > 0.8


def test_mediapipes_schema_reads_the_metadata(mobile: Mobile) -> None:
    questions = [{"ask": "describe", "file": str(file)} for file in mobile.files]
    described = {
        "version": "1",
        "parser": "1.0.0",
        "mean": [0.0],
        "std": [1.0],
        "minimum": 0.0,
        "maximum": 255.0,
        "unit": "NormalizationOptionsT",
        "content": "ImagePropertiesT",
        "rgb": True,
        "size": [16, 12],
        "output": "FeaturePropertiesT",
        "labels": ["labels.txt", 2],  # TENSOR_AXIS_LABELS
    }
    assert mediapipe_tasks.ask(questions) == [described] * len(litert.FORMS)

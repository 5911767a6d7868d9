"""LiteRT files answer what NumPy computes for a classifier with a known rule; what cannot be converted is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from serving import bundle, litert
from serving.litert import classifier
from serving.litert.classifier import conversion
from tests.serving import colours


def test_a_folder_without_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match=r"model.json cannot be read"):
        classifier.convert(tmp_path, tmp_path / "mobile", calibration=[], held_out=colours.held_out(2))


def test_an_older_folder_is_replaced_only_by_a_complete_one_in_silence(
    colour_run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    exported, folder = colour_run / "export" / "1", tmp_path / "mobile"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    (tmp_path / ".mobile.partial").mkdir()  # left by a killed run
    with pytest.raises(litert.LiteRTError, match="no calibration images"):
        classifier.convert(exported, folder, calibration=[], held_out=colours.held_out(2))
    assert (folder / "old.txt").exists()
    capfd.readouterr()
    images = list(colours.images(2)[0])
    parity = classifier.convert(exported, folder, calibration=images, held_out=colours.held_out(2))
    assert capfd.readouterr() == ("", "")
    assert json.loads((folder / "parity.json").read_text(encoding="utf-8")) == parity
    assert not (folder / "old.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["mobile"]


def test_calibration_takes_200_images_evenly_spaced() -> None:
    pixels = np.arange(1000, dtype=np.int64)[:, None, None, None] * np.ones((1, 2, 2, 3), np.int64)
    inputs = [image for [image] in conversion.calibration_inputs(pixels)]
    assert len(inputs) == 200
    assert inputs[0].shape == (1, 2, 2, 3)
    assert inputs[0].dtype == np.float32
    assert [image[0, 1, 0, 0] for image in inputs[:3]] == [0, 5, 10]
    assert inputs[-1][0, 0, 0, 0] == 999

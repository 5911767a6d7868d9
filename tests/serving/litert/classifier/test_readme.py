"""The README beside the .tflite files states the measured numbers, and its Python runs."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from serving import litert
from serving.litert.classifier import readme
from tests.serving import colours
from tests.vision import pictures
from vision import decoding


@pytest.fixture(scope="module")
def folder(colour_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mobile/ of the colour classifier, with a green photo in it."""
    copy = shutil.copytree(colour_run / "mobile", tmp_path_factory.mktemp("run") / "mobile")
    green = np.full((24, 32, 3), (30, 180, 40), np.uint8)
    Image.fromarray(green).save(copy / "photo.jpg")
    return copy


def _run(text: str) -> np.ndarray:
    """Run the Python block of a README; returns the picture that it gave the model."""
    [block] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), scope)
    return np.asarray(scope["image"])


def test_the_python_block_runs_and_names_the_colour(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    _run((folder / "README.md").read_text(encoding="utf-8"))
    label, probability = capsys.readouterr().out.rsplit(maxsplit=1)
    assert label == "grün"
    assert float(probability) > 0.9


@pytest.mark.parametrize("resize", ["crop", "stretch"])
def test_the_python_block_cuts_and_turns_as_the_server(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resize: str
) -> None:
    """A tall photograph, saved on its side with the EXIF orientation that says so."""
    image = pictures.picture(height=120, width=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    contents = pictures.encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)
    (tmp_path / "photo.jpg").write_bytes(contents)
    shutil.copy(folder / "model_int8.tflite", tmp_path)
    shutil.copy(folder / "labels.txt", tmp_path)
    monkeypatch.chdir(tmp_path)
    found = _run(_text(folder, resize=resize))
    served = {
        crop: decoding.decode_resized(
            tf.constant(contents), height=colours.HEIGHT, width=colours.WIDTH, crop=crop
        ).numpy()
        for crop in (True, False)
    }
    differences = {crop: np.abs(found.astype(float) - pixels).mean() for crop, pixels in served.items()}
    # Pillow resizes by another curve, which is a matter of a few grey values.
    assert differences[resize == "crop"] < 5
    assert differences[resize != "crop"] > 15


def test_the_text_says_what_a_cropping_model_wants(folder: Path) -> None:
    words = " ".join(_text(folder, resize="crop", height=224, width=224).split())
    assert "this model was trained on the central square of each picture, so give it that: crop the bitmap" in words
    assert "setRegionOfInterest" in words
    assert "central part, 16 wide to 12 high, of each" in " ".join(_text(folder, resize="crop").split())
    for text in (_text(folder, resize="stretch"), (folder / "README.md").read_text(encoding="utf-8")):
        assert "RegionOfInterest" not in text
        assert "ImageOps.fit" not in text


def _text(folder: Path, *, resize: str, height: int = colours.HEIGHT, width: int = colours.WIDTH) -> str:
    parity = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
    taken = {"height": height, "width": width, "resize": resize}
    return readme.text({"labels": colours.LABELS, "input": taken}, parity)


def test_it_states_size_dtype_range_output_and_scores(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for words in ("12 rows of 16 pixels", "(1, 12, 16, 3)", "0 to 255", "`model_int8.tflite` takes uint8", "(1, 3)"):
        assert words in text
    for name in litert.FORMS.values():
        size = (folder / name).stat().st_size / 1000
        assert f"| `{name}` | {size:,.0f} kB | 0.8750 | 1.0000 |" in text
    assert "24 held-out images; the Keras model's own accuracy there is 0.8750" in text

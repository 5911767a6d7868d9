"""The README beside the .tflite files states the measured numbers, and its Python runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving import litert
from tests.serving import colours


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mobile/ of the colour classifier, with a green photo in it."""
    base = tmp_path_factory.mktemp("run")
    exported = colours.write(base / "export" / "1")
    pixels, truth = colours.images(8)
    examples = litert.HeldOut(images=pixels, truth=truth, probabilities=colours.probabilities(pixels))
    litert.convert(exported, base / "mobile", calibration=pixels, held_out=examples)
    green = np.full((24, 32, 3), (30, 180, 40), np.uint8)
    Image.fromarray(green).save(base / "mobile" / "photo.jpg")
    return base / "mobile"


def test_the_python_block_runs_and_names_the_colour(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [block] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(folder)
    exec(compile(block, "README.md", "exec"), {})
    label, probability = capsys.readouterr().out.rsplit(maxsplit=1)
    assert label == "grün"
    assert float(probability) > 0.9


def test_it_states_size_dtype_range_output_and_scores(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for words in ("12 rows of 16 pixels", "(1, 12, 16, 3)", "0 to 255", "`model_int8.tflite` takes uint8", "(1, 3)"):
        assert words in text
    for name in litert.FORMS.values():
        size = (folder / name).stat().st_size / 1000
        assert f"| `{name}` | {size:,.0f} kB | 1.0000 | 1.0000 |" in text
    assert "8 held-out images; the Keras model's own accuracy there is 1.0000" in text

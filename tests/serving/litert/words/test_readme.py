"""The README beside files of word vectors states the measured numbers, and its Python runs; that of n-grams says what is true."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.litert import FORMS, runtime
from serving.litert.words import parity, readme
from tests.serving import text_models

WORDS, TABLE = text_models.RUN_WORDS, text_models.RUN_VECTORS
PARITY: dict[str, Any] = {
    "forms": {
        form: {
            "file": name,
            "bytes": 1_234_567,
            "agreement": 0.98765,
            "agreement_k": 0.5,
            "max_abs_delta": 1.5e-7,
            "scores": {"spearman_wordsim353": 0.4321, "accuracy": 0.1},
        }
        for form, name in FORMS.items()
    },
    "reference": {"name": "served bundle", "scores": {"spearman_wordsim353": 0.4567, "accuracy": 0.1}},
    **{"words": 71_290, "dimensions": 100, "neighbours": 10, "n": 1402},
}


@pytest.fixture(scope="module")
def folder(word_run: Path) -> Path:
    """mobile/ of 30 word vectors."""
    return word_run / "mobile"


def _block(text: str) -> str:
    [block] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(block)


def test_the_python_block_runs_and_names_the_neighbours(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    block = _block((folder / "README.md").read_text(encoding="utf-8"))
    exec(compile(block, "README.md", "exec"), {})
    found = [line.split() for line in capsys.readouterr().out.splitlines()]
    ids, cosines = text_models.nearest(TABLE, 0, 4)
    assert [name for name, _ in found] == [WORDS[number] for number in ids]
    assert [float(value) for _, value in found] == pytest.approx(list(cosines), abs=0.02)
    unknown = block.replace("'w0'", "'xyzzy'")
    assert unknown != block
    with pytest.raises(SystemExit, match="xyzzy is not in the vocabulary"):
        exec(compile(unknown, "README.md", "exec"), {})


def test_it_states_shapes_sizes_agreement_and_scores(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for words in ("30 words of 12 dimensions", "(1, 12)", "`neighbour_ids` int32 (1, 4)", "(`w0` is 0)", "every word"):
        assert words in text
    for name in FORMS.values():
        assert f"| `{name}` | {(folder / name).stat().st_size / 1000:,.0f} kB |" in text
    assert "The served vectors' own scores: spearman_simlex999 0.2500." in text
    smallest = min(FORMS.values(), key=lambda name: (folder / name).stat().st_size)
    assert f"`{smallest}` is the smallest" in text
    large = readme.text(["the", "of"], PARITY)
    assert "`model.tflite` is the smallest. In int8" in large
    assert "| `model.tflite` | 1,235 kB | 0.4321 | 0.1000 | 0.9877 | 0.5000 | 1.5e-07 |" in large
    assert "compare 1,402 words, evenly spaced over the vocabulary, with the answers" in " ".join(large.split())
    assert "own scores: spearman_wordsim353 0.4567, accuracy 0.1000." in large
    lines = [line for line in large.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines[:5]} == {8}


def test_the_smallest_form_says_its_share() -> None:
    sizes = {"float32": 1000, "float16": 510, "int8": 316}
    forms = {form: {**row, "bytes": sizes[form]} for form, row in PARITY["forms"].items()}
    told = readme.text(["the"], {**PARITY, "forms": forms})
    assert "`model_int8.tflite` is the smallest, 32% of `model.tflite`. In int8" in told


def test_the_order_of_outputs_is_that_of_the_files(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"`(\w+)` (?:float32|int32)", text[text.index("Out, in this order") :])[:3]
    found = parity.Interpreter(folder / "model.tflite").search(3)
    shapes = [tuple(each["shape"]) for each in runtime.opened(folder / "model.tflite").get_output_details()]
    assert [(1, *found[name].shape) for name in told] == shapes
    assert told == ["vectors", "neighbour_ids", "similarities"]
    np.testing.assert_array_equal(found["vectors"].shape, (12,))

"""`python -m serving.predict`: the task of the bundle says what an input is; wrong commands are answered in words."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from serving import predict
from tests import warm
from tests.serving import colours, text_models

ROOT = Path(__file__).parents[3]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def ngram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict") / "ngram"
    text_models.write_ngram(folder / "export" / "1")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with one picture and one letter."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), colours.images(1)[0][0])
    (folder / "letter.txt").write_text("dear")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "the following arguments are required: INPUT"),
        ([], "the following arguments are required: BUNDLE, INPUT"),
        (["--analogy", "a", "b", "c"], "the following arguments are required: BUNDLE"),
        (["run", "word", "--analogy", "a", "b"], "argument --analogy: expected 3 arguments"),
        (["--url", "http://localhost"], "the following arguments are required: INPUT"),
        (["run", "a.png", "--model", "m"], "--model needs --url, the address of a server"),
        (["run", "a.png", "--version", "2"], "--version needs --url"),
    ],
)
def test_wrong_commands(arguments: list[str], message: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        predict.main(arguments)
    assert message in capsys.readouterr().err


def test_a_bundle_for_another_task_or_in_pieces(
    colour_run: Path, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    folder = shutil.copytree(colour_run / "export" / "1", tmp_path / "1")
    description = folder / "assets.extra" / "model.json"
    text = description.read_text(encoding="utf-8")
    description.write_text(text.replace("classify", "detect"), encoding="utf-8")
    assert predict.main([str(folder), str(pictures)]) == 1
    assert "is for the task 'detect'; this version answers classify, ngram, word2vec" in capsys.readouterr().err
    (folder / "saved_model.pb").write_bytes(b"\xff\xff")
    description.write_text(text, encoding="utf-8")
    assert predict.main([str(folder), str(pictures)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"error: Can't parse {folder / 'saved_model.pb'} as binary proto. The SavedModel in ")
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--draw", "d", "the cat"], "--draw: the model at {bundle} answers texts; --draw is for pictures"),
        (["--explain", "d", "the cat"], "--explain: the model at {bundle} answers texts; --explain is for pictures"),
        (
            ["--analogy", "a", "b", "c"],
            "--analogy: the model at {bundle} has no signature `analogy` (it has serving_default); word2vec bundles have",
        ),
        (["@absent.txt"], "absent.txt: no such file; expected one with a text in each line"),
    ],
)
def test_a_text_bundle_refuses_what_is_for_others(
    ngram: Path, capsys: Captured, arguments: list[str], words: str
) -> None:
    assert predict.main([str(ngram), *arguments]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: " + words.format(bundle=ngram))


def test_a_classifier_has_no_analogies(colour_run: Path, pictures: Path, capsys: Captured) -> None:
    assert predict.main([str(colour_run), str(pictures), "--analogy", "a", "b", "c"]) == 1
    assert capsys.readouterr().err.endswith("answers pictures; --analogy is for word vectors\n")


def test_the_module_runs_and_tensorflow_starts_without_a_word(colour_run: Path, pictures: Path) -> None:
    command = [sys.executable, "-m", "serving.predict", str(colour_run), str(pictures)]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert told.returncode == 1
    assert [line.split(": ")[0] for line in told.stdout.splitlines()] == [f"{pictures}/a.png"]
    assert told.stderr == f"error: {pictures}/letter.txt: not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)\n"


def test_the_module_takes_lines_of_standard_input(ngram: Path) -> None:
    command = [warm.python(), "-m", "serving.predict", str(ngram), "-", "--json"]
    given = b"the cat\n\n  \r\nM\xe4use\r\n"
    told = subprocess.run(command, input=given, capture_output=True, cwd=ROOT, check=False)
    assert (told.returncode, told.stderr) == (0, b"")
    records = [json.loads(line) for line in told.stdout.splitlines()]
    assert [record["input"] for record in records] == ["the cat", "M\udce4use"]

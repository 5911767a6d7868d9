"""Pictures that are left out, counted and named; and odd ones that simply work, from the folder to the served answer."""

import html
import json
import os
import re
import shutil
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from serving import predict
from tests.e2e.pipeline_runs import FAST, Pipeline
from tests.vision import pictures

pytestmark = pytest.mark.usefixtures("tiny")

NAMES = ("Äpfel & Birnen", "a b", "日本語")
"""Class folders."""


def _write_bad(folder: Path, good: bytes) -> dict[str, str]:
    """Four bad files, and the reason of each by its name."""
    bad = {
        "cut off.jpg": (pictures.samples()["jpeg"][:-200], "truncated or corrupt"),
        "empty.png": (b"", "zero bytes"),
        "huge.png": (pictures.claiming(9000, 9000)["png"], "larger than 64 megapixels"),
        "letter ä.jpg": (b"Dear Sir or Madam", "not an image that can be read (JPEG, PNG, GIF, BMP, WebP)"),
    }
    for name, (contents, _) in bad.items():
        (folder / name).write_bytes(contents)
    return {f"{folder.name}/{name}": reason for name, (_, reason) in bad.items()}


@pytest.fixture
def mostly_good(tmp_path: Path) -> dict[str, str]:
    """`data/` with 240 pictures in three classes and twelve bad files (4.8 %); the bad ones by name."""
    pictures.write_folder(tmp_path / "data", {"cat": 80, "dog": 80, "emu": 80})
    good = pictures.samples()["png"]
    bad: dict[str, str] = {}
    for name in ("cat", "dog", "emu"):
        bad |= _write_bad(tmp_path / "data" / name, good)
    return bad


def test_goes_on_and_counts_by_name(
    pipeline: Pipeline, tmp_path: Path, mostly_good: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "")
    flags = ("--size", "8", "--training.epochs", "1", "--no-export")
    ended = pipeline("classify", "--data", "data", "--out", "run", *FAST, *flags)
    assert ended.code == 0
    first = " ".join(f"{name}: {reason}" for name, reason in list(mostly_good.items())[:10])
    assert f" left out 12 of 252 files: {first} and 2 more, all in report.html epoch 1/1" in ended.said
    assert "Traceback" not in ended.said
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<p>12 files were left out.</p>" in report
    assert "<dt>left out</dt><dd>12</dd>" in report
    for name, reason in mostly_good.items():
        assert f'<th scope="row">{name}</th><td class="text">{reason}</td>' in report
    assert json.loads((tmp_path / "run" / "scores.json").read_text())["n"] == 48


def test_check_counts_by_name(
    pipeline: Pipeline, tmp_path: Path, mostly_good: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "")
    ended = pipeline("classify", "--data", "data", "--out", "checked", "--size", "8", "--check")
    assert ended.code == 0
    for name, reason in mostly_good.items():
        assert f"left out: {name}: {reason} " in ended.said
    assert "240 images of 8x8 pixels, 12 left out" in ended.said
    found = json.loads((tmp_path / "checked" / "check.json").read_text(encoding="utf-8"))["skipped"]
    assert {item["name"]: item["reason"] for item in found} == mostly_good


def _odd() -> dict[str, bytes]:
    """One file of every kind, one pixel included, with names that scripts stumble over."""
    files = {f"{kind} Größe ½.{kind.split('_')[0]}": contents for kind, contents in pictures.samples().items()}
    colour = pictures.picture()
    files |= {f"turned {n}.jpg": pictures.encode(colour, "JPEG", exif=pictures.exif(n)) for n in range(1, 9)}
    return files


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of every odd kind of picture, in a folder with an odd name."""
    folder = tmp_path_factory.mktemp("odd") / "Fotos für alle"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        for file, contents in _odd().items():
            (folder / name / file).write_bytes(contents)
    # No text in any encoding; it is shown with escapes.
    Path(os.fsdecode(os.fsencode(folder / "a b") + b"/\xff.png")).write_bytes(pictures.samples()["png"])
    return folder


def test_odd_pictures_and_names_simply_work(
    pipeline: Pipeline, odd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "")
    out = tmp_path / "mein erster Lauf"
    ended = pipeline("classify", "--data", odd, "--out", out, *FAST, "--size", "16", "--training.epochs", "2")
    assert ended.code == 0
    assert "left out" not in ended.said
    assert (out / "mobile" / "labels.txt").read_text(encoding="utf-8").splitlines() == sorted(NAMES)
    description = json.loads((out / "export" / "1" / "assets.extra" / "model.json").read_text(encoding="utf-8"))
    assert description["labels"] == sorted(NAMES)
    report = (out / "report.html").read_text(encoding="utf-8")
    assert all(html.escape(name) in report for name in NAMES)
    assert "mein erster Lauf" in report
    # The commands that the run ends with can be pasted as they are.
    assert f"--model_name='mein erster Lauf' --model_base_path='{out}/export'" in ended.said
    assert f"python -m serving.predict '{out}' '{out}/samples'/*" in ended.said

    capsys.readouterr()
    assert predict.main([str(out), str(odd), "--json", "--draw", str(tmp_path / "drawn")]) == 0
    answered = capsys.readouterr()
    assert answered.err == ""
    answers = [json.loads(line) for line in answered.out.splitlines()]
    assert len(answers) == 3 * len(_odd()) + 1
    assert {Path(answer["input"]).parent.name for answer in answers} == set(NAMES)
    for answer in answers:
        assert sorted(answer["classes"]) == sorted(NAMES)
        assert np.isclose(sum(answer["scores"]), 1, atol=1e-5)
    assert any(answer["input"].endswith("a b/\udcff.png") for answer in answers)


def test_unreadable_name_that_is_no_text(pipeline: Pipeline, tmp_path: Path) -> None:
    pictures.write_folder(tmp_path / "data", {"cat": 16, "dog": 16})
    Path(os.fsdecode(os.fsencode(tmp_path / "data" / "cat") + b"/\xff.png")).write_bytes(b"")
    ended = pipeline("classify", "--data", "data", "--out", "run", *FAST, "--size", "8", "--no-export")
    assert ended.code == 0
    assert r"left out 1 of 33 files: cat/\udcff.png: zero bytes" in ended.said
    assert re.search(r"cat/\\udcff.png</th>", (tmp_path / "run" / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", ["lenet", "resnet"])
def test_arrays_of_one_pixel_simply_work(pipeline: Pipeline, tmp_path: Path, model: str) -> None:
    labels = np.arange(30) % 3
    np.savez(tmp_path / "one.npz", images=(labels * 100).astype(np.uint8)[:, None, None], labels=labels)
    assert pipeline("classify", "--data", "one.npz", "--out", "run", *FAST, "--model", model, "--no-export").code == 0


def test_predict_names_what_it_cannot_answer(
    digits_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(digits_run, "run")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.png").write_bytes(pictures.samples()["png"])
    bad = _write_bad(tmp_path / "in", b"")
    assert predict.main(["run", "in"]) == 1
    answered = capsys.readouterr()
    assert answered.out.startswith("in/good.png: ")
    assert [line.split(": ")[1] for line in answered.err.splitlines()] == sorted(bad)
    for words in (
        "in/cut off.jpg: the picture is truncated or corrupt",
        "in/empty.png: not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)",
        "in/huge.png: the picture is larger than 64 megapixels",
        "in/letter ä.jpg: not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)",
    ):
        assert f"error: {words}" in answered.err.splitlines()
    assert predict.main(["run", "absent"]) == 1
    assert "absent: no such file or folder; expected a picture or a folder of pictures" in capsys.readouterr().err
    (tmp_path / "run" / "export" / "1" / "saved_model.pb").write_bytes(b"cut")
    assert predict.main(["run", "in"]) == 1
    assert "could not be loaded" in capsys.readouterr().err


def _table(folder: Path, *more: str) -> Path:
    """`photos.csv` of 32 pictures, with these lines behind."""
    written = pictures.write_folder(folder / "files", {"cat": 16, "dog": 16})
    lines = ["path,label", *(f"files/{path.parent.name}/{path.name},{path.parent.name}" for path in written), *more]
    (folder / "photos.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "photos.csv"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("files/cat/0000.png,dog", "0000.png is labelled 'cat' in line 2 and 'dog' in line 34; keep one of the lines"),
        ("files/emu/0000.png,emu", "photos.csv names 33 files, of which 1 cannot be found (line 34: "),
        ("files/cat/0000.png,", "photos.csv, line 34: the label is empty; expected one in every line"),
        ("files/cat/0000.png", "photos.csv, line 34: found 1 fields, expected 2 (path,label)"),
    ],
)
def test_wrong_lines_of_a_table(pipeline: Pipeline, tmp_path: Path, line: str, words: str) -> None:
    _table(tmp_path, line)
    pipeline("classify", "--data", "photos.csv", "--out", "run", *FAST).refuses(words)
    assert not (tmp_path / "run").exists()


def test_wrong_headers_of_a_table(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("file;class\n")
    words = "photos.csv, line 1: the header is 'file;class'; expected path,label or path,label,split; found ';'"
    pipeline("classify", "--data", "photos.csv", "--out", "run", *FAST).refuses(words)


def test_a_table_that_repeats_itself_simply_works(pipeline: Pipeline, tmp_path: Path) -> None:
    _table(tmp_path, "files/dog/0003.png,dog")
    ended = pipeline("classify", "--data", "photos.csv", "--out", "run", *FAST, "--size", "8", "--no-export")
    assert ended.code == 0
    assert "left out 1 of 33 files: photos.csv, line 34: the same picture and label as line 21" in ended.said


def test_classes_that_differ_between_parts(pipeline: Pipeline, tmp_path: Path) -> None:
    pictures.write_folder(tmp_path / "data" / "train", {"cat": 6, "dog": 6})
    pictures.write_folder(tmp_path / "data" / "val", {"cat": 6, "emu": 6}, first=50)
    ended = pipeline("classify", "--data", "data", "--out", "run", *FAST)
    ended.refuses("data: the parts hold different classes: train/ lacks 'emu'; val/ lacks 'dog'; expected the same")


def test_a_set_of_keras_without_cache_and_network(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def no_network(*_: object) -> None:
        raise urllib.error.URLError("no network in this test")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(keras.src.utils.file_utils, "urlretrieve", no_network)
    (tmp_path / "cache").mkdir()
    ended = pipeline("classify", "--data", "keras:mnist", "--out", "run", *FAST)
    ended.refuses(
        "--data keras:mnist: the set is not in Keras' cache and cannot be downloaded (URL fetch failure on",
        f"put by hand: https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz as {tmp_path}/cache/datasets/mnist.npz",
    )
    pipeline("classify", "--data", "keras:mnst", "--out", "run", *FAST).refuses(
        "unknown set; expected one of keras:mnist, "
    )
    assert not (tmp_path / "run").exists()


def test_check_warns_of_copies_and_goes_on(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "")
    train = pictures.write_folder(tmp_path / "data" / "train", {"cat": 12, "dog": 12})
    for number, part in enumerate(("val", "test"), 1):
        pictures.write_folder(tmp_path / "data" / part, {"cat": 4, "dog": 4}, first=100 * number)
    (tmp_path / "data" / "test" / "cat" / "copy.png").write_bytes(train[3].read_bytes())
    (tmp_path / "data" / "train" / "dog" / "copy.png").write_bytes(train[5].read_bytes())
    ended = pipeline("classify", "--data", "data", "--out", "checked", "--size", "16", "--check")
    assert ended.code == 0
    assert "Traceback" not in ended.said
    assert "warning: 1 image is in more than one part: scores will flatter" in ended.said
    assert "warning: 1 image occurs again with another label" in ended.said
    found = json.loads((tmp_path / "checked" / "check.json").read_text(encoding="utf-8"))
    assert len(found["exact_duplicates"]) == 2
    assert "cat/copy.png" in (tmp_path / "checked" / "check.html").read_text(encoding="utf-8")
    # The folder of a check can become that of a run.
    assert (
        pipeline(
            "classify",
            "--data",
            "data",
            "--out",
            "checked",
            *FAST,
            "--size",
            "16",
            "--training.epochs",
            "1",
            "--no-export",
        ).code
        == 0
    )

"""Bad input: wrong flags, unusable data, occupied folders, wrong weights. One message, an exit code, nothing half-written."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.pipeline_runs import FAST, Pipeline, contents
from tests.vision import pictures

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--training.epochs", "0"], "--training.epochs is 0; expected 1 or more"),
        (["--training.learning-rate", "nan"], "--training.learning-rate is nan; expected above 0"),
        (["--training.learning-rate", "inf"], "--training.learning-rate is inf; expected above 0"),
        (
            ["--training.monitor", "nonsense"],
            "--training.monitor nonsense: no such column of history.csv; expected one of val_loss, val_accuracy, loss, accuracy",
        ),
        (["--augment.shift", "2"], "--augment.shift is 2.0; expected 0 to 0.5"),
        (["--size", "3"], "--size is 3; expected 8 to 1024 pixels"),
        (["--seed", "-1"], "--seed is -1; expected 0 to 4294967295"),
        (["--seed", "4294967296"], "--seed is 4294967296; expected 0 to 4294967295"),
        (["--model", "resnt"], "--model resnt: unknown model; nearest: resnet"),
        (["--model", "xyz"], "--model xyz: unknown model; known: knn, linear"),
        (["--epoch", "3"], "--training.epochs"),
    ],
)
def test_wrong_flags(pipeline: Pipeline, tmp_path: Path, flags: list[str], words: str) -> None:
    pipeline("classify", "--out", "run", *flags).refuses(words, code=2)
    assert not list(tmp_path.iterdir())


def _empty(folder: Path) -> None:
    folder.mkdir()


def _without_classes(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.png").write_bytes(pictures.samples()["png"])


def _single_class(folder: Path) -> None:
    pictures.write_folder(folder, {"cat": 6})


def _too_few(folder: Path) -> None:
    pictures.write_folder(folder, {"cat": 6, "dog": 2})


def _too_few_readable(folder: Path) -> None:
    pictures.write_folder(folder, {"cat": 40, "dog": 2})
    (folder / "dog" / "third.png").write_bytes(b"")


def _too_few_to_hold_back(folder: Path) -> None:
    pictures.write_folder(folder / "train", {"cat": 6, "dog": 1})
    pictures.write_folder(folder / "test", {"cat": 2, "dog": 2}, first=50)


def _absent_class(folder: Path) -> None:
    pictures.write_folder(folder, {"cat": 6, "dog": 6, "emu": 0})


def _unreadable(folder: Path) -> None:
    """Two of 38 are 5.3 %."""
    good = pictures.write_folder(folder, {"cat": 18, "dog": 18})
    (folder / "cat" / "cut.png").write_bytes(good[0].read_bytes()[:40])
    (folder / "dog" / "letter.jpg").write_text("Dear Sir or Madam")


def _line_break(folder: Path) -> None:
    pictures.write_folder(folder, {"cat": 6, "two\nlines": 6})


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (
            _empty,
            ["data holds no images in class folders; expected", "data/<class>/<image>.jpg, or such folders in train/"],
        ),
        (_without_classes, ["data holds no images in class folders"]),
        (_single_class, ["data holds a single class, 'cat'; a classifier needs at least two"]),
        (
            _too_few,
            ["class 'dog' has 2 readable image(s); a 60/20/20 split needs at least 3 in each class: add images"],
        ),
        (_too_few_readable, ["class 'dog' has 2 readable image(s)"]),
        (
            _too_few_to_hold_back,
            ["class 'dog' has 1 readable image(s); holding back 10 % for validation needs at least 2"],
        ),
        (_absent_class, ["no readable image of class 'emu' in the data; every class needs some in every part"]),
        (
            _unreadable,
            [
                "2 of 38 files in",
                "data cannot be used, more than 5% (cat/cut.png: truncated or corrupt; "
                "dog/letter.jpg: not an image that can be read (JPEG, PNG, GIF, BMP, WebP)); repair or remove them",
            ],
        ),
        (_line_break, [r"the class name 'two\nlines' is empty or holds a line break; expected one line of text"]),
    ],
)
def test_unusable_folder(pipeline: Pipeline, tmp_path: Path, write: Callable[[Path], None], words: list[str]) -> None:
    write(tmp_path / "data")
    pipeline("classify", "--data", tmp_path / "data", "--out", "run", *FAST).refuses(*words)
    assert not (tmp_path / "run").exists()


def test_data_that_is_not_there(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline("classify", "--data", "digit").refuses(
        "--data digit: no such file or folder; expected a folder, an .npz or a .csv file", "did you mean digits?"
    )
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    pipeline("classify", "--data", "letter.txt").refuses(
        "--data letter.txt: cannot read this kind of file; expected a folder, an .npz or a .csv file"
    )
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04")
    pipeline("classify", "--data", "cut.npz").refuses("cut.npz is not a readable .npz file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.npz", "letter.txt"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the digits; `unfinished` is made of it."""
    from pipelines import classify
    from pipelines.classify import config
    from pipelines.training.options import TrainingOptions

    folder = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIPELINES_TINY", "1")
        classify.run(config.Config(out=folder, model="lenet", export=False, training=TrainingOptions(batch_size=16)))
    return folder


@pytest.fixture
def unfinished(finished: Path, tmp_path: Path) -> Path:
    """A run that was stopped after its last epoch."""
    folder = shutil.copytree(finished, tmp_path / "unfinished")
    (folder / "scores.json").unlink()
    return folder


def test_finished_out(pipeline: Pipeline, finished: Path) -> None:
    before = contents(finished)
    for resume in ([], ["--resume"]):
        ended = pipeline("classify", "--out", finished, *FAST, "--no-export", *resume)
        ended.refuses("finished is a finished run; give another --out, or remove it")
    assert contents(finished) == before


def test_unfinished_out(pipeline: Pipeline, unfinished: Path) -> None:
    before = contents(unfinished)
    ended = pipeline("classify", "--out", unfinished, *FAST, "--no-export")
    ended.refuses("unfinished is an unfinished run; continue it with --resume, or give another --out")
    assert contents(unfinished) == before
    assert pipeline("classify", "--out", unfinished, *FAST, "--no-export", "--resume").code == 0
    assert (unfinished / "scores.json").exists()


def test_foreign_out(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter 1.tex").write_text("It was a dark and stormy night")
    # Other programs call a file so, too.
    (tmp_path / "thesis" / "config.json").write_text("{}")
    before = contents(tmp_path)
    pipeline("classify", "--out", "thesis").refuses("thesis exists and is not a run folder; give another --out")
    pipeline("classify", "--out", "thesis", "--resume").refuses(
        "thesis exists and is not a run folder; give another --out"
    )
    pipeline("classify", "--out", "thesis/chapter 1.tex").refuses(
        "chapter 1.tex exists and is not a run folder; give another --out"
    )
    pipeline("classify", "--out", "thesis/chapter 1.tex/run", *FAST).refuses(
        "Not a directory; give a path that can be read and written"
    )
    pipeline("classify", "--out", "nothing", "--resume").refuses(
        "nothing holds no run to resume; leave out --resume to start one"
    )
    pipeline("classify", "--resume").refuses("runs/ holds no unfinished classify run to resume")
    assert contents(tmp_path) == before


def test_out_of_a_run_that_was_killed_before_it_began(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "environment.json").write_text("{}")
    (tmp_path / "run" / ".config.json.tmp").write_text("{")
    assert pipeline("classify", "--out", "run", *FAST, "--no-export").code == 0
    assert (tmp_path / "run" / "scores.json").exists()


def _weights(path: Path, name: str, *, side: int = 8, classes: int = 10) -> None:
    from pipelines.training import checkpoints
    from vision import classifiers

    checkpoints.save_weights(path, classifiers.build(name, (side, side, 3), classes=classes, seed=1))


def test_wrong_weights(pipeline: Pipeline, tmp_path: Path) -> None:
    _weights(tmp_path / "resnet.weights.h5", "resnet")
    _weights(tmp_path / "larger.weights.h5", "lenet", side=16)
    _weights(tmp_path / "three.weights.h5", "lenet", classes=3)
    (tmp_path / "letter.weights.h5").write_text("Dear Sir or Madam")
    whole = (tmp_path / "larger.weights.h5").read_bytes()
    (tmp_path / "cut.weights.h5").write_bytes(whole[: len(whole) // 2])
    other = "holds weights of another network than lenet: "
    file = "expected a Keras weights file (.weights.h5 or .h5)"
    for name, words in {
        "absent.weights.h5": ["weights absent.weights.h5: no such file", file],
        "letter.weights.h5": ["weights letter.weights.h5: not a readable HDF5 file", file],
        "cut.weights.h5": ["weights cut.weights.h5: not a readable HDF5 file", "truncated file", file],
        "resnet.weights.h5": ["resnet.weights.h5 " + other, "conv1", "expected weights of lenet"],
        "larger.weights.h5": ["larger.weights.h5 " + other, "fc1", "(256, 120)", "(64, 120)"],
        "three.weights.h5": ["three.weights.h5 " + other, "logits", "(84, 3)", "(84, 10)"],
    }.items():
        pipeline("classify", "--out", "run", "--weights", name, *FAST).refuses(*words)
        assert not (tmp_path / "run").exists(), name


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--model", "resnet", "--depth", "9"], ["9", "8", "14"]),
        (
            ["--model", "MobileNetV2"],
            ["MobileNetV2 takes images of 32 pixels or more per side, found 8x8", "smaller network"],
        ),
        (["--folds", "99"], ["--folds is 99, but class", "expected at most"]),
        (["--folds", "2", "--weights", "absent.weights.h5"], ["weights absent.weights.h5: no such file"]),
        (
            ["--training.epochs", "3", "--training.head-epochs", "3"],
            ["--training.head-epochs is 3, but airbench has no"],
        ),
    ],
)
def test_a_network_that_cannot_be_made_or_started(
    pipeline: Pipeline, tmp_path: Path, flags: list[str], words: list[str]
) -> None:
    pipeline("classify", "--out", "run", *flags).refuses(*words)
    assert not (tmp_path / "run").exists()


def test_imagenets_weights_without_network_or_cache(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", _no_network)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "empty"))
    ended = pipeline("classify", "--out", "run", "--model", "MobileNetV2", "--size", "32", "--weights", "imagenet")
    ended.refuses("the ImageNet weights of MobileNetV2 could not be loaded", "or give a weights file instead")
    assert not (tmp_path / "run").exists()


def _no_network(*_: object, **__: object) -> None:
    raise OSError("Name or service not known")


def test_right_weights(pipeline: Pipeline, finished: Path) -> None:
    weights = finished / "checkpoints" / "best.weights.h5"
    assert pipeline("classify", "--out", "run", "--weights", weights, *FAST, "--no-export").code == 0


def test_wrong_checkpoint(pipeline: Pipeline, unfinished: Path) -> None:
    last, best = (unfinished / "checkpoints" / name for name in ("last.npz", "best.weights.h5"))
    resume = ("--out", unfinished, *FAST, "--no-export", "--resume")
    whole = last.read_bytes()
    for damaged in (b"", whole[:1000], whole[:-1000], b"PK\x05\x06" + bytes(18)):
        last.write_bytes(damaged)
        pipeline("classify", *resume).refuses(
            "last.npz is not a readable checkpoint (", "; start again with another --out"
        )
    with np.load(io.BytesIO(whole)) as file:
        arrays = {name: file[name] for name in file.files}
    # With an epoch left to train: a state that nothing needs any more is not looked at.
    progress = json.loads(str(arrays["progress"]))
    arrays["progress"] = np.array(json.dumps({**progress, "rows": progress["rows"][:1]}))
    np.savez(last, **{**arrays, "00000": np.zeros((3, 3, 3, 6), np.float32)})
    pipeline("classify", *resume).refuses("last.npz was written by another network", "use the same --model and data")
    np.savez(last, **{name: arrays[name] for name in ("progress", "00000", "00001")})
    pipeline("classify", *resume).refuses("last.npz was written by another network: found 2 variables, expected")
    last.write_bytes(whole)
    best.write_bytes(best.read_bytes()[:1000])
    pipeline("classify", *resume).refuses("best.weights.h5: not a readable HDF5 file")
    assert not (unfinished / "scores.json").exists()


def test_batch_larger_than_the_data_simply_works(pipeline: Pipeline, tmp_path: Path) -> None:
    assert pipeline("classify", "--out", "run", *FAST, "--no-export", "--training.batch-size", "5000").code == 0
    assert json.loads((tmp_path / "run" / "scores.json").read_text())["n"] == 10

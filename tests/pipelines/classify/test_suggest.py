"""pipelines.classify.suggest: ranked by the margin that NumPy finds, everything left out is named."""

import base64
import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.classify import suggest
from pipelines.record import files, runs
from tests.serving import colours
from vision.errors import DataError

Captured = pytest.CaptureFixture[str]
COUNT = 12


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose bundle names the strongest colour of a picture."""
    folder = tmp_path_factory.mktemp("suggest") / "run"
    colours.write(folder / "export" / "1")
    files.write_json(folder / runs.FINISHED, {"accuracy": 1.0})
    return folder


@pytest.fixture
def unlabelled(tmp_path: Path) -> Path:
    """Twelve pictures in two folders, one cut off, one letter, one hidden file."""
    folder = tmp_path / "unlabelled"
    (folder / "deeper").mkdir(parents=True)
    for number, pixels in enumerate(_pictures()):
        place = folder / ("deeper" if number % 2 else "") / f"{number}, <b>.png"
        cv2.imwrite(str(place), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    whole = (folder / "0, <b>.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "letter.txt").write_text("dear")
    (folder / ".hidden").write_text("not looked at")
    return folder


def _pictures() -> list[np.ndarray]:
    """Colours from nearly equal to far apart."""
    grey = np.random.default_rng(3).integers(100, 140, (COUNT, colours.HEIGHT, colours.WIDTH, 3))
    strength = np.array([7, 3, 11, 1, 9, 5, 0, 10, 2, 8, 4, 6])
    channel = np.arange(COUNT) % 3
    return list((grey + strength[:, None, None, None] * np.eye(3, dtype=int)[channel][:, None, None]).astype(np.uint8))


def test_the_most_uncertain_come_first(run_folder: Path, unlabelled: Path, capsys: Captured) -> None:
    assert suggest.suggest(run_folder, unlabelled) == {"n": COUNT, "skipped": 2}
    told = capsys.readouterr().out.splitlines()
    with (run_folder / "suggest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = colours.probabilities(np.stack(_pictures()))
    ordered = np.sort(scores, axis=1)
    uncertainty = 1 - (ordered[:, -1] - ordered[:, -2])
    assert uncertainty.max() - uncertainty.min() > 0.2
    for row, number in zip(rows, np.argsort(-uncertainty), strict=True):
        assert Path(row["path"]).name == f"{number}, <b>.png"
        assert Path(row["path"]).is_file()
        best = np.argsort(-scores[number])
        assert [row["class"], row["second_class"]] == [colours.LABELS[i] for i in best[:2]]
        found = [float(row[name]) for name in ("uncertainty", "score", "second_score", "entropy")]
        entropy = -(scores[number] * np.log(scores[number])).sum()
        assert found == pytest.approx([uncertainty[number], *scores[number][best[:2]], entropy], abs=1e-4)
    assert told[0] == f"left out: {unlabelled}/cut.png: the picture is truncated or corrupt"
    assert told[1].startswith(f"left out: {unlabelled}/letter.txt: not a picture that can be read")
    assert "12 images, 2 left out" in told[2]
    assert [line.split("  ")[1].split(": ")[0] for line in told[3:13]] == [row["path"] for row in rows[:10]]
    page = (run_folder / "suggest.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == COUNT
    assert "<b>" not in page
    assert "cut.png" in page


@pytest.mark.parametrize("resize", ["crop", "stretch", None])
def test_the_page_shows_what_the_network_sees(tmp_path: Path, resize: str | None) -> None:
    """A wide picture as a whole, or the middle of it where the bundle cuts to 12 x 16."""
    run_folder, unlabelled = tmp_path / "run", tmp_path / "unlabelled"
    described = colours.write(run_folder / "export" / "1") / "assets.extra" / "model.json"
    text = json.loads(described.read_text(encoding="utf-8"))
    text["input"] |= {"resize": resize} if resize else {}
    described.write_text(json.dumps(text), encoding="utf-8")
    files.write_json(run_folder / runs.FINISHED, {})
    unlabelled.mkdir()
    wide = np.random.default_rng(0).integers(0, 256, (colours.HEIGHT, 61, 3)).astype(np.uint8)
    cv2.imwrite(str(unlabelled / "wide.png"), cv2.cvtColor(wide, cv2.COLOR_RGB2BGR))
    suggest.suggest(run_folder, unlabelled)
    page = (run_folder / "suggest.html").read_text(encoding="utf-8")
    [tile] = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(tile), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    expected = wide[:, 22:38] if resize == "crop" else wide
    repeat = shown.shape[0] // colours.HEIGHT
    np.testing.assert_array_equal(shown[::repeat, ::repeat, ::-1], expected)


def test_a_run_that_cannot_be_asked(run_folder: Path, unlabelled: Path, tmp_path: Path) -> None:
    with pytest.raises(
        runs.RunError, match=r"asks a finished run, and .*absent holds none \(no scores.json\); give one"
    ):
        suggest.suggest(tmp_path / "absent", unlabelled)
    bare = tmp_path / "bare"
    bare.mkdir()
    files.write_json(bare / runs.FINISHED, {})
    with pytest.raises(runs.RunError, match=r"bare has none; train again without --no-export"):
        suggest.suggest(bare, unlabelled)


def test_a_folder_without_images(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--suggest .*absent: no such folder; expected a folder of images"):
        suggest.suggest(run_folder, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: holds no files; expected a folder of images"):
        suggest.suggest(run_folder, tmp_path / "empty")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(DataError, match=r"letters/a.txt: is a file; expected a folder"):
        suggest.suggest(run_folder, tmp_path / "letters" / "a.txt")
    with pytest.raises(
        DataError, match=r"none of its 1 files is an image that can be read \(first: .*a.txt: not a picture"
    ):
        suggest.suggest(run_folder, tmp_path / "letters")

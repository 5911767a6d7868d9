"""`python -m serving.predict` for pictures: one line each, in NumPy's numbers; what cannot be answered is named, the rest is answered."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from serving import draw, predict, saved_model
from tests.serving import colours

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a.png, sub/b c.png and a hidden file."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for pixels, name in zip(colours.images(2)[0], ("a.png", "sub/b c.png"), strict=True):
        cv2.imwrite(str(folder / name), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    (folder / ".hidden.png").write_bytes(b"not looked at")
    return folder


def _expected(*, n: int = 2) -> list[list[tuple[str, float]]]:
    """Label and probability, falling, for each picture."""
    found = colours.probabilities(colours.images(2)[0])[:n]
    return [[(colours.LABELS[i], float(row[i])) for i in np.argsort(-row)] for row in found]


def test_a_line_for_each_picture_of_a_folder(colour_run: Path, pictures: Path, capsys: Captured) -> None:
    assert predict.main([str(colour_run), str(pictures)]) == 0
    lines = [", ".join(f"{name} {score:.3f}" for name, score in answers) for answers in _expected()]
    assert capsys.readouterr() == (f"{pictures}/a.png: {lines[0]}\n{pictures}/sub/b c.png: {lines[1]}\n", "")


def test_options_may_stand_between_the_pictures(colour_run: Path, pictures: Path, capsys: Captured) -> None:
    given = [str(colour_run), str(pictures / "a.png"), "--json", str(pictures / "sub")]
    assert predict.main(given) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("inside", ["", "export", "export/1"])
def test_json(colour_run: Path, pictures: Path, capsys: Captured, inside: str) -> None:
    paths = [str(pictures / "sub" / "b c.png"), str(pictures / "a.png")]
    assert predict.main([str(colour_run / inside), *paths, "--json"]) == 0
    told = capsys.readouterr().out
    records = [json.loads(line) for line in told.splitlines()]
    assert [record["input"] for record in records] == paths
    for record, answers in zip(records, reversed(_expected()), strict=True):
        assert record.keys() == {"input", "classes", "scores"}
        assert record["classes"] == [name for name, _ in answers]
        assert record["scores"] == pytest.approx([score for _, score in answers], abs=1e-5)
    assert "grün" in told


def test_what_cannot_be_answered_is_named_and_the_rest_is_answered(
    colour_run: Path, pictures: Path, capsys: Captured
) -> None:
    whole = (pictures / "a.png").read_bytes()
    (pictures / "cut.png").write_bytes(whole[: len(whole) // 2])
    (pictures / "empty.png").touch()
    # The size of a PNG stands at bytes 16 to 23: 70,000 x 1,000 pixels.
    (pictures / "large.png").write_bytes(whole[:16] + bytes.fromhex("00011170000003e8") + whole[24:])
    (pictures / "letter.txt").write_text("dear")
    assert predict.main([str(colour_run), str(pictures)]) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        f"error: {pictures}/cut.png: the picture is truncated or corrupt",
        f"error: {pictures}/empty.png: not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)",
        f"error: {pictures}/large.png: the picture is larger than 64 megapixels",
        f"error: {pictures}/letter.txt: not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)",
    ]
    assert [line.split(": ")[0] for line in told.out.splitlines()] == [f"{pictures}/a.png", f"{pictures}/sub/b c.png"]


def test_drawn_pictures_keep_their_folders(colour_run: Path, pictures: Path, tmp_path: Path, capsys: Captured) -> None:
    (pictures / "sub" / "a.png").write_bytes((pictures / "a.png").read_bytes())
    drawn = tmp_path / "new" / "drawn"
    assert predict.main([str(colour_run), str(pictures), "--draw", str(drawn)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    written = sorted(path.relative_to(drawn).as_posix() for path in drawn.rglob("*.png"))
    assert written == ["a.png.png", "sub/a.png.png", "sub/b c.png.png"]
    for name, pixels in zip(("a.png.png", "sub/b c.png.png"), colours.images(2)[0], strict=True):
        picture = cv2.imread(str(drawn / name))
        assert picture is not None
        # Each pixel of the 16 x 12 picture 14 times in both directions, so that 224 are there; text below.
        np.testing.assert_array_equal(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)[: 12 * 14 : 14, : 16 * 14 : 14], pixels)
        assert (picture[12 * 14 :] < 100).any()


def test_a_single_picture_is_drawn_under_its_own_name(
    colour_run: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    assert predict.main([str(colour_run), "sub/b c.png", "--draw", str(tmp_path / "drawn")]) == 0
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == ["b c.png.png"]


def test_explained_pictures_stand_side_by_side(
    explaining: Path, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert predict.main([str(explaining), str(pictures), "--explain", str(tmp_path / "why")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "why").rglob("*.png")) == [
        "why/a.png.png",
        "why/sub/b c.png.png",
    ]
    picture = cv2.cvtColor(np.asarray(cv2.imread(str(tmp_path / "why" / "a.png.png")), np.uint8), cv2.COLOR_BGR2RGB)
    original = colours.images(2)[0][0]
    with saved_model.load(explaining / "export" / "1") as loaded:
        answer = predict.explanation(loaded, (pictures / "a.png").read_bytes())
    assert answer["classes"].decode() in ("Käfer", "bee")
    expected = draw.explained(
        original,
        [f"{answer['classes'].decode()} {answer['scores']:.3f}"],
        grad_cam=answer["grad_cam"],
        guided_backprop=answer["guided_backprop"],
    )
    np.testing.assert_array_equal(picture, expected)
    np.testing.assert_array_equal(picture[: 12 * 14 : 14, : 16 * 14 : 14], original)


@pytest.mark.parametrize("shape", [(12, 61), (45, 16)])
def test_a_bundle_that_crops_explains_the_part_that_it_sees(
    cropping: Path, tmp_path: Path, shape: tuple[int, int]
) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    # 45 columns too many, or 33 rows: the odd one is cut from the right, or from below.
    part = whole[:, 22:38] if shape == (12, 61) else whole[16:28]
    for name, pixels in (("whole.png", whole), ("part.png", part)):
        cv2.imwrite(str(tmp_path / name), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    command = [str(cropping), str(tmp_path / "whole.png"), str(tmp_path / "part.png")]
    assert predict.main([*command, "--explain", str(tmp_path / "why"), "--draw", str(tmp_path / "drawn")]) == 0
    why = [cv2.imread(str(tmp_path / "why" / f"{name}.png.png")) for name in ("whole", "part")]
    np.testing.assert_array_equal(why[0], why[1])
    shown = cv2.cvtColor(np.asarray(why[0], np.uint8), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(shown[: 12 * 14 : 14, : 16 * 14 : 14], part)
    drawn = cv2.imread(str(tmp_path / "drawn" / "whole.png.png"))
    assert drawn is not None
    repeat = 4 if shape == (12, 61) else 5  # 224 pixels a side and more
    np.testing.assert_array_equal(drawn[: shape[0] * repeat : repeat, : shape[1] * repeat : repeat, ::-1], whole)


def test_a_bundle_that_cannot_explain(colour_run: Path, pictures: Path, tmp_path: Path, capsys: Captured) -> None:
    assert predict.main([str(colour_run), str(pictures), "--explain", str(tmp_path / "why")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert (
        f"--explain: the model at {colour_run} has no signature `explain` (it has serving_default, tensor)" in told.err
    )
    assert told.err.endswith("as bundles of earlier versions; train it again with this version\n")
    assert not (tmp_path / "why").exists()


@pytest.mark.parametrize(
    ("bundle", "given", "message"),
    [
        ("absent", "a.png", "absent holds no bundle; expected a run folder, its export/, or a version folder"),
        ("colour_run", "absent.png", "absent.png: no such file or folder; expected a picture or a folder of pictures"),
        ("colour_run", "empty", "empty: holds no files; expected a picture or a folder of pictures"),
    ],
)
def test_wrong_paths(colour_run: Path, pictures: Path, capsys: Captured, bundle: str, given: str, message: str) -> None:
    (pictures / "empty").mkdir()
    assert predict.main([str(colour_run.with_name(bundle)), str(pictures / given)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert message in told.err


def test_classify_in_python(colour_run: Path, pictures: Path) -> None:
    with saved_model.load(colour_run / "export" / "1") as loaded:
        answers = predict.classify(loaded, (pictures / "a.png").read_bytes())
        with pytest.raises(ValueError, match=r"^not a picture that can be read \(JPEG"):
            predict.classify(loaded, b"dear")
    assert [name for name, _ in answers] == [name for name, _ in _expected(n=1)[0]]
    assert [score for _, score in answers] == pytest.approx([score for _, score in _expected(n=1)[0]], abs=1e-5)

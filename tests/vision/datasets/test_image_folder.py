"""vision.datasets.image_folder: layouts, odd names, unreadable files by name and reason, and the memory behind it."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.vision import pictures
from vision import decoding
from vision.datasets import Examples, LabelledImages, image_folder
from vision.errors import DataError

SIZE = 8


def read(folder: Path, *, size: int = SIZE, seed: int = 0, most: int | None = None) -> LabelledImages:
    return image_folder.read(folder, size=size, seed=seed, most=most)


def parts(data: LabelledImages) -> tuple[Examples, Examples, Examples]:
    return data.train, data.validation, data.test


def names(part: Examples) -> set[str]:
    return {part.name(i) for i in range(len(part))}


def check_held_out(data: LabelledImages) -> None:
    """No file and no pixels of a part are in another one, and every label is that of the file's folder."""
    seen: set[str] = set()
    pixels: set[bytes] = set()
    for part in parts(data):
        here = {part[i].tobytes() for i in range(len(part))}
        assert not seen & names(part)
        assert not pixels & here
        assert len(names(part)) == len(here) == len(part)
        seen, pixels = seen | names(part), pixels | here
        for i in range(len(part)):
            assert data.classes[part.labels[i]] in Path(part.name(i)).parts


def test_one_folder(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"bee": 15, "ant": 20})
    data = read(tmp_path)
    assert data.classes == ("ant", "bee")
    assert data.shape == (SIZE, SIZE, 3)
    assert [np.bincount(part.labels).tolist() for part in parts(data)] == [[12, 9], [4, 3], [4, 3]]
    check_held_out(data)
    assert set.union(*(names(part) for part in parts(data))) == {str(path) for path in written}
    for i in range(len(data.test)):
        contents = Path(data.test.name(i)).read_bytes()
        expected = decoding.decode_resized(tf.constant(contents), height=SIZE, width=SIZE).numpy()
        np.testing.assert_array_equal(data.test[i], expected)
        assert data.test.encoded(i) == contents


@pytest.mark.parametrize(
    "given", [("train", "val", "test"), ("Train", "valid", "TEST"), ("train", "validation", "test")]
)
def test_three_parts(tmp_path: Path, given: tuple[str, str, str]) -> None:
    for number, part in enumerate(given):
        pictures.write_folder(tmp_path / part, {"ant": 4 - number, "bee": 3}, first=10 * number)
    data = read(tmp_path)
    check_held_out(data)
    for examples, name in zip(parts(data), given, strict=True):
        assert {Path(each).parts[-3] for each in names(examples)} == {name}
    assert [len(examples) for examples in parts(data)] == [7, 6, 5]


@pytest.mark.parametrize("last", ["val", "test"])
def test_two_parts_score_the_second(tmp_path: Path, last: str) -> None:
    pictures.write_folder(tmp_path / "train", {"ant": 20, "bee": 30})
    pictures.write_folder(tmp_path / last, {"ant": 3, "bee": 2}, first=100)
    data = read(tmp_path)
    check_held_out(data)
    assert [np.bincount(part.labels).tolist() for part in parts(data)] == [[18, 27], [2, 3], [3, 2]]
    assert {Path(each).parts[-3] for each in names(data.test)} == {last}
    assert {Path(each).parts[-3] for each in names(data.train) | names(data.validation)} == {"train"}


def test_odd_names_and_nested_folders(tmp_path: Path) -> None:
    folder = tmp_path / "my photos"
    pictures.write_folder(folder, {"große Ameise": 5, "蜂 bee": 5})
    deep = folder / "蜂 bee" / "garden, 2024" / "märz"
    deep.mkdir(parents=True)
    (deep / "no suffix").write_bytes(pictures.encode(pictures.picture(seed=90), "JPEG"))
    (deep / "wrong suffix.png").write_bytes(pictures.encode(pictures.picture(seed=91), "WEBP"))
    data = read(folder)
    assert data.classes == ("große Ameise", "蜂 bee")
    assert not data.skipped
    check_held_out(data)
    assert {str(deep / "no suffix"), str(deep / "wrong suffix.png")} <= set.union(*map(names, parts(data)))


def test_hidden_files_are_not_seen(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 5, "bee": 5})
    for hidden in (".git", "ant/.ipynb_checkpoints"):
        (tmp_path / hidden).mkdir()
        shutil.copy(written[0], tmp_path / hidden / "copy.png")
    (tmp_path / "ant" / ".DS_Store").write_bytes(b"no picture")
    (tmp_path / "bee" / "Thumbs.db").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not in a class folder")
    data = read(tmp_path)
    assert not data.skipped
    assert data.classes == ("ant", "bee")
    check_held_out(data)
    assert sum(len(part) for part in parts(data)) == 10


UNREADABLE = {
    "cut.jpg": (pictures.encode(pictures.picture(), "JPEG")[:600], "truncated or corrupt"),
    "cut.png": (pictures.encode(pictures.picture(), "PNG")[:-200], "truncated or corrupt"),
    "empty.png": (b"", "zero bytes"),
    "large.png": (pictures.large_png(9_000), "larger than 64 megapixels"),
    "note.txt": (b"a note\n", "not an image that can be read (JPEG, PNG, GIF, BMP, WebP)"),
}


def test_unreadable_files_are_counted_by_name_and_reason(tmp_path: Path) -> None:
    pictures.write_folder(tmp_path, {"ant": 60, "bee": 60})
    for name, (contents, _) in UNREADABLE.items():
        (tmp_path / "ant" / name).write_bytes(contents)
    (tmp_path / "ant" / "gone.png").symlink_to(tmp_path / "nowhere")  # not a file: not seen
    data = read(tmp_path)
    assert {(item.name, item.reason) for item in data.skipped} == {
        (os.path.join("ant", name), reason)  # noqa: PTH118 - a text, as it is reported
        for name, (_, reason) in UNREADABLE.items()
    }
    check_held_out(data)
    assert sum(len(part) for part in parts(data)) == 120


@pytest.mark.parametrize(
    ("readable", "broken", "stops"), [(38, 2, False), (38, 3, True), (19, 1, False), (18, 1, True)]
)
def test_more_than_five_percent_stop(tmp_path: Path, readable: int, broken: int, stops: bool) -> None:
    pictures.write_folder(tmp_path, {"ant": readable - 9, "bee": 9})
    for number in range(broken):
        (tmp_path / "bee" / f"broken {number}.jpg").write_bytes(b"a note\n")
    if not stops:
        assert len(read(tmp_path).skipped) == broken
        return
    message = (
        rf"{broken} of {readable + broken} files in .* cannot be used, more than 5% \(bee.broken 0.jpg: not an image"
    )
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def _made(folder: Path, **counts: int) -> None:
    folder.mkdir(exist_ok=True)
    pictures.write_folder(folder, counts)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({}, "holds no images in class folders; expected .*/<class>/<image>.jpg, or such folders in train/"),
        ({"": {"ant": 0, "bee": 0}}, "holds no images in class folders"),
        ({"": {"ant": 9}}, "holds a single class, 'ant'; a classifier needs at least two"),
        ({"train": {"ant": 9}, "val": {"ant": 9}}, "holds a single class, 'ant'"),
        ({"": {"ant": 9, "bee": 2}}, r"class 'bee' has 2 readable image\(s\); a 60/20/20 split needs at least 3"),
        ({"": {"ant": 9, "bee": 0}}, "no readable image of class 'bee' in the data"),
        (
            {"train": {"ant": 9, "bee": 9}, "test": {"ant": 9, "wasp": 9}},
            "the parts hold different classes: train/ lacks 'wasp'; test/ lacks 'bee'; expected the same classes in every",
        ),
        (
            {"train": {"ant": 9, "bee": 9}, "val": {"ant": 9}, "test": dict.fromkeys("abcdefg", 9)},
            "train/ lacks 'a', 'b', 'c', 'd', 'e' and 2 more; val/ lacks 'a', 'b', 'bee', 'c', 'd' and 3 more; test/ lacks 'ant', 'bee';",
        ),
        ({"train": {"ant": 9, "bee": 9}, "valid": {"ant": 9}}, "classes: valid/ lacks 'bee'; expected"),
        ({"train": {"ant": 9, "bee": 9}, "val": {"ant": 9, "bee": 0}}, "no readable image of class 'bee' in test/"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path: Path, layout: dict[str, dict[str, int]], message: str) -> None:
    for part, counts in layout.items():
        _made(tmp_path / part, **counts)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def test_pictures_without_class_folders(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pictures.encode(pictures.picture(), "PNG"))
    with pytest.raises(DataError, match="holds no images in class folders"):
        read(tmp_path)


def test_a_class_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    pictures.write_folder(tmp_path, {"ant": 3, "bee": 3})
    os.rename(bytes(tmp_path / "bee"), bytes(tmp_path) + b"/caf\xe9")  # noqa: PTH104 - a name in bytes
    with pytest.raises(DataError, match=r"'caf\\udce9' is not valid UTF-8; rename it"):
        read(tmp_path)


def test_the_fingerprint_follows_the_data(tmp_path: Path) -> None:
    folder, moved = tmp_path / "photos", tmp_path / "elsewhere"
    written = pictures.write_folder(folder, {"ant": 8, "bee": 8})
    before = read(folder).fingerprint()
    assert read(folder).fingerprint() == before
    shutil.copytree(folder, moved)
    assert read(moved).fingerprint() == before
    assert read(folder, seed=1).fingerprint() != before
    image = pictures.pixels(10, 12, seed=0)
    image[:5, :5] ^= 16
    written[0].write_bytes(pictures.encode(Image.fromarray(image), "PNG"))
    assert read(folder).fingerprint() != before
    shutil.move(moved / "ant" / "0000.png", moved / "bee" / "moved.png")
    assert read(moved).fingerprint() != before


def test_at_most_so_many(tmp_path: Path) -> None:
    pictures.write_folder(tmp_path / "train", {"ant": 30, "bee": 20})
    pictures.write_folder(tmp_path / "val", {"ant": 20, "bee": 4}, first=100)
    data = read(tmp_path, most=24)
    check_held_out(data)
    assert len(data.train) + len(data.validation) == 12
    assert np.bincount(data.test.labels).tolist() == [6, 4]
    assert read(tmp_path, most=24).fingerprint() == data.fingerprint()


@pytest.mark.data
def test_ants_and_bees(real_data: Path) -> None:
    folder = real_data / "ants_bees"
    data = read(folder, size=32)
    assert data.classes == ("ants", "bees")
    assert not data.skipped
    # train: 123 ants and 121 bees, a tenth of each held back; val: 70 and 83.
    assert [np.bincount(part.labels).tolist() for part in parts(data)] == [[111, 109], [12, 12], [70, 83]]
    assert {Path(name).parts[-3] for name in names(data.test)} == {"val"}
    check_held_out(data)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["train"], "holds only train/; expected train/ with val/ or test/"),
        (["val", "test"], "holds only test/, val/; expected train/ with val/ or test/"),
        (["train", "val", "valid"], "expected one each of train/, val/ and test/, and no other folder"),
        (["train", "val", "extra"], "holds extra/, train/, val/; expected one each"),
    ],
)
def test_layouts_that_leave_a_doubt_are_refused(tmp_path: Path, parts: list[str], message: str) -> None:
    for part in parts:
        for name in ("cats", "dogs"):
            (tmp_path / part / name).mkdir(parents=True)
    with pytest.raises(DataError, match=message):
        image_folder.read(tmp_path, size=8, seed=0)

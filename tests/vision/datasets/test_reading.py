"""Which reader a word on the command line leads to, and what all readers promise."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.vision import pictures
from vision.datasets import LabelledImages
from vision.datasets.reading import read_labelled
from vision.errors import DataError


def _digits(folder: Path) -> str:
    return "digits"


def _photos(folder: Path) -> str:
    pictures.write_folder(folder, {"ant": 30, "bee": 20})
    return str(folder)


def _photos_in_two_parts(folder: Path) -> str:
    pictures.write_folder(folder / "train", {"ant": 30, "bee": 20})
    pictures.write_folder(folder / "val", {"ant": 5, "bee": 5}, first=100)
    return str(folder)


def _npz(folder: Path) -> str:
    images = np.stack([pictures.pixels(9, 9, seed=i) for i in range(40)])
    np.savez(folder / "images.npz", images=images, labels=np.arange(40) % 2)
    return str(folder / "images.npz")


def _idx(folder: Path) -> str:
    for stem, count in (("train", 40), ("t10k", 20)):
        images = np.stack([pictures.pixels(9, 9, 1, seed=i + count) for i in range(count)])
        head = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 9, 9)
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + images.tobytes()))
        labels = bytes(i % 2 for i in range(count))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, count) + labels)
    return str(folder)


Kind = Callable[[Path], str]


KINDS: list[Kind] = [_digits, _photos, _photos_in_two_parts, _npz, _idx]


def rows(data: LabelledImages) -> list[set[int]]:
    return [set(part.index.tolist()) for part in (data.train, data.validation, data.test)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_held_out_example_is_never_trained_on(kind: Kind, seed: int, tmp_path: Path) -> None:
    data = read_labelled(kind(tmp_path), size=None, seed=seed)
    train, validation, test = rows(data)
    assert train.isdisjoint(validation)
    assert train.isdisjoint(test)
    assert validation.isdisjoint(test)
    assert train | validation | test == set(range(len(data.train.pool)))
    for part in (data.train, data.validation, data.test):
        assert set(part.labels.tolist()) == set(range(len(data.classes)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_the_split(kind: Kind, tmp_path: Path) -> None:
    word = kind(tmp_path)
    first, again, other = (read_labelled(word, size=8, seed=seed) for seed in (0, 0, 1))
    assert first.fingerprint() == again.fingerprint()
    assert rows(first) == rows(again)
    assert rows(first)[1] != rows(other)[1]


@pytest.mark.parametrize(
    ("kind", "own"), [(_digits, 8), (_photos, 96), (_photos_in_two_parts, 96), (_npz, 9), (_idx, 9)]
)
def test_sizes(kind: Kind, own: int, tmp_path: Path) -> None:
    word = kind(tmp_path)
    assert read_labelled(word, size=None, seed=0).shape == (own, own, 3)
    assert read_labelled(word, size=12, file_size=10, seed=0).shape == (12, 12, 3)
    files = own == 96
    assert read_labelled(word, size=None, file_size=10, seed=0).shape == ((10, 10, 3) if files else (own, own, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_at_most_so_many(kind: Kind, tmp_path: Path) -> None:
    data = read_labelled(kind(tmp_path), size=8, seed=0, most=20)
    assert sum(len(rows) for rows in rows(data)) == (50 if kind is _digits else 20)  # five of each class at least
    assert all(part.labels.size for part in (data.train, data.validation, data.test))


def test_digits_are_split_60_20_20() -> None:
    data = read_labelled("digits", size=None, seed=0)
    counts = np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    held_out = np.rint(counts / 5)
    found = [np.bincount(part.labels).tolist() for part in (data.train, data.validation, data.test)]
    assert found == [(counts - 2 * held_out).tolist(), held_out.tolist(), held_out.tolist()]
    assert [sum(each) for each in found] == [1079, 359, 359]


def _wide_files(folder: Path, images: NDArray[np.uint8]) -> str:
    for i, image in enumerate(images):
        path = folder / ("ant" if i < 6 else "bee") / f"{i:02}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pictures.encode(Image.fromarray(image), "PNG"))
    return str(folder)


def _wide_table(folder: Path, images: NDArray[np.uint8]) -> str:
    written = sorted(Path(_wide_files(folder, images)).glob("*/*.png"))
    path = folder / "photos.csv"
    path.write_text("".join(["path,label\n", *(f"{each},{each.parent.name}\n" for each in written)]))
    return str(path)


def _wide_npz(folder: Path, images: NDArray[np.uint8]) -> str:
    np.savez(folder / "images.npz", images=images, labels=np.arange(12) // 6)
    return str(folder / "images.npz")


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("write", [_wide_files, _wide_table, _wide_npz])
def test_cropped_to_the_central_square(
    write: Callable[[Path, NDArray[np.uint8]], str], upright: bool, tmp_path: Path
) -> None:
    """Pictures of 4 x 9, each column 20 brighter than the one before: five too many, of which two go on the left."""
    n, y, x, c = np.indices((12, 4, 9, 3))
    wide = (20 * x + 3 * y + n + c).astype(np.uint8)
    turn = (0, 2, 1, 3) if upright else (0, 1, 2, 3)
    word = write(tmp_path, np.ascontiguousarray(wide.transpose(turn)))
    data = read_labelled(word, size=4, seed=0, crop=True)
    found = data.train.pool.transpose(turn)
    assert found[0, 0, :, 0].tolist() == [40, 60, 80, 100]
    assert found[5, 3, :, 2].tolist() == [56, 76, 96, 116]
    np.testing.assert_array_equal(found, wide[:, :, 2:6])
    assert data.sizes is not None
    assert data.sizes.tolist() == [[9, 4] if upright else [4, 9]] * 12
    stretched = read_labelled(word, size=4, seed=0).train.pool.transpose(turn)[0, 0, :, 0]
    assert stretched[0] < 40 < 100 < stretched[-1]


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    _photos(tmp_path / "photos")
    assert read_labelled("~/photos", size=8, seed=0).classes == ("ant", "bee")


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"--data digts: no such file or folder; .*\(digits, keras:mnist, .*\); did you mean digits\?"
    ):
        read_labelled("digts", size=None, seed=0)
    with pytest.raises(
        DataError,
        match=r"nowhere: no such file or folder; expected a folder, an \.npz or a \.csv file, or a known name",
    ):
        read_labelled(str(tmp_path / "nowhere"), size=None, seed=0)


def test_what_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("a,b\n")
    with pytest.raises(
        DataError, match=r"table\.tsv: cannot read this kind of file; expected a folder, an \.npz or a \.csv file"
    ):
        read_labelled(str(path), size=None, seed=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images in class folders"):
        read_labelled(str(tmp_path / "empty"), size=None, seed=0)


def test_data_errors_are_value_errors() -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_labelled("nothing", size=None, seed=0)

"""vision.datasets.image_files: pictures from anywhere, their own sizes, what may not be read, and the memory behind it."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.vision import pictures
from vision.augment.options import Augmentation
from vision.datasets import LabelledImages, batches, image_files, image_folder
from vision.datasets.image_files import File, Listing

SIZE = 8


def read(folder: Path) -> LabelledImages:
    return image_folder.read(folder, size=SIZE, seed=0)


def test_files_from_anywhere_with_their_own_sizes(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    files = []
    for number in range(40):
        path = (here if number % 2 else there) / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        # The camera was held upright for every fourth picture: what a viewer shows is higher than wide.
        exif = pictures.exif(6 if number % 4 == 0 else 1)
        image = pictures.picture(height=20 + number, width=90, seed=number)
        path.write_bytes(pictures.encode(image, "JPEG", exif=exif))
        files.append(File("all", number % 2, path))
    for name in ("here/cut.png", "there/cut.png"):
        (tmp_path / name).write_bytes(b"")
        files.append(File("all", 0, tmp_path / name))
    data = image_files.read(Listing(files=files, where=here, parts=("all",), classes=("ant", "bee")), size=SIZE, seed=0)
    assert [item.name for item in data.skipped] == ["cut.png", str(there / "cut.png")]
    assert data.sizes is not None
    upright = [[90, 20 + n] if n % 4 == 0 else [20 + n, 90] for n in range(40)]
    assert data.sizes.tolist() == [*upright, [0, 0], [0, 0]]


def test_a_file_that_may_not_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 20, "bee": 20})
    whole = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == written[3]:
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (skipped,) = read(tmp_path).skipped
    assert (skipped.name, skipped.reason) == ("ant/0003.png", "cannot be read: Permission denied")


def test_a_large_set_lies_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures.write_folder(tmp_path / "photos", {"ant": 8, "bee": 8})
    small = read(tmp_path / "photos")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(image_files, "_IN_MEMORY_BYTES", 16 * SIZE * SIZE * 3 - 1)
    large = read(tmp_path / "photos")
    assert isinstance(large.train.pool, np.memmap)
    assert not isinstance(small.train.pool, np.memmap)
    assert not list(scratch.iterdir())
    assert large.fingerprint() == small.fingerprint()
    streams = [
        batches.training(data.train, range(2), classes=2, batch_size=5, seed=0, augmentation=Augmentation(flip=True))
        for data in (small, large)
    ]
    for (first, _), (second, _) in zip(*streams, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_full_disk_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(image_files, "_IN_MEMORY_BYTES", 0)
    pictures.write_folder(tmp_path, {"ant": 8, "bee": 8})
    with pytest.raises(OSError, match="No space left on device"):
        read(tmp_path)

"""vision.datasets.labelled: single examples, their files, and a fingerprint that every change moves."""

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.vision import pictures
from vision.datasets import Examples, LabelledImages
from vision.datasets.labelled import check_classes, write_samples
from vision.errors import DataError


def examples(channels: int = 3, names: tuple[str, ...] | None = None) -> Examples:
    """Four examples of a pool of six, backwards."""
    pool = np.stack([pictures.pixels(5, 7, channels, seed=i) for i in range(6)])
    names = names or tuple(f"made[{i}]" for i in range(6))
    return Examples(pool=pool, index=np.array([5, 4, 2, 0]), labels=np.array([1, 0, 1, 0]), names=names)


def images() -> LabelledImages:
    everything = examples()
    train, validation, test = (everything.take(np.array(rows)) for rows in ([0, 1], [2], [3]))
    return LabelledImages(classes=("ant", "bee"), train=train, validation=validation, test=test)


def test_one_example() -> None:
    found = examples()
    assert len(found) == 4
    assert found.shape == (5, 7, 3)
    np.testing.assert_array_equal(found[1], pictures.pixels(5, 7, seed=4))
    np.testing.assert_array_equal(found[-1], pictures.pixels(5, 7, seed=0))
    assert found.name(2) == "made[2]"


@pytest.mark.parametrize("position", [4, -5])
def test_positions_outside_are_refused(position: int) -> None:
    with pytest.raises(IndexError, match=str(position)):
        examples()[position]


def test_grey_is_repeated() -> None:
    found = examples(channels=1)
    assert found.shape == (5, 7, 3)
    assert found[0].shape == (5, 7, 3)
    for channel in range(3):
        np.testing.assert_array_equal(found[0][..., channel], pictures.pixels(5, 7, 1, seed=5)[..., 0])


def test_take_keeps_labels_and_names_with_their_images() -> None:
    whole = examples()
    taken = whole.take(np.array([3, 0]))
    assert [taken.name(i) for i in range(2)] == ["made[0]", "made[5]"]
    assert taken.labels.tolist() == [0, 1]
    np.testing.assert_array_equal(taken[1], whole[0])
    assert np.shares_memory(taken.pool, whole.pool)


@pytest.mark.parametrize("channels", [1, 3])
def test_encoded_array_is_a_lossless_png(channels: int) -> None:
    found = examples(channels=channels)
    png = found.encoded(1)
    assert png.startswith(b"\x89PNG")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), found[1])


def test_encoded_file_is_the_file(tmp_path: Path) -> None:
    paths = pictures.write_folder(tmp_path, {"ant": 6})
    found = examples(names=tuple(str(path) for path in paths))
    assert found.encoded(0) == paths[5].read_bytes()


def _with_pixel(data: LabelledImages) -> LabelledImages:
    pool = data.train.pool.copy()
    pool[1, 2, 3, 0] ^= 1  # a picture that no split uses is still part of the data that was read
    parts = (dataclasses.replace(part, pool=pool) for part in (data.train, data.validation, data.test))
    train, validation, test = parts
    return dataclasses.replace(data, train=train, validation=validation, test=test)


def _with_label(data: LabelledImages) -> LabelledImages:
    return dataclasses.replace(data, test=dataclasses.replace(data.test, labels=1 - data.test.labels))


CHANGES: dict[str, Callable[[LabelledImages], LabelledImages]] = {
    "pixel": _with_pixel,
    "label": _with_label,
    "order": lambda data: dataclasses.replace(data, train=data.train.take(np.array([1, 0]))),
    "class name": lambda data: dataclasses.replace(data, classes=("ant", "wasp")),
    "split": lambda data: dataclasses.replace(data, validation=data.test, test=data.validation),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_moves_the_fingerprint(name: str) -> None:
    assert CHANGES[name](images()).fingerprint() != images().fingerprint()


def test_equal_data_has_an_equal_fingerprint(tmp_path: Path) -> None:
    data = images()
    mapped: NDArray[np.uint8] = np.memmap(tmp_path / "pool", np.uint8, "w+", shape=data.train.pool.shape)
    mapped[:] = data.train.pool
    train, validation, test = (dataclasses.replace(p, pool=mapped) for p in (data.train, data.validation, data.test))
    same = dataclasses.replace(data, train=train, validation=validation, test=test)
    assert same.fingerprint() == data.fingerprint() == images().fingerprint()
    assert len(data.fingerprint()) == 64
    assert data.shape == (5, 7, 3)


def test_samples_of_arrays(tmp_path: Path) -> None:
    found = examples()
    written = write_samples(found, tmp_path / "new" / "samples", classes=("red ant/..", "Käfer"), most=3)
    assert [path.name for path in written] == ["0-Käfer.png", "1-red_ant___.png", "2-Käfer.png"]
    read = cv2.imdecode(np.frombuffer(written[1].read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    np.testing.assert_array_equal(read[..., ::-1], found[1])


def test_samples_of_files_keep_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "photo.JPG"
    path.write_bytes(pictures.encode(pictures.picture(), "JPEG"))
    found = examples(names=(str(path),) * 6)
    written = write_samples(found, tmp_path / "samples", classes=("ant", "bee"), most=10)
    assert [each.name for each in written] == ["0-bee.JPG", "1-ant.JPG", "2-bee.JPG", "3-ant.JPG"]
    assert written[0].read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ((), "photos holds no classes; expected at least two"),
        (("ant",), "photos holds a single class, 'ant'; a classifier needs at least two"),
        (("ant", "bee", "ant"), "photos: two classes are called 'ant'; expected different names"),
        (("ant", "caf\udce9"), r"photos: the class name 'caf\\udce9' is not valid UTF-8; rename it"),
    ],
)
def test_classes_that_cannot_be_used(classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_classes(classes, "photos")
    check_classes(("ant", "Käfer, rot"), "photos")

"""vision.datasets.arrays: every accepted form of `.npz` and idx files, and every refused one by its words."""

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.datasets import LabelledImages, arrays
from vision.errors import DataError

Given = dict[str, Any]


def pictures(count: int, *shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *(shape or (4, 5)))).astype(np.uint8)


def three_parts() -> Given:
    given: Given = {}
    for seed, (part, count) in enumerate((("train", 12), ("val", 6), ("test", 9))):
        given |= {f"x_{part}": pictures(count, seed=seed), f"y_{part}": np.arange(count) % 3}
    return given


def one_part(**changes: Any) -> Given:
    return {"images": pictures(12), "labels": np.arange(12) % 3} | changes


def read(folder: Path, given: Given) -> arrays.LabelledArrays:
    np.savez(folder / "data.npz", **given)
    return arrays.read_npz(folder / "data.npz")


def split(given: arrays.LabelledArrays, *, size: int | None = None, most: int | None = None) -> LabelledImages:
    return arrays.split(given, size=size, seed=0, most=most)


def test_three_parts(tmp_path: Path) -> None:
    given = three_parts()
    found = read(tmp_path, given)
    assert found.classes == ("0", "1", "2")
    assert list(found.parts) == ["train", "validation", "test"]
    for part, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        images, labels = found.parts[part]
        np.testing.assert_array_equal(images[..., 0], given[f"x_{name}"])
        np.testing.assert_array_equal(labels, given[f"y_{name}"])
    data = split(found)
    np.testing.assert_array_equal(data.validation[2], np.repeat(given["x_val"][2][..., None], 3, axis=-1))
    assert data.test.name(0) == f"{tmp_path / 'data.npz'}[18]"
    assert [len(part) for part in (data.train, data.validation, data.test)] == [12, 6, 9]


def test_train_and_test_only(tmp_path: Path) -> None:
    given = {key: value for key, value in three_parts().items() if "val" not in key}
    data = split(read(tmp_path, given))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [9, 3, 9]
    np.testing.assert_array_equal(data.test[4][..., 0], given["x_test"][4])


def test_one_part_and_its_held_out_examples(tmp_path: Path) -> None:
    given = one_part(images=pictures(60), labels=np.arange(60) % 3)
    data = split(read(tmp_path, given))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [36, 12, 12]
    rows = [part[i].tobytes() for part in (data.train, data.validation, data.test) for i in range(len(part))]
    assert len(set(rows)) == 60  # nobody is seen twice
    for part in (data.train, data.validation, data.test):
        for i in range(len(part)):
            row = int(part.name(i).rsplit("[")[-1].rstrip("]"))
            np.testing.assert_array_equal(part[i][..., 0], given["images"][row])
            assert part.labels[i] == row % 3


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        (np.array([7, 3, 5] * 4), None, ("3", "5", "7")),
        (np.array(["owl", "ant", "été"] * 4), None, ("ant", "owl", "été")),
        (np.array([[2], [0], [1]] * 4, np.uint8), np.array(["ant", "bee", "cow"]), ("ant", "bee", "cow")),
        (np.array([2, 0, 3] * 4), np.array(["ant", "bee", "cow", "dog"]), ("ant", "cow", "dog")),
    ],
)
def test_labels_and_class_names(
    tmp_path: Path, labels: NDArray[Any], classes: NDArray[Any] | None, expected: tuple[str, ...]
) -> None:
    found = read(tmp_path, one_part(labels=labels) | ({} if classes is None else {"classes": classes}))
    assert found.classes == expected
    names = [str(value) for value in labels.reshape(-1)]
    if classes is not None:
        names = [str(classes[value]) for value in labels.reshape(-1)]
    assert [expected[number] for number in found.parts["all"][1]] == names


@pytest.mark.parametrize(
    ("images", "scale"),
    [
        (pictures(12, 4, 5, 3), 1),
        (pictures(12, 4, 5, 1), 1),
        (pictures(12).astype(np.int64), 1),
        (pictures(12).astype(np.float32), 1),
        (pictures(12).astype(np.float32) / 255, 255),
        (pictures(12).astype(np.float64) / 255, 255),
        (np.ones((12, 4, 5), np.int32), 1),
    ],
)
def test_forms_of_images(tmp_path: Path, images: NDArray[Any], scale: int) -> None:
    found, _ = read(tmp_path, one_part(images=images)).parts["all"]
    assert found.dtype == np.uint8
    assert found.shape == (12, 4, 5, 3 if images.ndim == 4 and images.shape[-1] == 3 else 1)
    np.testing.assert_array_equal(found.reshape(images.shape), np.rint(images * scale))


def with_nan() -> NDArray[np.float32]:
    images = pictures(12).astype(np.float32)
    images[3, 1, 1] = np.nan
    return images


LIST = "expected a list of strings"
REFUSED: dict[str, tuple[Given, str]] = {
    "no pairs": ({"images": pictures(3), "y": np.arange(3)}, r"holds the arrays \['images', 'y'\]; expected x_train"),
    "no test": ({"x_train": pictures(3), "y_train": np.arange(3)}, "expected x_train, y_train, x_test, y_test"),
    "both forms": (three_parts() | one_part(), "expected x_train, y_train, x_test, y_test"),
    "objects": (one_part(labels=np.array(["a", None] * 6, object)), "not a readable .npz file: Object arrays"),
    "float labels": (one_part(labels=np.arange(12) / 2), "expected whole numbers or strings"),
    "byte labels": (one_part(labels=np.array([b"a", b"b"] * 6)), "expected whole numbers or strings"),
    "label names": (one_part(labels=np.array(["a", "b"] * 6), classes=np.array(["a", "b"])), "names 2 classes, labels"),
    "unnamed label": (one_part(classes=np.array(["a", "b"])), "names 2 classes, labels are 0 to 2; expected 0 to 1"),
    "label below 0": (one_part(labels=np.arange(12) - 1, classes=np.arange(20)), "labels are -1 to 10; expected 0"),
    "byte names": (one_part(classes=np.array([b"a", b"b", b"c"])), LIST),
    "one name": (one_part(classes=np.array("abc")), LIST),
    "two-dimensional": (one_part(images=pictures(12, 4)), r"images have shape \(12, 4\); expected \(n, h, w\)"),
    "two channels": (one_part(images=pictures(12, 4, 4, 2)), r"images have shape \(12, 4, 4, 2\); expected"),
    "empty": (one_part(images=pictures(0), labels=np.arange(0)), r"images have shape \(0, 4, 5, 1\); expected"),
    "empty, named": (
        one_part(images=pictures(0), labels=np.arange(0), classes=np.array(["a"])),
        r"images have shape \(0, 4, 5, 1\); expected",
    ),
    "too few labels": (one_part(labels=np.arange(11)), "12 images but 11 labels; expected one label for each image"),
    "one-hot labels": (one_part(labels=np.eye(12, dtype=int)), "12 images but 144 labels"),
    "complex": (one_part(images=pictures(12) * 1j), "images have dtype complex128; expected uint8, or floats from 0"),
    "bool": (one_part(images=pictures(12) > 9), "images have dtype bool; expected uint8, or floats from 0 to 1"),
    "negative": (one_part(images=pictures(12) / 127.5 - 1), "pixel values run from -1 to 1; expected 0 to 255"),
    "16 bits": (one_part(images=pictures(12) * np.uint16(256)), "pixel values run from 0 to 65280; expected 0 to 255"),
    "not a number": (one_part(images=with_nan()), "pixel values run from nan to nan; expected 0 to 255"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_npz(tmp_path: Path, name: str) -> None:
    given, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        read(tmp_path, given)


def _damaged(contents: bytes) -> bytes:
    """The directory of the archive is whole, the compressed data are not."""
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        start = archive.infolist()[0].header_offset + 60
    return contents[:start] + b"\xff" * 40 + contents[start + 40 :]


@pytest.mark.parametrize("name", ["empty", "text", "cut off", "npy", "damaged"])
def test_npz_that_is_none(tmp_path: Path, name: str) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, **one_part(images=pictures(12, 40, 40)))
    alone = io.BytesIO()
    np.save(alone, pictures(3))
    contents = {
        "empty": b"",
        "text": b"a note\n",
        "cut off": file.getvalue()[:-100],
        "npy": alone.getvalue(),
        "damaged": _damaged(file.getvalue()),
    }
    path = tmp_path / "data.npz"
    path.write_bytes(contents[name])
    with pytest.raises(DataError, match=r"data\.npz is not a readable \.npz file"):
        arrays.read_npz(path)


def test_parts_of_different_sizes(tmp_path: Path) -> None:
    found = read(tmp_path, three_parts() | {"x_test": pictures(9, 8, 8)})
    with pytest.raises(DataError, match=r"images of different shapes, \(4, 5, 1\) and \(8, 8, 1\); expected one"):
        split(found)
    assert split(found, size=6).shape == (6, 6, 3)


def test_a_single_class(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds a single class, '4'"):
        split(read(tmp_path, one_part(labels=np.full(12, 4))))


@pytest.mark.parametrize("channels", [1, 3])
def test_resized_by_area_or_bilinear(tmp_path: Path, channels: int) -> None:
    images = pictures(12, 6, 6, channels)
    found = read(tmp_path, one_part(images=images))
    smaller = split(found, size=3).train.pool
    assert smaller.shape == (12, 3, 3, channels)
    means = images.reshape(12, 3, 2, 3, 2, channels).astype(float).mean(axis=(2, 4))
    assert abs(smaller - means).max() <= 0.5
    larger = split(found, size=12).train.pool
    # Bilinear with pixel centres: the second row and column lie a quarter of the way to the next pixel.
    corner = images[:, :2, :2].astype(float)
    expected = 0.75 * 0.75 * corner[:, 0, 0] + 0.75 * 0.25 * (corner[:, 0, 1] + corner[:, 1, 0]) + corner[:, 1, 1] / 16
    assert abs(larger[:, 1, 1] - expected).max() <= 1
    np.testing.assert_array_equal(split(found, size=None).train.pool, images)


def test_most_is_shared_by_parts_and_classes(tmp_path: Path) -> None:
    given: Given = {
        "x_train": pictures(300),
        "y_train": np.arange(300) % 2,
        "x_test": pictures(200, seed=1),
        "y_test": np.arange(200) % 2,
    }
    data = split(read(tmp_path, given), most=64)
    assert len(data.train) + len(data.validation) == 32
    assert np.bincount(data.test.labels).tolist() == [16, 16]
    whole = [image.tobytes() for image in given["x_test"]]
    assert [int(whole.index(data.test[i][..., 0].tobytes())) % 2 for i in range(32)] == data.test.labels.tolist()


def idx(values: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_idx(folder: Path, *, packed: bool = False) -> dict[str, NDArray[np.uint8]]:
    given = {}
    for seed, (stem, count) in enumerate((("train", 40), ("t10k", 20))):
        given[f"{stem}-images-idx3-ubyte"] = pictures(count, 4, 5, seed=seed)
        given[f"{stem}-labels-idx1-ubyte"] = (np.arange(count) % 4).astype(np.uint8)
    for name, values in given.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(idx(values)) if packed else idx(values))
    return given


@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path: Path, packed: bool) -> None:
    assert not arrays.holds_idx(tmp_path)
    given = write_idx(tmp_path, packed=packed)
    assert arrays.holds_idx(tmp_path)
    found = arrays.read_idx(tmp_path)
    assert found.classes == ("0", "1", "2", "3")
    np.testing.assert_array_equal(found.parts["train"][0][..., 0], given["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(found.parts["test"][1], given["t10k-labels-idx1-ubyte"])
    data = split(found)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [36, 4, 20]


def test_idx_with_names(tmp_path: Path) -> None:
    write_idx(tmp_path)
    for contents in (b"\xef\xbb\xbfant\r\nbee\r\ncow\r\nK\xc3\xa4fer\r\n", b"ant\nbee\ncow\nK\xc3\xa4fer"):
        (tmp_path / "classes.txt").write_bytes(contents)
        assert arrays.read_idx(tmp_path).classes == ("ant", "bee", "cow", "Käfer")
    (tmp_path / "classes.txt").write_bytes(b"ant\nbee\ncow\n")
    with pytest.raises(DataError, match="`classes` names 3 classes, labels are 0 to 3; expected 0 to 2"):
        arrays.read_idx(tmp_path)
    (tmp_path / "classes.txt").write_bytes(b"ant\nbee\ncow\nK\xe4fer\n")
    with pytest.raises(DataError, match=r"classes\.txt is not UTF-8 text: .*; expected one class name per line"):
        arrays.read_idx(tmp_path)


def test_parts_with_different_classes_are_named(tmp_path: Path) -> None:
    given: Given = {
        "x_train": pictures(40),
        "y_train": np.repeat(["ant", "bee"], 20),
        "x_test": pictures(20, seed=1),
        "y_test": np.repeat(["ant", "cow"], 10),
    }
    message = (
        "no readable image of class 'cow' in train/ and of class 'bee' in test/; every class needs some in every part"
    )
    with pytest.raises(DataError, match=message):
        split(read(tmp_path, given))


def test_sizes_are_those_before_resizing(tmp_path: Path) -> None:
    data = split(read(tmp_path, one_part(images=pictures(12, 6, 8))), size=3)
    assert data.sizes is not None
    assert data.sizes.tolist() == [[6, 8]] * 12


BROKEN = {
    "cut off": (idx(pictures(40))[:-1], r"cut off: its header says \(40, 4, 5\), which is 800 bytes; found 799"),
    "too long": (idx(pictures(40)) + b"!", "which is 800 bytes; found 801"),
    "header cut off": (b"\0\0\x08\x03\0\0", "is not an idx file of bytes"),
    "empty": (b"", "is not an idx file of bytes: it begins with b''"),
    "floats": (b"\0\0\x0d\x01\0\0\0\0", "expected 00 00 08 and the rank"),
    "text": (b"a note\n", "is not an idx file of bytes: it begins with b'a no'"),
    "immense": (b"\0\0\x08\x04" + b"\xff" * 16, "which is 340282366604025813516997721482669850625 bytes; found 0"),
    "no sizes": (b"\0\0\x08\0!", r"images have shape \(\); expected \(n, h, w\)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_idx(tmp_path: Path, name: str) -> None:
    write_idx(tmp_path)
    contents, message = BROKEN[name]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(contents)
    with pytest.raises(DataError, match=message):
        arrays.read_idx(tmp_path)


@pytest.mark.parametrize("damage", [slice(0, -20), slice(1, None)])
def test_broken_gzip(tmp_path: Path, damage: slice) -> None:
    write_idx(tmp_path, packed=True)
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[damage])
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz is not a readable gzip file"):
        arrays.read_idx(tmp_path)
    path.write_bytes(gzip.compress(bytes(2000))[:10] + b"\xff" * 30)
    with pytest.raises(DataError, match="is not a readable gzip file"):
        arrays.read_idx(tmp_path)


def test_missing_idx_file(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz; expected train-\*"):
        arrays.read_idx(tmp_path)


@pytest.mark.data
def test_fashion_mnist(real_data: Path) -> None:
    found = arrays.read_idx(real_data / "fashion_mnist")
    # 60,000 and 10,000 images of 28x28, 6,000 and 1,000 of each class (arXiv 1708.07747, section 2).
    assert {name: images.shape for name, (images, _) in found.parts.items()} == {
        "train": (60_000, 28, 28, 1),
        "test": (10_000, 28, 28, 1),
    }
    assert np.bincount(found.parts["train"][1]).tolist() == [6_000] * 10
    data = split(found)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [54_000, 6_000, 10_000]
    # Mean and deviation of the training pixels as published (the order of the images varies between copies).
    pixels = found.parts["train"][0].astype(np.float32) / 255
    assert (round(float(pixels.mean()), 4), round(float(pixels.std()), 4)) == (0.2860, 0.3530)

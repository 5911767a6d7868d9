"""Arrays of images: `.npz` files and the idx files of MNIST and its kin."""

import gzip
import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.datasets import splits
from vision.datasets.labelled import Examples, LabelledImages, check_classes
from vision.errors import DataError

Part = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class LabelledArrays:
    """Images and labels of a file or a set, before the split."""

    where: str
    classes: tuple[str, ...]
    parts: Mapping[str, Part]
    """Either `all`, or `train` and `test`, or `train`, `validation` and `test`: uint8 (n, h, w, 1 or 3) and int64 (n,)."""


def read_npz(path: Path) -> LabelledArrays:
    """Read `x_train, y_train, x_test, y_test` (and `x_val, y_val`), or `images, labels`; `classes` may name the labels.

    Images: (n, h, w), (n, h, w, 1) or (n, h, w, 3), uint8, or floats 0 to 1. Labels: whole numbers or strings.
    """
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is not a readable .npz file: not a zip archive, or cut off; write it with numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as file:
            found: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is not a readable .npz file: {error}") from error
    given = {part: (found[x], found[y]) for part, x, y in _NPZ_NAMES if x in found and y in found}
    if set(given) not in _KNOWN_PARTS:
        raise DataError(
            f"{path} holds the arrays {sorted(found)}; expected x_train, y_train, x_test, y_test (x_val, y_val), or images, labels"
        )
    return from_parts(given, where=str(path), names=found.get("classes"))


def holds_idx(folder: Path) -> bool:
    """Whether the folder holds files like MNIST's."""
    return any(folder.glob("*-idx3-ubyte*"))


def read_idx(folder: Path) -> LabelledArrays:
    """Read `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and `t10k-*`, each plain or `.gz` (LeCun et al., 1998).

    `classes.txt` in the folder may name the labels 0, 1, 2 ..., one per line (UTF-8).
    """
    given = {}
    for part, stem in (("train", "train"), ("test", "t10k")):
        images, labels = (
            _read_idx_file(_idx_file(folder, f"{stem}-{kind}")) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
        )
        given[part] = (images, labels)
    return from_parts(given, where=str(folder), names=_listed_classes(folder))


def from_parts(
    given: Mapping[str, tuple[NDArray[Any], NDArray[Any]]], *, where: str, names: Sequence[str] | NDArray[Any] | None
) -> LabelledArrays:
    """Check images and labels of each part, as `read_npz` takes them; names: those of the labels 0, 1, 2 ..., or None."""
    listed = None if names is None else np.asarray(names)
    classes, numbered = _numbered({part: labels for part, (_, labels) in given.items()}, listed, where)
    parts = {part: _checked(images, numbered[part], f"{where} ({part})") for part, (images, _) in given.items()}
    return LabelledArrays(where=where, classes=classes, parts=parts)


def split(
    given: LabelledArrays, *, size: int | None, seed: int, most: int | None, crop: bool = False
) -> LabelledImages:
    """Split by `splits`, keep at most `most` examples, and bring the images, or with `crop` their central squares, to `size`."""
    check_classes(given.classes, given.where)
    parts = {
        name: _fewer(part, most=most and most // len(given.parts), seed=seed) for name, part in given.parts.items()
    }
    pool = _joined([_resized(images, size, crop=crop) for images, _ in parts.values()], given.where)
    labels = np.concatenate([numbers for _, numbers in parts.values()])
    counts = [len(numbers) for _, numbers in parts.values()]
    starts = dict(zip(parts, np.split(np.arange(len(labels)), np.cumsum(counts)[:-1]), strict=True))
    sizes = np.concatenate([np.tile(images.shape[1:3], (len(images), 1)) for images, _ in parts.values()])
    names = tuple(f"{given.where}[{i}]" for i in range(len(labels)))
    everything = Examples(pool=pool, index=np.arange(len(labels)), labels=labels, names=names)
    rows = splits.roles(starts, labels, classes=given.classes, seed=seed)
    train, validation, test = (everything.take(index) for index in rows)
    return LabelledImages(classes=given.classes, train=train, validation=validation, test=test, sizes=sizes)


_NPZ_NAMES = (
    ("train", "x_train", "y_train"),
    ("validation", "x_val", "y_val"),
    ("test", "x_test", "y_test"),
    ("all", "images", "labels"),
)
_KNOWN_PARTS = ({"all"}, {"train", "test"}, {"train", "validation", "test"})


def _fewer(part: Part, *, most: int | None, seed: int) -> Part:
    images, labels = part
    if most is None or len(labels) <= most:
        return part
    chosen = splits.fewest(labels, most=most, seed=seed)
    return images[chosen], labels[chosen]


def _resized(images: NDArray[np.uint8], size: int | None, *, crop: bool) -> NDArray[np.uint8]:
    if size is None or images.shape[1:3] == (size, size):
        return images
    if crop:
        height, width = images.shape[1:3]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        images = images[:, top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if size < min(images.shape[1:3]) else cv2.INTER_LINEAR
    resized = np.stack([cv2.resize(image, (size, size), interpolation=interpolation) for image in images])
    return resized.reshape(len(images), size, size, images.shape[-1])


def _joined(parts: Sequence[NDArray[np.uint8]], where: str) -> NDArray[np.uint8]:
    shapes = sorted({images.shape[1:] for images in parts})
    if len(shapes) > 1:
        listed = " and ".join(str(shape) for shape in shapes)
        raise DataError(
            f"{where}: the parts hold images of different shapes, {listed}; expected one (height, width, channels)"
        )
    return np.concatenate(parts)


def _numbered(
    labels: Mapping[str, NDArray[Any]], names: NDArray[Any] | None, where: str
) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Number the labels 0 to classes - 1, and list the class names (numbers in order, strings sorted)."""
    flat = {part: values.reshape(-1) for part, values in labels.items()}
    kinds = {values.dtype.kind for values in flat.values()}
    if not kinds <= set("iuU"):
        raise DataError(
            f"{where}: labels have dtype {[str(v.dtype) for v in flat.values()]}; expected whole numbers or strings"
        )
    found, inverse = np.unique(np.concatenate(list(flat.values())), return_inverse=True)
    numbered = dict(
        zip(flat, np.split(inverse.astype(np.int64), np.cumsum([len(v) for v in flat.values()])[:-1]), strict=True)
    )
    if names is None:
        return tuple(str(value) for value in found), numbered
    if names.ndim != 1 or names.dtype.kind not in "iuU":
        raise DataError(
            f"{where}: `classes` has shape {names.shape} and dtype {names.dtype}; expected a list of strings"
        )
    if found.dtype.kind == "U" or found.min(initial=0) < 0 or found.max(initial=0) >= len(names):
        raise DataError(
            f"{where}: `classes` names {len(names)} classes, labels are {found[0]} to {found[-1]}; expected 0 to {len(names) - 1}"
        )
    return tuple(str(names[int(value)]) for value in found), numbered


def _checked(images: NDArray[Any], labels: NDArray[np.int64], where: str) -> Part:
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise DataError(f"{where}: images have shape {images.shape}; expected (n, h, w), (n, h, w, 1) or (n, h, w, 3)")
    if len(images) != len(labels):
        raise DataError(f"{where}: {len(images)} images but {len(labels)} labels; expected one label for each image")
    return _as_uint8(images, where), labels


def _as_uint8(images: NDArray[Any], where: str) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise DataError(f"{where}: images have dtype {images.dtype}; expected uint8, or floats from 0 to 1")
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite([low, high]).all() and low >= 0 and high <= 255):
        raise DataError(f"{where}: pixel values run from {low:g} to {high:g}; expected 0 to 255, or floats from 0 to 1")
    scale = 255.0 if images.dtype.kind == "f" and high <= 1.0 else 1.0
    return np.round(images * scale).astype(np.uint8)


def _listed_classes(folder: Path) -> list[str] | None:
    path = folder / "classes.txt"
    if not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}; expected one class name per line") from error


def _idx_file(folder: Path, stem: str) -> Path:
    for name in (stem, f"{stem}.gz"):
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{folder} holds idx files but no {stem} or {stem}.gz; expected train-* and t10k-* images and labels"
    )


def _read_idx_file(path: Path) -> NDArray[np.uint8]:
    """Read the magic number 0 0 8 rank, then each size as a big-endian 32-bit number, then the bytes."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is not a readable gzip file: {error}") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise DataError(
            f"{path} is not an idx file of bytes: it begins with {data[:4]!r}, expected 00 00 08 and the rank"
        )
    shape = tuple(int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3]))
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if body.size != math.prod(shape):
        raise DataError(
            f"{path} is cut off: its header says {shape}, which is {math.prod(shape)} bytes; found {body.size}"
        )
    return body.reshape(shape)

"""Class folders of picture files: `photos/<class>/<image>`, or `photos/train|val|test/<class>/<image>`.

Every picture is decoded once, by the graph that the exported model uses, and kept as uint8 in memory, or in a temporary file for a
large set: an epoch then costs no decoding, and the unreadable ones are known, by name, before training starts.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vision import decode
from vision.datasets import splits
from vision.datasets.labelled import Examples, LabelledImages, Skipped, check_classes
from vision.errors import DataError

DEFAULT_SIZE = 96
"""Side in pixels that files are brought to when nothing else is asked."""
MAX_UNREADABLE = 0.05
"""Share of unreadable files above which reading stops."""

_IN_MEMORY_BYTES = 2**30
_PART_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def read(folder: Path, *, size: int, seed: int, most: int | None = None) -> LabelledImages:
    """Read class folders into LabelledImages; errors and splits as `read_labelled` says."""
    parts = _parts(folder)
    classes = _classes(parts, folder)
    files = [
        (part, classes.index(path.name), file)
        for part, paths in parts.items()
        for path in paths
        for file in _files(path)
    ]
    files = _fewer(files, most=most, seed=seed)
    pool, reasons = _decoded([file for _, _, file in files], size=size)
    skipped = [
        Skipped(str(file.relative_to(folder)), why) for (_, _, file), why in zip(files, reasons, strict=True) if why
    ]
    _check_readable(skipped, len(files), folder)
    everything = Examples(
        pool=pool,
        index=np.arange(len(files)),
        labels=np.array([label for _, label, _ in files], np.int64),
        names=tuple(str(file) for _, _, file in files),
    )
    readable = {
        name: np.array([i for i, row in enumerate(files) if row[0] == name and not reasons[i]], np.int64)
        for name in parts
    }
    rows = splits.roles(readable, everything.labels, classes=classes, seed=seed)
    train, validation, test = (everything.take(index) for index in rows)
    return LabelledImages(classes=classes, train=train, validation=validation, test=test, skipped=tuple(skipped))


def _parts(folder: Path) -> dict[str, list[Path]]:
    """Class folders by part: `all`, or `train` and `test`, or all three. A lone val/ is the test: it must not choose."""
    # A part holds class folders; a class that happens to be called train holds files.
    named = [path for path in _folders(folder) if path.name.lower() in _PART_NAMES and _folders(path)]
    if not named:
        return {"all": _folders(folder)}
    inside = {_PART_NAMES[path.name.lower()]: _folders(path) for path in named}
    found = ", ".join(f"{path.name}/" for path in _folders(folder))
    if len(inside) < len(named) or len(named) < len(_folders(folder)):
        raise DataError(f"{folder} holds {found}; expected one each of train/, val/ and test/, and no other folder")
    if "train" not in inside or len(inside) == 1:
        raise DataError(
            f"{folder} holds {found} alone; expected train/ with val/ or test/ or both, or class folders without a split"
        )
    if "test" not in inside:
        inside["test"] = inside.pop("validation")
    return {name: inside[name] for name in ("train", "validation", "test") if name in inside}


def _classes(parts: Mapping[str, Sequence[Path]], folder: Path) -> tuple[str, ...]:
    names = {part: sorted(path.name for path in paths) for part, paths in parts.items()}
    first = next(iter(names))
    if not any(_files(path) for paths in parts.values() for path in paths):
        raise DataError(
            f"{folder} holds no images in class folders; expected {folder}/<class>/<image>.jpg, or such folders in train/, val/ and test/"
        )
    check_classes(names[first], str(folder))
    for part, found in names.items():
        if found != names[first]:
            differing = sorted(set(found) ^ set(names[first]))
            raise DataError(
                f"{folder}: {first}/ and {part}/ hold different classes ({', '.join(differing[:5])}); expected the same classes in both"
            )
    return tuple(names[first])


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """Every visible file below the class folder; one that is no picture is found out, and counted, by decoding it."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != "Thumbs.db" and not _hidden(path.relative_to(folder))
    )


def _hidden(path: Path) -> bool:
    """Also inside a hidden folder: .ipynb_checkpoints/ holds copies, which would end up on both sides of a split."""
    return any(part.startswith(".") for part in path.parts)


def _fewer(files: list[tuple[str, int, Path]], *, most: int | None, seed: int) -> list[tuple[str, int, Path]]:
    if most is None or len(files) <= most:
        return files
    parts = sorted({part for part, _, _ in files})
    kept: list[tuple[str, int, Path]] = []
    for part in parts:
        rows = [row for row in files if row[0] == part]
        chosen = splits.fewest(np.array([label for _, label, _ in rows], np.int64), most=most // len(parts), seed=seed)
        kept += [rows[i] for i in chosen]
    return kept


def _decoded(files: Sequence[Path], *, size: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Decode every file into one row of the pool; the reason stands in the list for those that could not be, else an empty text."""
    pool = _pool((len(files), size, size, 3))
    graph = _graph(size)

    def fill(row: int) -> str:
        try:
            contents = files[row].read_bytes()
            pool[row] = graph(contents).numpy()
        except tf.errors.InvalidArgumentError as error:
            return _reason(contents, error.message)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return ""

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return pool, list(threads.map(fill, range(len(files))))


@functools.cache
def _graph(size: int) -> Any:
    return tf.function(
        lambda contents: decode.decode_resized(contents, height=size, width=size),
        input_signature=[tf.TensorSpec([], tf.string)],
    )


def _pool(shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Memory for small sets; for larger ones an unnamed temporary file, which vanishes with the process however it ends."""
    size = int(np.prod(shape))
    if size <= _IN_MEMORY_BYTES:
        return np.zeros(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        try:
            _reserve(file.fileno(), size)
        except OSError as error:
            needed = f"{error.strerror} for {size / 1e9:.1f} GB of decoded images; TMPDIR names another folder"
            raise OSError(error.errno, needed, tempfile.gettempdir()) from error
        return np.memmap(file, np.uint8, "r+", shape=shape)


def _reserve(file: int, size: int) -> None:
    """Take the space now: a full disk is then an error here, and not a crash (SIGBUS) when a page is first written."""
    if sys.platform == "darwin":  # has no such call
        os.ftruncate(file, size)
    else:
        os.posix_fallocate(file, 0, size)


def _reason(contents: bytes, message: str) -> str:
    if not contents:
        return "zero bytes"
    if decode.TOO_LARGE in message:
        return decode.TOO_LARGE
    if decode.NO_IMAGE in message:
        return "no image that can be read (JPEG, PNG, GIF, BMP, WebP)"
    return "truncated or corrupt"


def _check_readable(skipped: Sequence[Skipped], total: int, folder: Path) -> None:
    if len(skipped) > MAX_UNREADABLE * total:
        listed = "; ".join(f"{item.name}: {item.reason}" for item in skipped[:5])
        raise DataError(
            f"{len(skipped)} of {total} files in {folder} cannot be used, more than {MAX_UNREADABLE:.0%} ({listed}); repair or remove them"
        )

"""One pool of images from many picture files: decoded once, the unreadable ones left out by name.

Every picture is decoded once, by the graph that the exported model uses, and kept as uint8 in memory, or in a temporary file for a
large set: an epoch then costs no decoding, and the unreadable ones are known, by name, before training starts.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vision import decoding
from vision.datasets import splits
from vision.datasets.labelled import Examples, LabelledImages, Skipped
from vision.errors import DataError

DEFAULT_SIZE = 96
"""Side in pixels that files are brought to by default."""
MAX_UNREADABLE = 0.05
"""Share of unreadable files above which reading stops."""

_IN_MEMORY_BYTES = 2**30


class File(NamedTuple):
    """One labelled picture file."""

    part: str
    """`all`, `train`, `validation` or `test`."""
    label: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Every labelled picture file of a set."""

    files: Sequence[File]
    where: Path
    """The folder; names of files that are left out are relative to it."""
    parts: Sequence[str]
    """The parts of the set, also one without any file."""
    classes: Sequence[str]


def read(listing: Listing, *, size: int, crop: bool = False, seed: int, most: int | None = None) -> LabelledImages:
    """Decode the files and split them by `splits`.

    size: side in pixels that every picture is brought to: its central square where `crop`, else all of it, stretched.
    most: as in `read_labelled`.
    Raises DataError when too many files cannot be read, or a class has too few.
    """
    files, where = _fewer(listing.files, most=most, seed=seed), listing.where
    pool, sizes, reasons = _decoded([file.path for file in files], size=size, crop=crop)
    skipped = [Skipped(_shown(file.path, where), why) for file, why in zip(files, reasons, strict=True) if why]
    _check_readable(skipped, len(files), where)
    everything = Examples(
        pool=pool,
        index=np.arange(len(files)),
        labels=np.array([file.label for file in files], np.int64),
        names=tuple(str(file.path) for file in files),
    )
    readable = {
        name: np.array([i for i, file in enumerate(files) if file.part == name and not reasons[i]], np.int64)
        for name in listing.parts
    }
    rows = splits.roles(readable, everything.labels, classes=listing.classes, seed=seed)
    train, validation, test = (everything.take(index) for index in rows)
    return LabelledImages(
        classes=tuple(listing.classes),
        train=train,
        validation=validation,
        test=test,
        skipped=tuple(skipped),
        sizes=sizes,
    )


def _shown(path: Path, where: Path) -> str:
    return str(path.relative_to(where)) if path.is_relative_to(where) else str(path)


def _fewer(files: Sequence[File], *, most: int | None, seed: int) -> Sequence[File]:
    if most is None or len(files) <= most:
        return files
    parts = sorted({file.part for file in files})
    kept: list[File] = []
    for part in parts:
        rows = [file for file in files if file.part == part]
        labels = np.array([file.label for file in rows], np.int64)
        kept += [rows[i] for i in splits.fewest(labels, most=most // len(parts), seed=seed)]
    return kept


def _decoded(files: Sequence[Path], *, size: int, crop: bool) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[str]]:
    """Decode every file into one row of the pool; its own (height, width); and why it could not be, else an empty text."""
    pool = _pool((len(files), size, size, 3))
    sizes = np.zeros((len(files), 2), np.int64)
    graph = _graph(size, crop)

    def fill(row: int) -> str:
        try:
            contents = files[row].read_bytes()
            pool[row], sizes[row] = (tensor.numpy() for tensor in graph(contents))
        except tf.errors.InvalidArgumentError as error:
            return _reason(contents, error.message)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return ""

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return pool, sizes, list(threads.map(fill, range(len(files))))


@functools.cache
def _graph(size: int, crop: bool) -> Any:
    return tf.function(
        lambda contents: decoding.decode_sized(contents, height=size, width=size, crop=crop),
        input_signature=[tf.TensorSpec([], tf.string)],
    )


def _pool(shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Take memory for a small set, else an unnamed temporary file, which vanishes with the process however it ends."""
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
    """Reserve the space: a full disk is then an error here, and not a crash (SIGBUS) when a page is first written."""
    if sys.platform == "darwin":  # which has no such call
        os.ftruncate(file, size)
    else:
        os.posix_fallocate(file, 0, size)


def _reason(contents: bytes, message: str) -> str:
    if not contents:
        return "zero bytes"
    if decoding.TOO_LARGE in message:
        return decoding.TOO_LARGE
    if decoding.NO_IMAGE in message:
        return "not an image that can be read (JPEG, PNG, GIF, BMP, WebP)"
    return "truncated or corrupt"


def _check_readable(skipped: Sequence[Skipped], total: int, folder: Path) -> None:
    if len(skipped) > MAX_UNREADABLE * total:
        listed = "; ".join(f"{item.name}: {item.reason}" for item in skipped[:5])
        raise DataError(
            f"{len(skipped)} of {total} files in {folder} cannot be used, more than {MAX_UNREADABLE:.0%} ({listed}); repair or remove them"
        )

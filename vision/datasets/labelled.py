"""The data of a classifier, as every reader returns it: examples that can be indexed, their labels, and what was left out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import DataError

_LONGEST_LABEL = 40


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Some of the images of a pool, in a fixed order.

    `examples[i]` is one image, uint8 (height, width, 3), RGB; grey is repeated.
    """

    pool: NDArray[np.uint8]
    """uint8 (all, height, width, 1 or 3); may be a memory map, and is shared by all splits."""
    index: NDArray[np.int64]
    """(n,), rows of the pool."""
    labels: NDArray[np.int64]
    """(n,), 0 to classes - 1."""
    names: tuple[str, ...]
    """(all,), the source of each row of the pool: a file path, or array[row]."""

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, position: int) -> NDArray[np.uint8]:
        if not -len(self) <= position < len(self):
            raise IndexError(position)
        image = self.pool[self.index[position]]
        return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else np.asarray(image)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 3) of one image."""
        return (self.pool.shape[1], self.pool.shape[2], 3)

    def take(self, positions: NDArray[Any]) -> "Examples":
        """Select the examples at these positions."""
        return Examples(pool=self.pool, index=self.index[positions], labels=self.labels[positions], names=self.names)

    def name(self, position: int) -> str:
        """Name the source of the example."""
        return self.names[self.index[position]]

    def encoded(self, position: int) -> bytes:
        """Return the example as a picture file: the original file where there is one, else a PNG of the array (lossless)."""
        path = Path(self.name(position))
        if path.is_file():
            return path.read_bytes()
        _, png = cv2.imencode(".png", cv2.cvtColor(self[position], cv2.COLOR_RGB2BGR))
        return png.tobytes()


Images = Sequence[NDArray[np.uint8]] | Examples
"""Images, uint8 (height, width, 3), by position: a list of them, or examples."""


@dataclass(frozen=True)
class Skipped:
    """An item that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LabelledImages:
    """Everything a classifier needs from the data."""

    classes: tuple[str, ...]
    train: Examples
    validation: Examples
    """Chooses the epoch; never scored."""
    test: Examples
    """Scored once, at the end; no choice depends on it."""
    skipped: tuple[Skipped, ...] = ()
    sizes: NDArray[np.int64] | None = None
    """(all, 2), height and width of each row of the pool before it was stretched; 0 for one that could not be read."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 3) of every image."""
        return self.train.shape

    def fingerprint(self) -> str:
        """Return the SHA-256 of classes, split, labels and pixels: equal data have equal fingerprints."""
        digest = hashlib.sha256("\0".join(self.classes).encode())
        for part in (self.train, self.validation, self.test):
            digest.update(part.index.tobytes() + part.labels.tobytes())
        for row in self.train.pool:
            digest.update(row.tobytes())
        return digest.hexdigest()


def write_samples(examples: Examples, folder: Path, *, classes: Sequence[str], most: int = 5) -> list[Path]:
    """Write a few examples as picture files to try a served model with; names are `<position>-<class>.<png or original>`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for position in range(min(most, len(examples))):
        # A class name may be as long as a file name can be.
        name = classes[examples.labels[position]][:_LONGEST_LABEL]
        label = "".join(letter if letter.isalnum() else "_" for letter in name)
        original = Path(examples.name(position))
        path = folder / f"{position}-{label}{original.suffix if original.is_file() else '.png'}"
        path.write_bytes(examples.encoded(position))
        written.append(path)
    return written


def check_classes(classes: Sequence[str], where: str) -> None:
    """Raise DataError unless there are at least two classes, each with a name of its own that can be written."""
    if len(classes) == 0:
        raise DataError(f"{where} holds no classes; expected at least two")
    if len(classes) == 1:
        raise DataError(f"{where} holds a single class, {classes[0]!r}; a classifier needs at least two")
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if list(classes).count(name) > 1)
        raise DataError(f"{where}: two classes are called {twice!r}; expected different names")
    for name in classes:
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise DataError(f"{where}: the class name {name!r} is not valid UTF-8; rename it")
        if name.splitlines() != [name]:
            raise DataError(
                f"{where}: the class name {name!r} is empty or holds a line break; expected one line of text"
            )


def joined(parts: Sequence[Examples]) -> Examples:
    """Join examples of one pool, one part after the other."""
    first = parts[0]
    return Examples(
        pool=first.pool,
        index=np.concatenate([part.index for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        names=first.names,
    )

"""Labelled images from where people keep them: class folders, arrays (`.npz`, MNIST idx) and built-in samples."""

import difflib
from pathlib import Path

from vision.datasets import arrays, image_folder, samples
from vision.datasets.labelled import Examples, LabelledImages, Skipped
from vision.errors import DataError

__all__ = ["DataError", "Examples", "LabelledImages", "Skipped", "read_labelled"]


def read_labelled(data: str, *, size: int | None, seed: int, most: int | None = None) -> LabelledImages:
    """Read labelled images and split them into train, validation and test (see `splits`).

    data: a built-in name, a folder of class folders, a folder of idx files, or an `.npz` file.
    size: side in pixels that every image is stretched to; None keeps arrays as they are and brings files to 96.
    most: about this many examples in all, chosen evenly over the classes, at least five of each class and part.
    Raises DataError.
    """
    if data in samples.NAMES:
        return arrays.split(samples.read(data), size=size, seed=seed, most=most)
    path = Path(data).expanduser()
    if path.suffix == ".npz" and path.is_file():
        return arrays.split(arrays.read_npz(path), size=size, seed=seed, most=most)
    if path.is_dir() and arrays.holds_idx(path):
        return arrays.split(arrays.read_idx(path), size=size, seed=seed, most=most)
    if path.is_dir():
        return image_folder.read(path, size=size or image_folder.DEFAULT_SIZE, seed=seed, most=most)
    raise DataError(_not_found(data, path))


def _not_found(data: str, path: Path) -> str:
    expected = f"expected a folder, an .npz file or a built-in name ({', '.join(samples.NAMES)})"
    if path.exists():
        return f"--data {data}: cannot read this kind of file; {expected}"
    nearest = difflib.get_close_matches(data, samples.NAMES, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"--data {data}: no such file or folder; {expected}{hint}"

"""Labelled images from class folders, a table of files, arrays (`.npz`, MNIST idx, Keras' sets) or built-in data."""

from pathlib import Path

from vision import spelling
from vision.datasets import arrays, image_files, image_folder, keras_sets, labelled_csv, samples
from vision.datasets.labelled import LabelledImages
from vision.errors import DataError


def read_labelled(
    data: str, *, size: int | None, seed: int, crop: bool = False, file_size: int | None = None, most: int | None = None
) -> LabelledImages:
    """Read labelled images and split them into train, validation and test (see `splits`).

    data: a built-in name, `keras:` with the name of a set of keras.datasets, a folder of class folders or of idx files, an `.npz` or
    a `.csv` file.
    size: side in pixels that every image is brought to; None keeps arrays as they are and brings files to `file_size`, or 96.
    crop: whether the central square of an image is brought to that size; else all of it is stretched.
    most: about this many examples in all, chosen evenly over the classes, at least five of each class and part.
    Raises DataError.
    """
    side = size or file_size or image_files.DEFAULT_SIZE
    if data in samples.NAMES:
        return arrays.split(samples.read(data), size=size, crop=crop, seed=seed, most=most)
    if data.startswith(keras_sets.PREFIX):
        return arrays.split(
            keras_sets.read(data.removeprefix(keras_sets.PREFIX)), size=size, crop=crop, seed=seed, most=most
        )
    path = Path(data).expanduser()
    if path.suffix.lower() == ".csv" and path.is_file():
        return labelled_csv.read(path, size=side, crop=crop, seed=seed, most=most)
    if path.suffix == ".npz" and path.is_file():
        return arrays.split(arrays.read_npz(path), size=size, crop=crop, seed=seed, most=most)
    if path.is_dir() and arrays.holds_idx(path):
        return arrays.split(arrays.read_idx(path), size=size, crop=crop, seed=seed, most=most)
    if path.is_dir():
        return image_folder.read(path, size=side, crop=crop, seed=seed, most=most)
    raise DataError(_not_found(data, path))


def _not_found(data: str, path: Path) -> str:
    known = [*samples.NAMES, *(keras_sets.PREFIX + name for name in keras_sets.NAMES)]
    expected = f"expected a folder, an .npz or a .csv file, or a known name ({', '.join(known)})"
    if path.exists():
        return f"--data {data}: cannot read this kind of file; {expected}"
    return f"--data {data}: no such file or folder; {expected}{spelling.hint(data, known)}"

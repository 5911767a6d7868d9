"""Class folders of picture files: `photos/<class>/<image>`, or `photos/train|val|test/<class>/<image>`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vision.datasets import image_files, splits
from vision.datasets.image_files import File, Listing
from vision.datasets.labelled import LabelledImages, check_classes
from vision.errors import DataError


def read(folder: Path, *, size: int, crop: bool = False, seed: int, most: int | None = None) -> LabelledImages:
    """Read class folders; errors and splits as in `read_labelled`."""
    parts = _parts(folder)
    classes = _classes(parts, folder)
    files = [
        File(part, classes.index(path.name), file)
        for part, paths in parts.items()
        for path in paths
        for file in _files(path)
    ]
    listing = Listing(files=files, where=folder, parts=tuple(parts), classes=classes)
    return image_files.read(listing, size=size, crop=crop, seed=seed, most=most)


def _parts(folder: Path) -> dict[str, list[Path]]:
    """Find the class folders of each part: `all`, or `train` and `test`, or all three. A lone val/ is the test: it must not choose."""
    # A part holds class folders; a class that happens to be called train holds files.
    named = [path for path in _folders(folder) if path.name.lower() in splits.PART_NAMES and _folders(path)]
    if not named:
        return {"all": _folders(folder)}
    inside = {splits.PART_NAMES[path.name.lower()]: _folders(path) for path in named}
    found = ", ".join(f"{path.name}/" for path in _folders(folder))
    if len(inside) < len(named) or len(named) < len(_folders(folder)):
        raise DataError(f"{folder} holds {found}; expected one each of train/, val/ and test/, and no other folder")
    if "train" not in inside or len(inside) == 1:
        raise DataError(
            f"{folder} holds only {found}; expected train/ with val/ or test/ or both, or class folders without a split"
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
    # By the folders' own names: a lone val/ is the test.
    given = {f"{paths[0].parent.name}/": names[part] for part, paths in parts.items()}
    splits.check_same_classes(given, where=str(folder))
    return tuple(names[first])


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """List every visible file below the class folder; decoding finds and counts those that are not pictures."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != "Thumbs.db" and not _hidden(path.relative_to(folder))
    )


def _hidden(path: Path) -> bool:
    """Whether a file is hidden or in a hidden folder: .ipynb_checkpoints/ holds copies, which could be on both sides of a split."""
    return any(part.startswith(".") for part in path.parts)

"""A table of picture files: `photos.csv` with the columns path and label, and optionally split.

UTF-8 with or without a byte order mark, commas, quotes as in RFC 4180, any line ends. Paths are relative to the table's folder, or
absolute.
"""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from vision.datasets import image_files, splits
from vision.datasets.image_files import File, Listing
from vision.datasets.labelled import LabelledImages, Skipped, check_classes
from vision.errors import DataError

_COLUMNS = ("path", "label", "split")
_EXPECTED = "expected path,label or path,label,split"
_LISTED = 5


class Row(NamedTuple):
    """One line of the table."""

    line: int
    """The number of its first line in the file, from 1."""
    path: Path
    label: str
    part: str
    """The part, as in `image_files.File`."""


def read(path: Path, *, size: int, crop: bool = False, seed: int, most: int | None = None) -> LabelledImages:
    """Read the pictures that a table names; errors and splits as in `read_labelled`.

    Without the column split all pictures are split by `splits`; with it, the table must have train and one or both of val and test.
    A picture that is listed again with the same label is used once and named in `skipped`.
    """
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path} holds no line below its header; expected a path and a label in each")
    rows, repeated = _once(rows, path)
    _check_files(rows, path)
    rows = _with_test(rows, path)
    classes = tuple(sorted({row.label for row in rows}))
    check_classes(classes, str(path))
    parts = tuple(name for name in ("all", "train", "validation", "test") if any(row.part == name for row in rows))
    numbers = {name: number for number, name in enumerate(classes)}
    files = [File(row.part, numbers[row.label], row.path) for row in rows]
    listing = Listing(files=files, where=path.parent, parts=parts, classes=classes)
    images = image_files.read(listing, size=size, crop=crop, seed=seed, most=most)
    return replace(images, skipped=images.skipped + repeated)


def _rows(path: Path) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True, skipinitialspace=True)
    columns: list[str] = []
    line = 1
    try:
        for fields in reader:
            if not columns:
                columns = _header(fields, path)
            elif fields:
                yield _row(dict(zip(columns, _checked(fields, columns, path, line), strict=True)), path, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {line}: not readable as CSV: {error}; is a quote missing?") from error


def _text(path: Path) -> str:
    data = path.read_bytes()
    if not data.strip():
        raise DataError(f"{path} is empty; {_EXPECTED} as its first line")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8; save the table as CSV in UTF-8"
        ) from error


def _header(fields: Sequence[str], path: Path) -> list[str]:
    names = [name.strip().lower() for name in fields]
    if not {"path", "label"} <= set(names) or not set(names) <= set(_COLUMNS) or len(set(names)) < len(names):
        cut = next(
            (f"; found {word!r} between the columns, expected commas" for word in ";\t" if word in "".join(fields)), ""
        )
        raise DataError(f"{path}, line 1: the header is {','.join(fields)!r}; {_EXPECTED}{cut}")
    return names


def _checked(fields: Sequence[str], columns: Sequence[str], path: Path, line: int) -> Sequence[str]:
    if len(fields) != len(columns):
        raise DataError(
            f"{path}, line {line}: found {len(fields)} fields, expected {len(columns)} ({','.join(columns)}); "
            "put a field that holds a comma into double quotes"
        )
    return fields


def _row(fields: dict[str, str], path: Path, line: int) -> Row:
    label, part = fields["label"].strip(), "all"
    for name in ("path", "label"):
        if not fields[name].strip():
            raise DataError(f"{path}, line {line}: the {name} is empty; expected one in every line")
    if "split" in fields:
        given = fields["split"].strip()
        if given.lower() not in splits.PART_NAMES:
            raise DataError(f"{path}, line {line}: the split is {given!r}; expected train, val or test")
        part = splits.PART_NAMES[given.lower()]
    return Row(line, path.parent / os.path.normpath(fields["path"]), label, part)


def _once(rows: Sequence[Row], path: Path) -> tuple[list[Row], tuple[Skipped, ...]]:
    """Keep every picture once, and list those that are named again. Raises DataError for one with two labels, or in two parts."""
    first: dict[str, Row] = {}
    repeated = []
    for row in rows:
        # A path may be relative or absolute; links are not followed.
        known = first.setdefault(os.path.normpath(row.path.absolute()), row)
        if known is row:
            continue
        for what, before, now in (("labelled", known.label, row.label), ("in the part", known.part, row.part)):
            if before != now:
                raise DataError(
                    f"{path}: {row.path} is {what} {before!r} in line {known.line} and {now!r} in line {row.line}; keep one of the lines"
                )
        repeated.append(Skipped(f"{path.name}, line {row.line}", f"the same picture and label as line {known.line}"))
    return list(first.values()), tuple(repeated)


def _check_files(rows: Sequence[Row], path: Path) -> None:
    absent = [row for row in rows if not row.path.is_file()]
    if absent:
        listed = ", ".join(f"line {row.line}: {row.path}" for row in absent[:_LISTED])
        more = f" and {len(absent) - _LISTED} more" if len(absent) > _LISTED else ""
        raise DataError(
            f"{path} names {len(rows)} files, of which {len(absent)} cannot be found ({listed}{more}); "
            "paths are relative to the table's folder, or absolute"
        )


def _with_test(rows: list[Row], path: Path) -> list[Row]:
    """Make a lone val the test, as in class folders: what is scored must not choose."""
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row.part, set()).add(row.label)
    if "all" in labels:
        return rows
    if "train" not in labels or len(labels) == 1:
        found = ", ".join(sorted(labels))
        raise DataError(f"{path}: the column split holds only {found}; expected train with val or test or both")
    splits.check_same_classes(labels, where=str(path))
    if "test" in labels:
        return rows
    return [row._replace(part="test" if row.part == "validation" else row.part) for row in rows]

"""The version folders below a base path."""

import logging
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST_VERSION = 2**63 - 1


def scan(base_path: Path, *, warn: Callable[[str], None] = log.warning) -> dict[int, Path]:
    """Find the version folders in a base path: number to folder, `00000123` being version 123; other names are ignored.

    Of two folders with the same number the last by name counts, and `warn` is called. Raises FileNotFoundError when there
    is no such base path.
    """
    if not base_path.is_dir():
        found = "a file" if base_path.is_file() else "nothing"
        raise FileNotFoundError(
            f"Could not find base path '{base_path}': {found} was found. Give the folder that holds the numbered versions."
        )
    with os.scandir(base_path) as entries:  # not iterdir: no call to the file system for each of thousands of entries
        names = sorted(entry.name for entry in entries if _is_version(entry.name) and entry.is_dir())
    folders: dict[int, Path] = {}
    for name in names:
        if (number := int(name)) in folders:
            warn(
                f"Duplicate version directories detected. Version {number} will be loaded from {name}, "
                f"{folders[number].name} will be ignored."
            )
        folders[number] = base_path / name
    return folders


def listing(numbers: Iterable[int]) -> str:
    """Write version numbers as prose, the highest eight of them."""
    ordered = sorted(numbers, reverse=True)
    text = ", ".join(map(str, ordered[:8])) + (", ..." if len(ordered) > 8 else "")
    return f"version{'s' if len(ordered) != 1 else ''} {text}" if ordered else "no version"


def fingerprint(folder: Path) -> tuple[int, int, int]:
    """Count the files of a version folder, their bytes and newest change (nanoseconds); it changes while a copy goes on."""
    count = size = newest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118 - a hundred times a second at worst
            except OSError:  # gone again
                continue
            count, size, newest = count + 1, size + status.st_size, max(newest, status.st_mtime_ns)
    return count, size, newest


def _is_version(name: str) -> bool:
    """Whether a folder's name is a version number of 64 bits."""
    return re.fullmatch(r"[0-9]+", name) is not None and int(name) <= LARGEST_VERSION

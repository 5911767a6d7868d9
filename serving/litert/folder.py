"""The mobile/ folder: .tflite files with their labels, parity.json and README.md, written and replaced as a whole."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write(
    folder: Path,
    files: Mapping[str, bytes],
    readme: Callable[[dict[str, Any]], str],
    parity: Callable[[Path], dict[str, Any]],
) -> dict[str, Any]:
    """Write the files, compare them with the model, and return the contents of parity.json.

    folder: replaced as a whole; after an error what stood there before is untouched. parity: compares the files of a folder, see
    `parity.contents`. readme: the text of README.md from that.
    """
    with replaced(folder) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)
        found = parity(new)
        (new / "parity.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (new / "README.md").write_text(readme(found), encoding="utf-8")
    return found


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `folder` when the block ends well, and vanishes when it does not."""
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("partial", "old"))
    for leftover in (new, old):  # of a killed run
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)

"""The state of a training of word vectors in a file, from which an interrupted one continues."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError

Row = dict[str, float]
"""epoch (from 1), loss (nats), learning_rate (at the epoch's end), words_per_second, seconds."""


def digest(words: Sequence[str], counts: NDArray[np.int64]) -> str:
    """Return the SHA-256 of a vocabulary and its counts, by which a changed text is noticed."""
    return hashlib.sha256(json.dumps([list(words), counts.tolist()]).encode()).hexdigest()


def write(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, settings: Mapping[str, str | float], rows: list[Row]
) -> None:
    """Write under a temporary name and rename, so that a kill leaves the old state or the new one."""
    content: dict[str, Any] = {**arrays, "settings": json.dumps(dict(settings)), "rows": json.dumps(rows)}
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, *, settings: Mapping[str, str | float]) -> tuple[dict[str, NDArray[Any]], list[Row]]:
    """Read the arrays and the rows of the epochs. Raises DataError where the settings were others, or the file is broken."""
    try:
        with path.open("rb") as file, np.load(file) as saved:
            arrays = dict(saved)
        found = json.loads(str(arrays.pop("settings")))
        rows: list[Row] = json.loads(str(arrays.pop("rows")))
    except (OSError, KeyError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a training state ({error}); delete it to start anew") from error
    changed = [name for name in settings if found.get(name) != settings[name]]
    if changed:
        raise DataError(
            f"{path} is of a training with other {', '.join(changed)}; give the same again, or delete it to start anew"
        )
    return arrays, rows

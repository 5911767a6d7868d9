"""Files of the run folder, written atomically: a kill leaves the old or the new state."""

import csv
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically (UTF-8, indented); bytes of a file name that are no text become JSON's own escapes."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_csv(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write rows with the columns of the first one, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.10g}" for name, value in row.items()} for row in rows)
    write_bytes(path, text.getvalue().encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write under a temporary name, flush to the disk, then rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file or a folder that may be absent."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

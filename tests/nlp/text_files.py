"""Files that the tests of corpora read."""

import hashlib
from pathlib import Path


def file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def random_text(lines: int) -> bytes:
    """Text that does not pack well, so that packed data is long enough to be cut."""
    return b"".join(hashlib.sha256(bytes([i % 256, i // 256])).hexdigest().encode() + b"\n" for i in range(lines))

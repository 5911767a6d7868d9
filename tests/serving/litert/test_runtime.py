"""serving.litert.runtime: the LiteRT interpreter."""

from pathlib import Path

import pytest

from serving import litert
from serving.litert import runtime


def test_a_file_that_litert_cannot_prepare_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(bytes(64))
    with pytest.raises(litert.LiteRTError, match=r"cannot prepare broken\.tflite: "):
        runtime.opened(path)

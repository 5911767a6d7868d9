"""What counts as a version in a base path."""

from pathlib import Path

import pytest

from serving.server import versions


def test_scan(tmp_path: Path) -> None:
    for name in ("7", "00000123", "latest", "12a", "-3", "99999999999999999999", ".4", "１"):
        (tmp_path / name).mkdir()
    (tmp_path / "8").write_text("a file")
    assert versions.scan(tmp_path) == {7: tmp_path / "7", 123: tmp_path / "00000123"}


def test_missing_base_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Could not find base path '.*/none': nothing was found"):
        versions.scan(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="a file was found"):
        versions.scan(tmp_path / "file")


def test_no_version(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="forget to name your leaf directory as a number"):
        versions.scan(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(FileNotFoundError, match="It is itself a SavedModel"):
        versions.scan(tmp_path)

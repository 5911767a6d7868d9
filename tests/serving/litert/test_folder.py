"""serving.litert.folder: the mobile/ folder, replaced as a whole."""

from pathlib import Path

import pytest

from serving.litert import folder as litert_folder


def _fail_inside(folder: Path) -> None:
    with litert_folder.replaced(folder) as new:
        (new / "half.txt").touch()
        raise KeyError("absent")


def test_a_folder_is_replaced_when_the_block_ends_well(tmp_path: Path) -> None:
    folder = tmp_path / "mobile"
    for text in ("old", "new"):
        with litert_folder.replaced(folder) as new:
            (new / f"{text}.txt").write_text(text)
    assert [path.name for path in folder.iterdir()] == ["new.txt"]
    with pytest.raises(KeyError, match="absent"):
        _fail_inside(folder)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["mobile", "mobile/new.txt"]

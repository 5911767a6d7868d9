"""serving.server.models.version_folders: the version folders below a base path."""

import os
from pathlib import Path

import pytest

from serving.server.models import version_folders
from tests.serving.server.fakes import make_versions


def test_scan(tmp_path: Path) -> None:
    make_versions(
        tmp_path, "7", "00000123", "latest", "12a", "-3", "99999999999999999999", ".4", "１", 2**63, 2**63 - 1
    )
    (tmp_path / "8").write_text("a file")
    largest = 9223372036854775807
    expected = {7: tmp_path / "7", 123: tmp_path / "00000123", largest: tmp_path / str(largest)}
    assert version_folders.scan(tmp_path) == expected


def test_last_of_two_folders_counts(tmp_path: Path) -> None:
    make_versions(tmp_path, "123", "00000123", "0000000123")
    told: list[str] = []
    assert version_folders.scan(tmp_path, warn=told.append) == {123: tmp_path / "123"}
    assert told[-1] == (
        "Duplicate version directories detected. Version 123 will be loaded from 123, 00000123 will be ignored."
    )


def test_symlinks(tmp_path: Path) -> None:
    base = make_versions(tmp_path / "m", 1)
    (base / "2").symlink_to(make_versions(tmp_path, "elsewhere") / "elsewhere")
    (base / "3").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(base)
    assert list(version_folders.scan(tmp_path / "link")) == [1, 2]


def test_thousands_of_versions_are_listed_without_a_look_into_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_versions(tmp_path, *range(3000))
    looks: list[object] = []
    stat = os.stat

    def counted(path: str, **options: bool) -> os.stat_result:
        looks.append(path)
        return stat(path, **options)

    monkeypatch.setattr("os.stat", counted)
    assert len(version_folders.scan(tmp_path)) == 3000
    assert len(looks) < 10


def test_missing_base_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Could not find base path '.*/none': nothing was found"):
        version_folders.scan(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="a file was found"):
        version_folders.scan(tmp_path / "file")


def test_no_version(tmp_path: Path) -> None:
    assert version_folders.scan(tmp_path) == {}
    (tmp_path / "saved_model.pb").touch()
    assert version_folders.scan(tmp_path) == {}


def test_listing() -> None:
    assert version_folders.listing([]) == "no version"
    assert version_folders.listing([3]) == "version 3"
    assert version_folders.listing(range(1, 10)) == "versions 9, 8, 7, 6, 5, 4, 3, 2, ..."


def test_fingerprint(tmp_path: Path) -> None:
    assert version_folders.fingerprint(tmp_path / "none") == (0, 0, 0)
    make_versions(tmp_path, "variables")
    (tmp_path / "variables" / "data").write_bytes(b"123")
    (tmp_path / "saved_model.pb").write_bytes(b"1234")
    os.utime(tmp_path / "variables" / "data", ns=(5, 5))
    os.utime(tmp_path / "saved_model.pb", ns=(7, 7))
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    assert version_folders.fingerprint(tmp_path) == (2, 7, 7)

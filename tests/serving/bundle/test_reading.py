"""Finding a bundle, and reading its description."""

from pathlib import Path

import pytest

from serving import bundle
from serving.bundle import BundleError


def test_find_takes_a_run_an_export_or_a_version(tmp_path: Path) -> None:
    export = tmp_path / "run" / "export"
    for version in ("2", "10", "00000009", ".11.tmp", "latest"):
        (export / version).mkdir(parents=True)
        (export / version / "saved_model.pb").touch()
    (export / "12").mkdir()
    assert bundle.find(tmp_path / "run") == bundle.find(export) == export / "10"
    assert bundle.find(export / "2") == export / "2"


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_find_refuses_what_holds_no_bundle(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=f"/{name} holds no bundle; expected a run folder, its export/, or a version"):
        bundle.find(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"model.json cannot be read \(.*No such file.*expected the model.json that an export writes"),
        ("{", r"model.json cannot be read \(.*expected the model.json that an export writes"),
        ('{"format": 2}', "model.json has format 2; this version reads format 1"),
        ("{}", "model.json has format None; this version reads format 1"),
        ("[]", "model.json holds no JSON object; expected the model.json"),
    ],
)
def test_a_description_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    (tmp_path / "assets.extra").mkdir()
    if content is not None:
        (tmp_path / "assets.extra" / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match=message):
        bundle.read_description(tmp_path)

"""The folders that each version policy asks for."""

from pathlib import Path

import pytest

from serving.server.models import policies
from serving.server.models.policies import All, Latest, Policy, Specific
from tests.serving.server.fakes import make_versions


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (Latest(), ["30"]),
        (Latest(0), ["30"]),
        (Latest(2), ["30", "0009"]),
        (Latest(9), ["30", "0009", "7"]),
        (All(), ["30", "0009", "7"]),
        (Specific(frozenset({7, 30})), ["30", "7"]),
        (Specific(frozenset({9})), ["0009"]),
    ],
)
def test_find(policy: Policy, names: list[str], tmp_path: Path) -> None:
    make_versions(tmp_path, "7", "30", "0009", "next")
    found = policies.find(policy, tmp_path)
    assert list(found.items()) == [(int(name), tmp_path / name) for name in names]


def test_specific_looks_for_the_unpadded_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_versions(tmp_path, "5", "005", *range(10, 20))
    monkeypatch.setattr("os.scandir", lambda path: pytest.fail(f"'{path}' was listed"))
    assert policies.find(Specific(frozenset({5})), tmp_path) == {5: tmp_path / "5"}


def test_missing_specific_versions(tmp_path: Path) -> None:
    make_versions(tmp_path, 1, "0002")
    told: list[str] = []
    found = policies.find(Specific(frozenset({1, 2, 3})), tmp_path, warn=told.append)
    assert found == {2: tmp_path / "0002", 1: tmp_path / "1"}
    [warning] = told
    assert warning.startswith("Version 3 of the model in ")
    assert "was requested to be served as a 'specific' version" in warning
    nine = Specific(frozenset({9}))
    assert policies.find(nine, tmp_path) == {}
    words = str(policies.nothing_found(nine, tmp_path))
    assert words.startswith("None of the specific versions [9] was found under base path")
    assert "it holds versions 2, 1." in words


@pytest.mark.parametrize("policy", [Latest(), All(), Specific(frozenset({1}))])
def test_nothing_there(policy: Policy, tmp_path: Path) -> None:
    """An empty base path means no version; one that is gone is an error, which ends no service."""
    assert policies.find(policy, tmp_path) == {}
    with pytest.raises(FileNotFoundError, match="Could not find base path"):
        policies.find(policy, tmp_path / "none")


def test_words_for_an_empty_base_path(tmp_path: Path) -> None:
    words = str(policies.nothing_found(Latest(), tmp_path))
    assert words.startswith(f"No versions of the model were found under base path '{tmp_path}'. Did you forget to name")
    (tmp_path / "saved_model.pb").touch()
    assert "It is itself a SavedModel: give the folder above" in str(policies.nothing_found(All(), tmp_path))
    assert "it holds no version." in str(policies.nothing_found(Specific(frozenset({1})), tmp_path))

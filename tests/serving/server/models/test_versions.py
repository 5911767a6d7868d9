"""One version: when it is loaded, and when a failed load is tried again."""

from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models import version_folders
from serving.server.models.versions import State, Version


def test_when_a_version_is_due(tmp_path: Path) -> None:
    version = Version("m", 1, tmp_path)
    assert version.is_due(0)
    version.held = version_folders.fingerprint(tmp_path)
    version.failed(ServingError(Code.NOT_FOUND, "no"), 0.0)
    assert version.state is State.END
    assert [version.is_due(1), version.is_due(0)] == [True, False]
    version.failed(ServingError(Code.NOT_FOUND, "no"), 3600.0)
    assert not version.is_due(9)
    (tmp_path / "saved_model.pb").touch()
    assert [version.is_due(0), version.is_due(0)] == [False, True]  # changing, then settled
    assert version.failures == 0
    version.state = State.AVAILABLE
    assert not version.is_due(9)


def test_version_that_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"Version 1 is not loaded \(START\)"):
        _ = Version("m", 1, tmp_path).model

"""Version folders of a policy: found, warned of once, and required where nothing can be served without them."""

import logging
from pathlib import Path

import pytest

from serving.server.errors import Code
from serving.server.models.config import ModelConfig
from serving.server.models.finding import VersionFinder, of_model
from tests.serving.server.fakes import make_versions


def test_each_oddity_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    finder, empty = VersionFinder(), ModelConfig(name="m", base_path=tmp_path)
    for _ in range(3):
        assert finder.find(empty) == {}
    [logged] = [record.getMessage() for record in caplog.records]
    assert logged.startswith("Model m: No versions of servable m found under base path")
    make_versions(tmp_path, 2)
    assert finder.find(empty).keys() == {2}


def test_a_base_path_without_versions_is_an_error_where_one_is_needed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No versions of the model were found under base path"):
        VersionFinder().find(ModelConfig(name="m", base_path=tmp_path), required=True)


def test_an_error_has_the_name_of_its_model() -> None:
    named = of_model("photos", FileNotFoundError("no such folder"))
    assert (named.code, named.message) == (Code.NOT_FOUND, "Model photos: no such folder")

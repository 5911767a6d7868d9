"""Looks at base paths: what is found, what is odd about it and said once, and what cannot be done without."""

import logging
from pathlib import Path

import pytest

from serving.server.errors import Code
from serving.server.models.config import ModelConfig
from serving.server.models.lookout import Lookout, of_model
from tests.serving.server.fakes import make_versions


def test_what_is_odd_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    lookout, empty = Lookout(), ModelConfig(name="m", base_path=tmp_path)
    for _ in range(3):
        assert lookout.find(empty) == {}
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("Model m: No versions of servable m found under base path")
    make_versions(tmp_path, 2)
    assert lookout.find(empty).keys() == {2}


def test_a_base_path_without_versions_is_an_error_where_one_is_needed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No versions of the model were found under base path"):
        Lookout().find(ModelConfig(name="m", base_path=tmp_path), required=True)


def test_an_error_has_the_name_of_its_model() -> None:
    named = of_model("photos", FileNotFoundError("no such folder"))
    assert (named.code, named.message) == (Code.NOT_FOUND, "Model photos: no such folder")

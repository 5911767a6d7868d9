"""serving.server.models.spec: which model, and which version of it, a call asks for."""

from pathlib import Path
from typing import cast

import pytest

from serving.saved_model import LoadedModel
from serving.server.errors import ServingError
from serving.server.models import served
from serving.server.models.config import ModelConfig
from serving.server.models.served import ServedModel
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State, Version
from tests.serving.server.fakes import FakeLoader, FakeModel


def make(*numbers: int, **labels: int) -> ServedModel:
    """A model with loaded versions, not yet published."""
    model = ServedModel(ModelConfig(name="m", base_path=Path("/m"), labels=labels))
    for number in numbers:
        loaded = cast(LoadedModel, FakeModel(str(number), FakeLoader()))
        model.versions[number] = Version("m", number, Path("/m") / str(number), State.LOADING, loaded=loaded)
    return model


def test_spec_prints_as_in_tensorflow_serving() -> None:
    assert str(ModelSpec(name="m")) == "Latest(m)"
    assert str(ModelSpec(name="m", version=0)) == "Specific(m, 0)"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ModelSpec(name="m"), "NOT_FOUND: Servable not found for request: Latest(m)"),
        (ModelSpec(name="m", version=7), "NOT_FOUND: Servable not found for request: Specific(m, 7)"),
        (ModelSpec(name="m", label="gone"), "NOT_FOUND: Servable not found for request: Specific(m, 4)"),
        (ModelSpec(name="m", label="no"), "INVALID_ARGUMENT: Unrecognized servable version label: no"),
    ],
)
def test_find_nothing(spec: ModelSpec, words: str) -> None:
    model = make(4, gone=4)
    model.publish([4])
    model.retire()
    with pytest.raises(ServingError) as caught:
        served.find(model, spec)
    assert str(caught.value) == words

"""One model: the version that a call means, and how versions are published and unloaded."""

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


def test_find() -> None:
    model = make(1, 3, 2, stable=1, canary=3, old=9)
    assert model.publish([3, 2, 1]) == []
    specs = [
        ModelSpec(name="m"),
        ModelSpec(name="m", version=2),
        ModelSpec(name="m", label="stable"),
        ModelSpec(name="m", label="canary"),
    ]
    assert [served.find(model, spec).number for spec in specs] == [3, 2, 1, 3]


@pytest.mark.parametrize("label", ["stable", None])
def test_find_in_an_unknown_model(label: str | None) -> None:
    words = "Unrecognized servable version label: stable" if label else r"Servable not found for request: Latest\(x\)"
    with pytest.raises(ServingError, match=words):
        served.find(None, ModelSpec(name="x", label=label))


def test_versions_leave_when_all_wanted_ones_are_there() -> None:
    model = make(1, 2, 3)
    model.publish([1, 2, 3])
    model.versions[4] = Version("m", 4, Path("/m/4"))
    assert model.publish([4, 3]) == []
    assert model.current is model.versions[3]
    model.versions[4].state, model.versions[4].loaded = State.LOADING, model.versions[1].loaded
    assert model.publish([4, 3]) == [model.versions[1], model.versions[2]]
    assert [copy.state.value for copy in model.copies()] == ["AVAILABLE", "AVAILABLE", "UNLOADING", "UNLOADING"]
    assert model.current is model.versions[4]


def test_inherit_and_forget() -> None:
    old, new = make(1, 2), make(2, 3)
    new.inherit(old)
    assert [copy.number for copy in new.copies()] == [3, 2, 1]
    assert new.versions[2] is not old.versions[2]
    new.forget()
    assert len(new.versions) == 3
    for number in range(10, 10 + served.MOST_ENDED):
        new.versions[number] = Version("m", number, Path("/m"), State.END)
    new.versions[1].state = State.END
    new.forget()
    assert 1 not in new.versions
    assert len(new.versions) == 2 + served.MOST_ENDED


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


def test_listed_versions() -> None:
    model = make(1, 3, stable=3)
    assert [version.number for version in served.listed(model, ModelSpec(name="m"))] == [3, 1]
    assert [version.number for version in served.listed(model, ModelSpec(name="m", version=1))] == [1]
    assert [version.number for version in served.listed(model, ModelSpec(name="m", label="none"))] == [3, 1]
    with pytest.raises(ServingError, match="NOT_FOUND: Could not find version 2 of model m"):
        served.listed(model, ModelSpec(name="m", version=2))
    for nothing in (None, make()):
        with pytest.raises(ServingError, match="NOT_FOUND: Could not find any versions of model m"):
            served.listed(nothing, ModelSpec(name="m"))

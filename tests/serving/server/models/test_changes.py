"""Steps from what is served to what a config asks for."""

from pathlib import Path
from typing import cast

from serving.saved_model import LoadedModel
from serving.server.errors import Code, ServingError
from serving.server.models import changes
from serving.server.models.changes import Change
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Specific
from serving.server.models.served import ServedModel
from serving.server.models.versions import State, Version
from tests.serving.server.fakes import FakeLoader, FakeModel

CONFIG = ModelConfig(name="m", base_path=Path("/m"))


def test_track_renews_what_was_unloaded() -> None:
    failed = Version("m", 2, Path("/m/2"), State.END, ServingError(Code.UNKNOWN, "broken"))
    records = {
        1: Version("m", 1, Path("/m/1"), State.AVAILABLE),
        2: failed,
        3: Version("m", 3, Path("/m/3"), State.END),
        4: Version("m", 4, Path("/m/4"), State.UNLOADING),
    }
    change = Change(CONFIG, ServedModel(CONFIG, dict(records)), {n: Path(f"/m/{n}") for n in (5, 4, 3, 2, 1)})
    change.track()
    assert [version.number for version in change.versions] == [5, 4, 3, 2, 1]
    assert [version.state.value for version in change.versions] == ["START", "START", "START", "END", "AVAILABLE"]
    assert change.versions[3] is failed
    assert change.versions[4] is records[1]
    assert not change.failed()
    [problem] = change.problems()
    assert str(problem) == "UNKNOWN: Model m, version 2: broken"


def test_failed_and_its_words() -> None:
    change = Change(CONFIG, ServedModel(CONFIG), {2: Path("/m/2"), 1: Path("/m/1")}, required=True)
    change.track()
    for version in change.versions:
        version.failed(ServingError(Code.NOT_FOUND, "no file"), 1.0)
    assert change.failed()
    # As in tensorflow_serving/model_servers/server_core.cc, WaitUntilModelsAvailable.
    assert str(changes.not_available([change], "model")) == (
        "UNKNOWN: 2 model(s) did not become available: {{{name: m version: 2} due to error: NOT_FOUND: no file}, "
        "{{name: m version: 1} due to error: NOT_FOUND: no file}, }"
    )
    change.versions[1].loaded = cast(LoadedModel, FakeModel("1", FakeLoader()))
    assert not change.failed()


def test_publish_lets_all_others_leave() -> None:
    config = ModelConfig(name="m", base_path=Path("/m"), policy=Specific(frozenset({1, 2})))
    model = ServedModel(config, {n: Version("m", n, Path(f"/m/{n}"), State.AVAILABLE) for n in (1, 2, 3)})
    assert Change(config, model, {2: Path("/m/2")}).publish() == [model.versions[1], model.versions[3]]
    assert model.current is model.versions[2]
    assert Change(config, model, {}).publish() == [model.versions[2]]
    assert model.current is None

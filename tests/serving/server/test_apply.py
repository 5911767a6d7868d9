"""Configs of several models: models that are not in the new one are unloaded, and a bad one changes nothing."""

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.policies import All, Latest, Policy, Specific
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State
from tests.serving.server.fakes import SECONDS, FakeLoader, eventually, make_versions, run, states

START, LOADING, AVAILABLE, UNLOADING, END = State


@pytest.fixture
def repository(load: FakeLoader) -> Iterator[Repository]:
    made = Repository(load, load_threads=2)
    yield made
    made.close()


def config(base_path: Path, *versions: int | str, policy: Policy | None = None) -> ModelConfig:
    """A model named after its folder."""
    make_versions(base_path, *versions)
    return ModelConfig(name=base_path.name, base_path=base_path, policy=policy or Latest())


def answers(repository: Repository) -> dict[str, str]:
    """Ask each model for its default version."""
    return {name: run(repository, ModelSpec(name=name)) for name in repository.models()}


def test_models_that_are_not_in_the_new_config_are_unloaded(tmp_path: Path, repository: Repository) -> None:
    a, b, c = (config(tmp_path / name, 1) for name in "abc")
    repository.apply([b, a])
    assert list(repository.models()) == ["b", "a"]
    repository.apply([a, c])
    assert answers(repository) == {"a": "a/1", "c": "c/1"}
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(b\)"):
        run(repository, ModelSpec(name="b"))
    eventually(lambda: states(repository, "b") == {1: END})  # still listed, as in TensorFlow Serving
    repository.apply([b])
    assert states(repository, "b") == {1: AVAILABLE}
    repository.apply([])
    assert repository.models() == {}


def test_models_load_side_by_side(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    configs = [config(tmp_path / name, 1) for name in "ab"]
    holds = [load.hold(f"{name}/1") for name in "ab"]
    applying = threading.Thread(target=repository.apply, args=(configs,))
    applying.start()
    for begun, _ in holds:
        assert begun.wait(SECONDS)
    assert not repository.ready()
    assert states(repository, "a") == states(repository, "b") == {1: LOADING}
    with pytest.raises(ServingError, match="Servable not found"):
        run(repository, ModelSpec(name="a"))
    for _, go_on in holds:
        go_on.set()
    applying.join(SECONDS)
    assert answers(repository) == {"a": "a/1", "b": "b/1"}


def test_a_model_that_does_not_load_changes_nothing(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    old = config(tmp_path / "old", 1, 2)
    repository.apply([old])
    load.broken.add("bad/1")
    good, bad = config(tmp_path / "good", 1), config(tmp_path / "bad", 1)
    wider = ModelConfig(name="old", base_path=old.base_path, policy=All())
    for configs in ([good, bad], [wider, bad, good]):
        with pytest.raises(ServingError) as caught:
            repository.apply(configs)
        assert caught.value.code is Code.UNKNOWN
        assert caught.value.message == (
            "1 model(s) did not become available: {{{name: bad version: 1} due to error: INVALID_ARGUMENT: bad/1 is "
            "broken}, }"
        )
        assert answers(repository) == {"old": "old/2"}
        with pytest.raises(ServingError, match="Could not find any versions of model good"):
            repository.status(ModelSpec(name="good"))
    eventually(lambda: load.events.count("close good/1") == 2 and load.events.count("close old/1") == 1)
    assert repository.refresh() == []
    assert states(repository, "old") == {2: AVAILABLE, 1: END}
    assert load.events.count("close old/2") == 0


@pytest.mark.parametrize("names", [("a", "a"), ("a", "")])
def test_names_that_cannot_be_followed_change_nothing(
    names: tuple[str, str], tmp_path: Path, repository: Repository
) -> None:
    repository.apply([config(tmp_path / "m", 1)])
    with pytest.raises(ServingError, match=r"Illegal to list model a multiple times|A model without a name"):
        repository.apply([ModelConfig(name=name, base_path=tmp_path / "m") for name in names])
    assert answers(repository) == {"m": "m/1"}


def test_a_missing_base_path_changes_nothing(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    m, other = config(tmp_path / "m", 1), config(tmp_path / "other", 1)
    repository.apply([m])
    with pytest.raises(ServingError, match="Model none: Could not find base path") as caught:
        repository.apply([other, ModelConfig(name="none", base_path=tmp_path / "none")])
    assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(ServingError, match="Model m: None of the specific versions"):
        repository.apply([ModelConfig(name="m", base_path=m.base_path, policy=Specific(frozenset({8})))])
    with pytest.raises(ServingError, match="Model empty: No versions of the model were found"):
        repository.apply([m, config(make_versions(tmp_path / "empty", "none"))])
    assert (answers(repository), load.events) == ({"m": "m/1"}, ["load m/1"])


def test_trouble_of_an_unchanged_model_stops_no_config(
    tmp_path: Path, load: FakeLoader, repository: Repository
) -> None:
    m, gone = config(tmp_path / "m", 1), config(tmp_path / "gone", 1)
    repository.apply([m, gone])
    make_versions(m.base_path, 2)
    load.broken.add("m/2")
    (gone.base_path / "1").rmdir()
    gone.base_path.rmdir()
    repository.apply([m, gone, config(tmp_path / "new", 1)])
    assert answers(repository) == {"m": "m/1", "gone": "gone/1", "new": "new/1"}


def test_words_of_the_first_failure(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    """At the start "servable", as in load_servables_fast.cc; later "model", as in server_core.cc."""
    load.broken.add("bad/1")
    bad = config(tmp_path / "bad", 1)
    repository.apply(None)
    with pytest.raises(ServingError, match=r"^UNKNOWN: 1 servable\(s\) did not become available: \{\{\{name: bad"):
        repository.apply([bad])
    repository.apply([])
    with pytest.raises(ServingError, match=r"^UNKNOWN: 1 model\(s\) did not become available: \{\{\{name: bad"):
        repository.apply([bad])


def test_another_platform(tmp_path: Path, repository: Repository) -> None:
    m, new = config(tmp_path / "m", 1), config(tmp_path / "new", 1)
    repository.apply([m])
    words = (
        "Illegal to change a model's platform. For model m platform was tensorflow and new platform requested is caffe"
    )
    for asked, message in ((m, words), (new, "Model new requests unsupported platform caffe")):
        with pytest.raises(ServingError) as caught:
            repository.apply([m, dataclasses.replace(asked, platform="caffe")][asked is m :])
        assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, message)
    assert answers(repository) == {"m": "m/1"}


def test_one_available_version_is_enough(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    load.broken.add("m/3")
    repository.apply([config(tmp_path / "m", 1, 2, 3, policy=Latest(2))])
    assert states(repository) == {3: END, 2: AVAILABLE}
    load.broken.clear()
    (tmp_path / "m" / "3" / "saved_model.pb").touch()
    repository.refresh()
    repository.refresh()
    assert states(repository) == {3: AVAILABLE, 2: AVAILABLE}


def test_policy_of_a_model_changes(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    m = config(tmp_path / "m", 1, 2, 3)
    repository.apply([m])
    for policy, available in ((All(), {3, 2, 1}), (Specific(frozenset({1, 2})), {2, 1}), (Latest(), {3})):
        repository.apply([ModelConfig(name="m", base_path=m.base_path, policy=policy)])
        assert {n for n, state in states(repository).items() if state is AVAILABLE} == available
    assert load.events.count("load m/1") == 1
    assert load.events.count("load m/3") == 2


def test_base_path_of_a_model_changes(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    first, second = make_versions(tmp_path / "first", 1, 2), make_versions(tmp_path / "second", "02")
    repository.apply([ModelConfig(name="m", base_path=first, policy=All())])
    begun, go_on = load.hold("m/02")
    with repository.use(ModelSpec(name="m")) as old, ThreadPoolExecutor(1) as pool:
        applying = pool.submit(repository.apply, [ModelConfig(name="m", base_path=second)])
        assert begun.wait(SECONDS)
        assert run(repository, ModelSpec(name="m")) == "m/2"  # the old path, until the new one is ready
        go_on.set()
        applying.result(SECONDS)
        assert run(repository, ModelSpec(name="m")) == "m/02"
        assert old.state is UNLOADING
    eventually(lambda: states(repository) == {2: AVAILABLE, 1: END})
    eventually(lambda: sorted(load.events[3:]) == ["close m/1", "close m/2"])
    load.broken.add("m/7")
    with pytest.raises(ServingError, match="m/7 is broken"):
        repository.apply([ModelConfig(name="m", base_path=make_versions(tmp_path / "third", 7))])
    assert states(repository) == {2: AVAILABLE, 1: END}


def test_configs_are_applied_one_after_the_other(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    a, b = config(tmp_path / "a", 1), config(tmp_path / "b", 1)
    begun, go_on = load.hold("a/1")
    load.begun["b/1"] = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(repository.apply, [a])
        assert begun.wait(SECONDS)
        second = pool.submit(repository.apply, [b])
        assert not load.begun["b/1"].wait(0.2)
        go_on.set()
        first.result(SECONDS)
        second.result(SECONDS)
    assert answers(repository) == {"b": "b/1"}
    eventually(lambda: load.events[-1] == "close a/1")


def test_duplicate_folders_are_said_once(
    tmp_path: Path, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    repository.apply([config(tmp_path / "m", "123", "00000123")])
    for _ in range(3):
        repository.refresh()
    assert caplog.text.count("Version 123 will be loaded from 123, 00000123 will be ignored.") == 1
    assert states(repository) == {123: AVAILABLE}

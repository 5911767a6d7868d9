"""Loading, swapping and handing out of versions, with stand-ins for the models."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.policies import All, Latest, Policy, Specific
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State
from tests.serving.server.fakes import SECONDS, FakeLoader, eventually, make_versions, run, states

MODEL = ModelSpec(name="m")
START, LOADING, AVAILABLE, UNLOADING, END = State


@pytest.fixture
def repository(load: FakeLoader) -> Iterator[Repository]:
    made = Repository(load, retries=2, retry_seconds=0.0)
    yield made
    made.close()


def config(base_path: Path, policy: Policy | None = None, *, name: str = "m", **labels: int) -> ModelConfig:
    return ModelConfig(name=name, base_path=base_path, policy=policy or Latest(), labels=labels)


def test_highest_version_is_served(tmp_path: Path, load: FakeLoader) -> None:
    repository = Repository(load)
    assert not repository.ready()
    repository.apply([config(make_versions(tmp_path, 2, 10, 9))])
    assert repository.ready()
    assert states(repository) == {10: AVAILABLE}
    assert run(repository, MODEL) == run(repository, ModelSpec(name="m", version=10)) == "m/10"
    repository.close()
    assert load.events == ["load m/10", "close m/10"]
    assert not repository.ready()
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(m\)"):
        repository.acquire(MODEL)
    with pytest.raises(ServingError, match="The server is stopping"):
        repository.apply([])
    assert repository.refresh() == []


def test_nothing_is_served_before_the_first_config(repository: Repository) -> None:
    with pytest.raises(ServingError, match="Could not find any versions of model m"):
        repository.status(MODEL)
    repository.apply([])
    assert repository.ready()  # nothing was asked for, and all of it is there
    assert repository.models() == {}


def test_new_version_is_ready_before_the_old_one_goes(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    repository.refresh()
    repository.refresh()
    eventually(lambda: states(repository) == {2: AVAILABLE, 1: END})
    assert load.events == ["load m/1", "load m/2", "close m/1"]
    (tmp_path / "2").rmdir()
    repository.refresh()
    eventually(lambda: states(repository) == {2: END, 1: AVAILABLE})
    assert load.events[3:] == ["load m/1", "close m/2"]


def test_old_version_answers_while_the_new_one_loads(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    begun, go_on = load.hold("m/2")
    swap = threading.Thread(target=repository.refresh)
    swap.start()
    assert begun.wait(SECONDS)
    assert states(repository) == {2: LOADING, 1: AVAILABLE}
    assert run(repository, MODEL) == "m/1"
    go_on.set()
    swap.join(SECONDS)
    assert run(repository, MODEL) == "m/2"


def test_a_call_keeps_its_version(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    with repository.use(MODEL) as version:
        repository.refresh()
        assert states(repository) == {2: AVAILABLE, 1: UNLOADING}
        assert version.number == 1
        assert version.model is not None
        assert run(repository, MODEL) == "m/2"
        with pytest.raises(ServingError, match=r"Specific\(m, 1\)"):
            repository.acquire(ModelSpec(name="m", version=1))
        make_versions(tmp_path, 3)
        repository.refresh()  # a long call holds up nobody
        assert run(repository, MODEL) == "m/3"
        assert "close m/1" not in load.events
    eventually(lambda: "close m/1" in load.events)


def test_two_calls_must_both_end(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    first, second = repository.acquire(MODEL), repository.acquire(MODEL)
    assert first is second
    repository.apply([])
    repository.release(first)
    assert first.drained is not None
    assert not first.drained.is_set()
    repository.release(second)
    eventually(lambda: load.events[-1] == "close m/1")


def test_closing_a_model_holds_up_nobody(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    go_on = load.held_closes["m/1"] = threading.Event()
    for number in (2, 3):
        make_versions(tmp_path, number)
        repository.refresh()
        assert run(repository, MODEL) == f"m/{number}"
    assert states(repository)[1] is UNLOADING
    go_on.set()
    eventually(lambda: states(repository) == {3: AVAILABLE, 2: END, 1: END})


def test_close_waits_for_the_calls_under_way(tmp_path: Path, load: FakeLoader) -> None:
    repository = Repository(load)
    repository.apply([config(make_versions(tmp_path, 1))])
    version = repository.acquire(MODEL)
    closing = threading.Thread(target=repository.close)
    closing.start()
    eventually(lambda: version.drained is not None)
    assert closing.is_alive()
    repository.release(version)
    closing.join(SECONDS)
    assert load.events == ["load m/1", "close m/1"]


def test_a_version_comes_back_while_it_still_goes(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1, 2), Specific(frozenset({1})))])
    old = repository.acquire(MODEL)
    for number in (2, 1):
        repository.apply([config(tmp_path, Specific(frozenset({number})))])
    with repository.use(MODEL) as new:
        assert new.number == old.number == 1
        assert new is not old
    assert load.events.count("load m/1") == 2
    repository.release(old)
    eventually(lambda: load.events.count("close m/1") == 1)
    assert states(repository)[1] is AVAILABLE


def test_status_is_a_snapshot(tmp_path: Path, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    [before] = repository.status(MODEL)
    [listed] = repository.models()["m"]
    repository.close()
    assert (before.state, listed.state, states(repository)) == (AVAILABLE, AVAILABLE, {1: END})
    with pytest.raises(ServingError, match="Could not find version 7 of model m"):
        repository.status(ModelSpec(name="m", version=7))


@pytest.mark.parametrize(
    ("policy", "first", "then"),
    [
        (Latest(2), {4, 3}, {5, 4}),
        (Latest(9), {4, 3, 2, 1}, {5, 4, 3, 2, 1}),
        (All(), {4, 3, 2, 1}, {5, 4, 3, 2, 1}),
        (Specific(frozenset({2, 4})), {4, 2}, {4, 2}),
        (Specific(frozenset({2, 5})), {2}, {5, 2}),
    ],
)
def test_policies(policy: Policy, first: set[int], then: set[int], tmp_path: Path, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1, 2, 3, 4), policy)])
    assert states(repository) == dict.fromkeys(first, AVAILABLE)
    make_versions(tmp_path, 5)
    repository.refresh()
    available = {number for number, state in states(repository).items() if state is AVAILABLE}
    assert available == then
    assert run(repository, MODEL) == f"m/{max(then)}"


def test_versions_that_are_deleted(tmp_path: Path, repository: Repository) -> None:
    repository.apply(
        [
            config(make_versions(tmp_path / "all", 1, 2), All(), name="all"),
            config(make_versions(tmp_path / "named", 1, 2), Specific(frozenset({1, 2})), name="named"),
        ]
    )
    (tmp_path / "all" / "2").rmdir()
    (tmp_path / "named" / "2").rmdir()
    assert repository.refresh() == []
    for name in ("all", "named"):
        eventually(lambda name=name: states(repository, name) == {2: END, 1: AVAILABLE})  # type: ignore[misc]
        assert run(repository, ModelSpec(name=name)) == f"{name}/1"


@pytest.mark.parametrize("policy", [Latest(), All(), Specific(frozenset({1}))])
def test_the_last_version_leaves_with_its_folder(
    policy: Policy, tmp_path: Path, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """TensorFlow Serving aspires an empty list then; file_system_storage_path_source.cc, PollFileSystemForServable."""
    repository.apply([config(make_versions(tmp_path, 1), policy)])
    words = f"No versions of servable m found under base path {tmp_path}. Did you forget"
    for look in (1, 2):
        (tmp_path / "1").rmdir()
        for _ in range(3):
            assert repository.refresh() == []
        assert caplog.text.count(words) == look
        eventually(lambda: states(repository) == {1: END})
        assert not repository.ready()
        with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(m\)"):
            run(repository, MODEL)
        make_versions(tmp_path, 1)
        assert repository.refresh() == []
        assert run(repository, MODEL) == "m/1"


def test_an_unchanged_config_takes_the_last_version_too(tmp_path: Path, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    (tmp_path / "1").rmdir()
    repository.apply([config(tmp_path)])
    eventually(lambda: states(repository) == {1: END})


def test_empty_config_before_the_first_list(
    tmp_path: Path, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty config does what ServerCore::ReloadConfig in server_core.cc does."""
    caplog.set_level("INFO", "serving")
    for _ in range(2):
        repository.apply(None)
    assert caplog.text.count("Taking no action for empty config.") == 2
    assert (repository.ready(), repository.models()) == (True, {})
    repository.apply([config(make_versions(tmp_path, 1))])
    with pytest.raises(ServingError, match=r"Cannot transition to requested config. It is only legal") as caught:
        repository.apply(None)
    assert caught.value.code is Code.FAILED_PRECONDITION
    assert run(repository, MODEL) == "m/1"


def test_broken_version_leaves_the_old_one(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    load.broken.add("m/2")
    [problem] = repository.refresh()
    assert (problem.code, problem.message) == (Code.INVALID_ARGUMENT, "Model m, version 2: m/2 is broken")
    assert states(repository) == {2: END, 1: AVAILABLE}
    [failed] = repository.status(ModelSpec(name="m", version=2))
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == (Code.INVALID_ARGUMENT, "m/2 is broken")
    for _ in range(5):
        assert len(repository.refresh()) == 1
    assert load.events.count("load m/2") == 3  # once, and two retries
    assert repository.ready()


def test_failed_load_is_tried_again(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    load.broken.add("m/2")
    assert len(repository.refresh()) == 1
    load.broken.clear()
    assert repository.refresh() == []
    [version, _] = repository.status(MODEL)
    assert (version.state, version.error) == (AVAILABLE, None)


def test_retry_waits_unless_the_folder_changes(tmp_path: Path, load: FakeLoader) -> None:
    repository = Repository(load, retries=0, retry_seconds=3600.0)
    repository.apply([config(make_versions(tmp_path, 1))])
    make_versions(tmp_path, 2)
    load.broken.add("m/2")
    repository.refresh()
    repository.refresh()
    assert load.events == ["load m/1", "load m/2"]
    for size in (10, 20):  # a copy goes on: better not look into it yet
        (tmp_path / "2" / "saved_model.pb").write_bytes(b"x" * size)
        repository.refresh()
    assert load.events == ["load m/1", "load m/2"]
    load.broken.clear()
    assert repository.refresh() == []
    assert run(repository, MODEL) == "m/2"
    repository.close()


def test_a_broken_version_takes_none_away(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1, 2), Latest(2))])
    load.broken.add("m/3")
    make_versions(tmp_path, 3)
    repository.refresh()
    assert states(repository) == {3: END, 2: AVAILABLE, 1: AVAILABLE}


def test_vanished_base_path_ends_nothing(tmp_path: Path, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path / "m", 1))])
    shutil.rmtree(tmp_path / "m")
    [problem] = repository.refresh()
    assert problem.code is Code.NOT_FOUND
    assert problem.message.startswith("Model m: Could not find base path")
    assert states(repository) == {1: AVAILABLE}
    make_versions(tmp_path / "m", 2)
    assert repository.refresh() == []
    assert run(repository, MODEL) == "m/2"


def test_unreadable_base_path_ends_nothing(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("os.scandir", refuse)
        [problem] = repository.refresh()
    assert "Permission denied" in problem.message
    assert run(repository, MODEL) == "m/1"


def test_one_broken_model_leaves_the_other(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    configs = [config(make_versions(tmp_path / name, 1), name=name) for name in ("a", "b")]
    repository.apply(configs)
    for name in ("a", "b"):
        make_versions(tmp_path / name, 2)
    load.broken.add("b/2")
    [problem] = repository.refresh()
    assert "Model b, version 2" in problem.message
    assert run(repository, ModelSpec(name="a")) == "a/2"
    assert run(repository, ModelSpec(name="b")) == "b/1"


def test_a_model_that_cannot_be_closed_is_gone_all_the_same(
    tmp_path: Path, load: FakeLoader, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    repository.apply([config(make_versions(tmp_path, 1))])
    load.models["m/1"][0].close = lambda: 1 / 0  # type: ignore[method-assign, assignment]
    repository.apply([])
    eventually(lambda: states(repository) == {1: END})
    assert "could not be closed cleanly" in caplog.text


def test_unloaded_versions_are_forgotten_in_the_end(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    make_versions(tmp_path, *range(1, 131))
    for number in range(1, 131):
        repository.apply([config(tmp_path, Specific(frozenset({number})))])
    eventually(lambda: load.events.count("close m/129") == 1)
    repository.close()
    ended = repository.status(MODEL)
    assert len(ended) == 100  # the newest, served.MOST_ENDED of them
    assert ended[-1].number == 31
    assert all(version.loaded is None for version in ended)

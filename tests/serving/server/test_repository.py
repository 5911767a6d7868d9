"""Loading, swapping and handing out of versions, with stand-ins for the models."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from serving.saved_model import LoadedModel
from serving.server.errors import Code, ServingError
from serving.server.repository import ModelSpec, Repository
from serving.server.versions import State

MODEL = ModelSpec(name="m")


class Loader:
    """Loads nothing, and remembers what it was asked; the folders in `broken` fail."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.events: list[str] = []

    def __call__(self, folder: Path) -> LoadedModel:
        self.events.append(f"load {folder.name}")
        if folder.name in self.broken:
            raise ValueError(f"{folder.name} is broken")
        return cast(LoadedModel, StandIn(folder.name, self.events))


class StandIn:
    """Something that can be closed."""

    def __init__(self, name: str, events: list[str]) -> None:
        self.name = name
        self.events = events
        self.closed = False

    def close(self) -> None:
        self.closed = True
        self.events.append(f"close {self.name}")


@pytest.fixture
def load() -> Loader:
    return Loader()


def states(repository: Repository) -> dict[int, str]:
    return {version.number: version.state.value for version in repository.status(MODEL)}


def test_highest_version_is_served(tmp_path: Path, load: Loader) -> None:
    for name in ("2", "10", "9"):
        (tmp_path / name).mkdir()
    repository = Repository({"m": tmp_path}, load)
    assert not repository.ready()
    assert repository.refresh() == []
    assert repository.ready()
    assert states(repository) == {10: "AVAILABLE"}
    with repository.use(MODEL) as version:
        assert version.number == 10
    repository.close()
    assert load.events == ["load 10", "close 10"]


def test_new_version_is_ready_before_the_old_one_goes(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    (tmp_path / "2").mkdir()
    repository.refresh()
    repository.refresh()
    assert load.events == ["load 1", "load 2", "close 1"]
    assert list(states(repository).items()) == [(2, "AVAILABLE"), (1, "END")]
    (tmp_path / "2").rmdir()
    repository.refresh()
    assert load.events[3:] == ["load 1", "close 2"]
    assert states(repository) == {2: "END", 1: "AVAILABLE"}


def test_a_call_keeps_its_version(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    (tmp_path / "2").mkdir()
    with repository.use(MODEL) as version:
        swap = threading.Thread(target=repository.refresh)
        swap.start()
        while states(repository).get(1) != "UNLOADING":
            time.sleep(0.001)
        assert version.model is not None
        assert "close 1" not in load.events
        with repository.use(MODEL) as newer:
            assert newer.number == 2
        with pytest.raises(ServingError, match=r"Specific\(m, 1\)"), repository.use(ModelSpec(name="m", version=1)):
            pass
    swap.join()
    assert load.events[-1] == "close 1"


def test_closing_a_model_holds_up_nobody(tmp_path: Path, load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    closing, release = threading.Event(), threading.Event()

    def close(_model: StandIn) -> None:
        closing.set()
        assert release.wait(10)

    monkeypatch.setattr(StandIn, "close", close)
    (tmp_path / "2").mkdir()
    swap = threading.Thread(target=repository.refresh)
    swap.start()
    assert closing.wait(10)
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(states, repository)
        try:
            assert seen.result(5) == {2: "AVAILABLE", 1: "UNLOADING"}
        finally:
            release.set()
    swap.join()


def test_status_is_a_snapshot(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    [before] = repository.status(MODEL)
    repository.close()
    assert (before.state, states(repository)) == (State.AVAILABLE, {1: "END"})


def test_calls_during_swaps_never_meet_a_closed_model(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    stop = threading.Event()

    def calls() -> int:
        count = 0
        while not stop.is_set():
            with repository.use(MODEL) as version:
                model = cast(StandIn, version.model)
                time.sleep(0.0002)
                assert not model.closed
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(calls) for _ in range(4)]
        for number in range(2, 60):
            (tmp_path / str(number)).mkdir()
            assert repository.refresh() == []
        stop.set()
        assert min(client.result() for client in clients) > 0
    assert load.events.count("close 58") == 1


def test_broken_version_leaves_the_old_one(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load, retries=2, retry_seconds=0.0)
    repository.refresh()
    (tmp_path / "2").mkdir()
    load.broken.add("2")
    [problem] = repository.refresh()
    assert (problem.code, problem.message) == (Code.INVALID_ARGUMENT, "Model m, version 2: 2 is broken")
    assert states(repository) == {2: "END", 1: "AVAILABLE"}
    assert repository.status(ModelSpec(name="m", version=2))[0].error is problem
    for _ in range(5):
        assert len(repository.refresh()) == 1
    assert load.events.count("load 2") == 3  # once, and two retries
    assert repository.ready()


def test_failed_load_is_tried_again(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    load.broken.add("1")
    repository = Repository({"m": tmp_path}, load, retry_seconds=0.0)
    assert len(repository.refresh()) == 1
    load.broken.clear()
    assert repository.refresh() == []
    [version] = repository.status(MODEL)
    assert (version.state, version.error) == (State.AVAILABLE, None)


def test_retry_waits(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    load.broken.add("1")
    repository = Repository({"m": tmp_path}, load, retry_seconds=3600.0)
    repository.refresh()
    repository.refresh()
    assert load.events == ["load 1"]


def test_vanished_base_path_ends_nothing(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "1").mkdir()
    repository = Repository({"m": tmp_path}, load)
    repository.refresh()
    (tmp_path / "1").rmdir()
    [problem] = repository.refresh()
    assert problem.code is Code.NOT_FOUND
    assert states(repository) == {1: "AVAILABLE"}


def test_one_broken_model_leaves_the_other(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "a" / "1").mkdir(parents=True)
    repository = Repository({"b": tmp_path / "b", "a": tmp_path / "a"}, load)
    assert len(repository.refresh()) == 1
    assert not repository.ready()
    with repository.use(ModelSpec(name="a")) as version:
        assert version.number == 1


def test_poll_reports_each_error_once(tmp_path: Path, load: Loader) -> None:
    stop = threading.Event()
    reports: list[ServingError] = []
    repository = Repository({"m": tmp_path}, load)
    watcher = threading.Thread(target=repository.poll, args=(0.001, stop, reports.append))
    watcher.start()
    time.sleep(0.05)
    (tmp_path / "5").mkdir()
    while not repository.ready():
        time.sleep(0.001)
    stop.set()
    watcher.join()
    assert len(reports) == 1
    assert states(repository) == {5: "AVAILABLE"}

"""Loading and unloading in threads."""

import gc
import threading
import weakref
from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.loading import VersionLoader
from serving.server.models.versions import State, Version
from tests.serving.server.fakes import SECONDS, FakeLoader, eventually

CONFIG = ModelConfig(name="m", base_path=Path("/m"))


def make(load: FakeLoader, threads: int, ended: list[int]) -> VersionLoader:
    return VersionLoader(
        load,
        threading.Lock(),
        threads=threads,
        retries=0,
        retry_seconds=0.0,
        ended=lambda version: ended.append(version.number),
    )


def new(*numbers: int) -> list[Version]:
    return [Version("m", number, Path(f"/m/{number}")) for number in numbers]


def test_one_after_the_other() -> None:
    load = FakeLoader()
    load.broken.add("m/2")
    done: list[int] = []
    versions = new(3, 2, 1)
    loader = make(load, 0, [])
    loader.load([(CONFIG, version) for version in versions], then=lambda version: done.append(version.number))
    assert (load.events, done) == (["load m/3", "load m/2", "load m/1"], [3, 2, 1])
    assert [version.state.value for version in versions] == ["LOADING", "END", "LOADING"]
    assert [version.loaded is None for version in versions] == [False, True, False]
    assert str(versions[1].error) == "INVALID_ARGUMENT: m/2 is broken"
    loader.load([(CONFIG, version) for version in versions])
    assert len(load.events) == 3  # nothing is due


def test_side_by_side() -> None:
    load = FakeLoader()
    holds = [load.hold(f"m/{number}") for number in (1, 2)]
    loading = threading.Thread(target=make(load, 2, []).load, args=([(CONFIG, version) for version in new(1, 2)],))
    loading.start()
    for begun, _ in holds:
        assert begun.wait(SECONDS)
    for _, go_on in holds:
        go_on.set()
    loading.join(SECONDS)
    assert not loading.is_alive()


def test_unload_waits_for_the_calls_of_its_version_only() -> None:
    load, ended = FakeLoader(), list[int]()
    loader = make(load, 0, ended)
    busy, idle = versions = new(1, 2)
    loader.load([(CONFIG, version) for version in versions])
    busy.runs = 1
    for version in versions:
        version.leave()
    loader.unload(versions)
    eventually(lambda: ended == [2])
    assert (busy.state, idle.state, idle.loaded) == (State.UNLOADING, State.END, None)
    assert busy.drained is not None
    busy.drained.set()
    loader.join()
    assert (ended, busy.state, busy.loaded) == ([2, 1], State.END, None)


def test_nothing_is_kept_of_a_closed_or_broken_model(caplog: pytest.LogCaptureFixture) -> None:
    class Big:
        """Something that takes memory."""

        def close(self) -> None:
            """Nothing to do."""

    alive: weakref.WeakSet[Big] = weakref.WeakSet()

    def load(_config: ModelConfig, folder: Path) -> Big:
        model = Big()
        alive.add(model)
        if folder.name == "2":
            raise ServingError(Code.DATA_LOSS, "broken half-way")
        return model

    loader = VersionLoader(
        load,  # type: ignore[arg-type]
        threading.Lock(),
        threads=1,
        retries=0,
        retry_seconds=0.0,
        ended=lambda _version: None,
    )
    versions = new(1, 2)
    loader.load([(CONFIG, version) for version in versions])
    versions[0].leave()
    loader.unload([versions[0]])
    loader.join()
    gc.collect()
    assert len(alive) == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]

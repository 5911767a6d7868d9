"""Hot swaps under load: no call fails, none meets a closed model, and each version is closed once, after its last call."""

import gc
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from serving import saved_model
from serving.saved_model import LoadedModel
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Latest
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State
from tests.serving.server.fakes import FakeLoader, FakeModel, eventually, make_versions

SWAPS = 200
CLIENTS = 2
MODEL = ModelSpec(name="m")


@contextmanager
def load_from(call: Callable[[], int], *, clients: int = CLIENTS) -> Iterator[list[int]]:
    """Call without a pause from several threads; a call that fails fails the test. Yields what the calls answered."""
    stop, answers = threading.Event(), list[int]()

    def client() -> None:
        while not stop.is_set():
            answers.append(call())

    with ThreadPoolExecutor(clients) as pool:
        futures: list[Future[None]] = [pool.submit(client) for _ in range(clients)]
        try:
            yield answers
        finally:
            stop.set()
        for future in futures:
            future.result()


def wait_for_answer(answers: list[int], number: int) -> None:
    """The new version has answered."""
    eventually(lambda: number in answers[-CLIENTS * 4 :])


def test_hot_swaps_of_stand_ins(tmp_path: Path) -> None:
    load = FakeLoader()
    repository = Repository(load)
    repository.apply([ModelConfig(name="m", base_path=make_versions(tmp_path, 1))])

    def call() -> int:
        version = repository.acquire(MODEL)
        try:
            return int(cast(FakeModel, version.model).run().removeprefix("m/"))
        finally:
            assert not cast(FakeModel, version.model).closed
            repository.release(version)

    with load_from(call) as answers:
        for number in range(2, SWAPS + 2):
            make_versions(tmp_path, number)
            assert repository.refresh() == []
            wait_for_answer(answers, number)
            (tmp_path / str(number - 1)).rmdir()
    repository.close()
    assert set(answers) == set(range(1, SWAPS + 2))
    assert {name: [model.closed for model in made] for name, made in load.models.items()} == {
        f"m/{number}": [1] for number in range(1, SWAPS + 2)
    }


def test_hot_swaps_back_and_forth_by_config(tmp_path: Path) -> None:
    """Two versions that take turns, with a policy of two in between: records are renewed under the same number."""
    load = FakeLoader()
    repository = Repository(load, load_threads=2)
    first, second = make_versions(tmp_path / "a", 1), make_versions(tmp_path / "b", 1, 2)
    configs = [
        ModelConfig(name="m", base_path=first),
        ModelConfig(name="m", base_path=second, policy=Latest(2)),
        ModelConfig(name="m", base_path=second),
    ]
    repository.apply(configs[:1])

    def call() -> int:
        with repository.use(MODEL) as version:
            cast(FakeModel, version.model).run()
            return version.number

    with load_from(call) as answers:
        for turn in range(SWAPS):
            repository.apply([configs[turn % 3]])
    repository.close()
    assert set(answers) <= {1, 2}
    closed = [model.closed for made in load.models.values() for model in made]
    assert len(closed) > SWAPS
    assert set(closed) == {1}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two SavedModels, y = 0.5 x + 2 and y = 0.5 x + 3."""
    from tests.serving import models

    folders = [tmp_path_factory.mktemp("tiny") / name for name in ("two", "three")]
    for folder, addend in zip(folders, (2.0, 3.0), strict=True):
        models.write_half_plus_two(folder, addend=addend)
    return folders


def test_hot_swaps_of_saved_models(tmp_path: Path, tiny: list[Path]) -> None:
    """Real sessions: odd versions add 2, even ones 3; nothing of the old ones stays in memory."""
    alive: weakref.WeakSet[LoadedModel] = weakref.WeakSet()

    def load(_config: ModelConfig, folder: Path) -> LoadedModel:
        model = saved_model.load(folder, intra_op_threads=1, inter_op_threads=1)
        alive.add(model)
        return model

    repository = Repository(load)
    (tmp_path / "1").symlink_to(tiny[0])
    repository.apply([ModelConfig(name="m", base_path=tmp_path)])
    x = np.array([[1.0], [2.0]], np.float32)

    def call() -> int:
        with repository.use(MODEL) as version:
            y = version.model.run("serving_default", {"x": x})["y"]
        assert y.tolist() == (0.5 * x + (2.0 if version.number % 2 else 3.0)).tolist()
        return version.number

    swaps = 30  # fewer: a load costs some 50 ms of processor time
    with load_from(call) as answers:
        for number in range(2, swaps + 2):
            (tmp_path / str(number)).symlink_to(tiny[(number + 1) % 2])
            assert repository.refresh() == []
            wait_for_answer(answers, number)
    eventually(lambda: [version.state for version in repository.status(MODEL)].count(State.END) == swaps)
    gc.collect()
    assert len(alive) == 1
    repository.close()
    gc.collect()
    assert len(alive) == 0


def test_hot_swap_to_a_folder_that_is_still_copied(tmp_path: Path, tiny: list[Path]) -> None:
    repository = Repository(lambda _config, folder: saved_model.load(folder), retries=0, retry_seconds=3600.0)
    shutil.copytree(tiny[0], tmp_path / "1")
    repository.apply([ModelConfig(name="m", base_path=tmp_path)])

    def call() -> int:
        with repository.use(MODEL) as version:
            version.model.run("serving_default", {"x": np.ones((1, 1), np.float32)})
            return version.number

    variables = "variables/variables.data-00000-of-00001"
    with load_from(call, clients=1) as answers:
        (tmp_path / "2" / "variables").mkdir(parents=True)
        [problem] = repository.refresh()
        assert "Could not find SavedModel .pb or .pbtxt" in problem.message
        for name in ("saved_model.pb", "variables/variables.index"):
            shutil.copy(tiny[1] / name, tmp_path / "2" / name)
        (tmp_path / "2" / variables).write_bytes((tiny[1] / variables).read_bytes()[:3])  # cut in the middle
        for _ in range(2):
            [problem] = repository.refresh()
        assert "could not be loaded" in problem.message
        shutil.copy(tiny[1] / variables, tmp_path / "2" / variables)
        for _ in range(2):
            repository.refresh()
        wait_for_answer(answers, 2)
        shutil.rmtree(tmp_path / "1")
        shutil.rmtree(tmp_path / "2")  # deleted while it is served; without its folder it would be unloaded
        (tmp_path / "2").mkdir()
        repository.refresh()
        count = len(answers)
        eventually(lambda: len(answers) > count + 10)
    assert set(answers) == {1, 2}
    repository.close()

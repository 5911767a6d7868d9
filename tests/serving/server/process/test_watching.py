"""Watching for new versions and configs: polls that survive trouble, and SIGHUP."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Latest, Policy
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from serving.server.process import flags, watching
from serving.server.process.watching import Watcher
from tests.serving.server.fakes import SECONDS, FakeLoader, eventually, make_versions, run

MODEL = ModelSpec(name="m")


@pytest.fixture
def repository(load: FakeLoader) -> Iterator[Repository]:
    made = Repository(load, retries=2, retry_seconds=0.0)
    yield made
    made.close()


def config(base_path: Path, policy: Policy | None = None, *, name: str = "m", **labels: int) -> ModelConfig:
    return ModelConfig(name=name, base_path=base_path, policy=policy or Latest(), labels=labels)


def test_poll_survives_a_look_that_fails(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, reports = threading.Event(), list[ServingError]()
    looks = iter([RuntimeError("can't start new thread"), OSError("nothing left"), None])

    def refresh() -> list[ServingError]:
        if (error := next(looks)) is not None:
            raise error
        stop.set()
        return []

    monkeypatch.setattr(repository, "refresh", refresh)
    watching.poll_versions(repository, 0.001, stop, reports.append)
    assert [report.message for report in reports] == ["can't start new thread", "nothing left"]


def test_poll_reports_each_error_once(tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.apply([config(make_versions(tmp_path / "m", 1))])
    shutil.rmtree(tmp_path / "m")
    stop = threading.Event()
    looks = threading.Semaphore(0)
    reports: list[ServingError] = []
    refresh = repository.refresh

    def counted() -> list[ServingError]:
        looks.release()
        return refresh()

    monkeypatch.setattr(repository, "refresh", counted)
    watcher = threading.Thread(target=watching.poll_versions, args=(repository, 0.001, stop, reports.append))
    watcher.start()
    for _ in range(5):
        assert looks.acquire(timeout=SECONDS)
    make_versions(tmp_path / "new", 5).rename(tmp_path / "m")  # in one step: no look may find an empty base path
    eventually(lambda: run(repository, MODEL) == "m/5")
    stop.set()
    watcher.join(SECONDS)
    assert len(reports) == 1


def test_sighup_survives_any_trouble(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "models.txt"
    config.write_text("model_config_list {}")

    def fail(_configs: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(repository, "apply", fail)
    Watcher(repository, None, flags.parse([f"--model_config_file={config}"])).reload()
    assert "can't start new thread" in caplog.text


def test_sighup_without_a_config_file_says_so(repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
    Watcher(repository, None, flags.parse(["--model_base_path=/models/x"])).reload()
    assert "the server was started without one" in caplog.text


class Polled:
    """A config file that is polled, with the configs that were applied and the errors that were reported."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.applied: list[list[str]] = []
        self.reports: list[str] = []
        self.refusals: list[ServingError] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=watching.poll_config,
            args=(path, 0.001, self.stop, self.apply, lambda error: self.reports.append(error.message)),
        )

    def apply(self, configs: Sequence[ModelConfig] | None) -> None:
        self.applied.append(["<empty>"] if configs is None else [config.name for config in configs])
        if self.refusals:
            raise self.refusals[0]

    def write(self, *names: str) -> None:
        models = "".join(f"config {{ name: '{n}' base_path: '/m' model_platform: 'tensorflow' }}" for n in names)
        self.path.with_suffix(".new").write_text(f"model_config_list {{ {models} }}")
        self.path.with_suffix(".new").replace(self.path)


@pytest.fixture
def polled(tmp_path: Path) -> Polled:
    return Polled(tmp_path / "models.config")


def while_polled(polled: Polled, changes: Callable[[], None]) -> None:
    polled.thread.start()
    try:
        changes()
    finally:
        polled.stop.set()
        polled.thread.join(SECONDS)


def test_poll_config_applies_changes_once(polled: Polled) -> None:
    polled.write("a")

    def changes() -> None:
        eventually(lambda: polled.applied == [["a"]])
        polled.write("a", "b")
        eventually(lambda: polled.applied == [["a"], ["a", "b"]])
        polled.write()
        eventually(lambda: polled.applied[2:] == [[]])

    while_polled(polled, changes)
    assert polled.reports == []


def test_poll_config_reports_a_bad_file_once_and_goes_on(polled: Polled) -> None:
    polled.path.write_text("model_config_list {")

    def changes() -> None:
        eventually(lambda: len(polled.reports) == 1)
        polled.write("a")
        eventually(lambda: polled.applied == [["a"]])
        polled.path.unlink()
        eventually(lambda: len(polled.reports) == 2)
        polled.write("b")
        eventually(lambda: polled.applied == [["a"], ["b"]])

    while_polled(polled, changes)
    assert len(polled.reports) == 2


def test_poll_config_applies_an_empty_file_once(polled: Polled) -> None:
    polled.path.write_text("")

    def changes() -> None:
        eventually(lambda: polled.applied == [["<empty>"]])
        polled.write("a")
        eventually(lambda: polled.applied[1:] == [["a"]])
        polled.refusals = [ServingError(Code.FAILED_PRECONDITION, "Cannot transition to requested config.")]
        polled.path.write_text("")
        eventually(lambda: polled.applied[2:4] == [["<empty>"]] * 2)
        polled.write("a")

    while_polled(polled, changes)
    assert polled.reports == ["Cannot transition to requested config."]


def test_poll_config_loads_broken_models_once(polled: Polled) -> None:
    polled.write("a")
    polled.refusals = [ServingError(Code.UNKNOWN, "1 model(s) did not become available")]

    def changes() -> None:
        eventually(lambda: len(polled.reports) == 1)
        polled.write("b")
        eventually(lambda: len(polled.applied) == 2)

    while_polled(polled, changes)
    assert polled.applied == [["a"], ["b"]]


def test_poll_config_tries_labels_again(polled: Polled) -> None:
    polled.write("a")
    polled.refusals = [ServingError(Code.FAILED_PRECONDITION, "not currently available for inference")]

    def changes() -> None:
        eventually(lambda: len(polled.applied) > 2)
        count = len(polled.applied)
        polled.refusals = []
        eventually(lambda: len(polled.applied) > count)

    while_polled(polled, changes)
    assert polled.reports == ["not currently available for inference"]

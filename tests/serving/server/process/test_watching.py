"""What keeps the models up to date: polls that survive trouble, and SIGHUP."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.errors import ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Latest, Policy
from serving.server.models.repository import ModelSpec, Repository
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
    watching.poll(repository, 0.001, stop, reports.append)
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
    watcher = threading.Thread(target=watching.poll, args=(repository, 0.001, stop, reports.append))
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

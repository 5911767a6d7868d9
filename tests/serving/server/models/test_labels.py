"""Labels of versions: a deployment by config file, and what happens when versions come and go under their labels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models import config as model_config
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Specific
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec
from tests.serving.server.fakes import FakeLoader, make_versions, run

STABLE, CANARY = ModelSpec(name="m", label="stable"), ModelSpec(name="m", label="canary")
UNAVAILABLE = "Request to assign label to version {} of model m, which is not currently available for inference"


@pytest.fixture
def repository(load: FakeLoader) -> Iterator[Repository]:
    made = Repository(load)
    yield made
    made.close()


@pytest.fixture
def lenient(load: FakeLoader) -> Iterator[Repository]:
    """A repository that takes new labels for versions that are not available."""
    made = Repository(load, allow_labels_for_unavailable=True)
    yield made
    made.close()


def write(path: Path, base_path: Path, versions: list[int], labels: dict[str, int]) -> list[ModelConfig]:
    """Write a config file as an operator does, and read it."""
    numbers = " ".join(f"versions: {number}" for number in versions)
    listed = "\n".join(f"    version_labels {{ key: '{key}' value: {value} }}" for key, value in labels.items())
    path.write_text(
        f"""model_config_list {{
  config {{
    name: 'm'
    base_path: '{base_path}'
    model_platform: 'tensorflow'
    model_version_policy {{ specific {{ {numbers} }} }}
{listed}
  }}
}}
"""
    )
    return model_config.read(path) or []


def config(base_path: Path, *versions: int, **labels: int) -> ModelConfig:
    return ModelConfig(name="m", base_path=base_path, policy=Specific(frozenset(versions)), labels=labels)


def refused(repository: Repository, version: int, *configs: ModelConfig) -> None:
    """The labels of these configs cannot be set."""
    with pytest.raises(ServingError) as caught:
        repository.apply(configs)
    assert (caught.value.code, caught.value.message) == (Code.FAILED_PRECONDITION, UNAVAILABLE.format(version))


def test_labels_of_a_deployment(tmp_path: Path, repository: Repository) -> None:
    """Two versions and two labels by config file: canary is tried, then becomes stable, then the old version goes."""
    path, base = tmp_path / "models.config", make_versions(tmp_path / "m", 1, 2, 3)
    repository.apply(write(path, base, [1, 2], {}))
    repository.apply(write(path, base, [1, 2], {"stable": 1, "canary": 2}))
    assert [run(repository, spec) for spec in (STABLE, CANARY)] == ["m/1", "m/2"]
    assert run(repository, ModelSpec(name="m")) == "m/2"  # labels do not change what is latest
    repository.apply(write(path, base, [1, 2], {"stable": 2, "canary": 2}))
    assert [run(repository, spec) for spec in (STABLE, CANARY)] == ["m/2", "m/2"]
    repository.apply(write(path, base, [2, 3], {"stable": 2}))
    with pytest.raises(ServingError, match="INVALID_ARGUMENT: Unrecognized servable version label: canary"):
        run(repository, CANARY)
    repository.apply(write(path, base, [2, 3], {"stable": 2, "canary": 3}))
    assert [run(repository, spec) for spec in (STABLE, CANARY)] == ["m/2", "m/3"]


def test_labels_at_the_start_are_an_error(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    refused(repository, 1, config(make_versions(tmp_path, 1), 1, stable=1))
    assert not repository.ready()
    assert load.events == []


def test_labels_for_versions_to_come_if_allowed(tmp_path: Path, lenient: Repository) -> None:
    lenient.apply([config(make_versions(tmp_path, 1, 2), 1, stable=1, next=2)])
    assert run(lenient, STABLE) == "m/1"
    with pytest.raises(ServingError, match=r"NOT_FOUND: Servable not found for request: Specific\(m, 2\)"):
        run(lenient, ModelSpec(name="m", label="next"))
    lenient.apply([config(tmp_path, 1, 2, stable=1, next=2)])
    assert run(lenient, ModelSpec(name="m", label="next")) == "m/2"


def test_labels_that_exist_only_move_to_available_versions(tmp_path: Path, lenient: Repository) -> None:
    lenient.apply([config(make_versions(tmp_path, 1, 2), 1, stable=1)])
    refused(lenient, 2, config(tmp_path, 1, 2, stable=2))
    assert run(lenient, STABLE) == "m/1"
    lenient.apply([config(tmp_path, 1, 2, stable=1)])
    lenient.apply([config(tmp_path, 1, 2, stable=2)])
    assert run(lenient, STABLE) == "m/2"


def test_labels_that_are_refused_change_nothing(tmp_path: Path, load: FakeLoader, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1, 2, 3), 1, 2)])
    repository.apply([config(tmp_path, 1, 2, stable=1)])
    refused(repository, 3, config(tmp_path, 2, 3, stable=2, canary=3))
    assert run(repository, STABLE) == "m/1"
    assert load.events == ["load m/2", "load m/1"]


def test_labels_of_a_version_that_goes_away(tmp_path: Path, repository: Repository) -> None:
    repository.apply([config(make_versions(tmp_path, 1, 2), 1, 2)])
    repository.apply([config(tmp_path, 2, stable=1)])  # available at this moment, and let go by the same config
    with pytest.raises(ServingError, match=r"NOT_FOUND: Servable not found for request: Specific\(m, 1\)"):
        run(repository, STABLE)
    refused(repository, 1, config(tmp_path, 2, stable=1))
    repository.apply([config(tmp_path, 2, stable=2)])
    assert run(repository, STABLE) == "m/2"


def test_labels_of_an_unknown_model(repository: Repository) -> None:
    with pytest.raises(ServingError, match="Unrecognized servable version label: stable"):
        repository.acquire(STABLE)

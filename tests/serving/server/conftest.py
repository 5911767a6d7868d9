"""Fixtures for the tests of the server: models behind both APIs, and a loader of stand-ins."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serving import saved_model
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.rest_api.app import RestApi
from serving.server.rest_api.options import Options
from tests.serving.server.fakes import FakeLoader

if TYPE_CHECKING:
    from tests.serving.server.grpc_kit import Client


@pytest.fixture(scope="session")
def repository(half_plus_two: Path, echo: Path) -> Iterator[Repository]:
    """The models `half_plus_two` (version 123) and `echo` (version 1), loaded."""
    models = {"half_plus_two": half_plus_two, "echo": echo}
    served = Repository(lambda _config, folder: saved_model.load(folder, usual_timeout_ms=500))
    served.apply([ModelConfig(name=name, base_path=path) for name, path in models.items()])
    yield served
    served.close()


@pytest.fixture(scope="session")
def app(repository: Repository) -> Iterator[RestApi]:
    """The REST API over `repository`."""
    with ThreadPoolExecutor(2) as executor:
        yield RestApi(repository, executor, options=Options(run_seconds=0.5))


@pytest.fixture(scope="module")
def client(repository: Repository) -> Iterator["Client"]:
    """A gRPC client of the models of `repository`."""
    from tests.serving.server import grpc_kit

    with grpc_kit.client_of(repository) as connected:
        yield connected


@pytest.fixture
def load() -> FakeLoader:
    """A loader of stand-ins."""
    return FakeLoader()

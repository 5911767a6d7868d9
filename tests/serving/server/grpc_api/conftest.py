"""A repository for the tests of the gRPC API."""

import pytest

from serving.server.models.repository import Repository
from tests.serving.server.grpc_kit import fake


@pytest.fixture(scope="module")
def echo_back(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The model `m`, y = x."""
    return fake(tmp_path_factory.mktemp("fake") / "m")

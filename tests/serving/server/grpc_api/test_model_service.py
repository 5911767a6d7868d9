"""GetModelStatus and HandleReloadConfigRequest over a real channel."""

from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from serving import saved_model
from serving.server.errors import Code, ServingError
from serving.server.models import config
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import SECONDS, refused, request

AVAILABLE = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
END = get_model_status_pb2.ModelVersionStatus.State.END


def status_of(name: str, version: int | None = None) -> get_model_status_pb2.GetModelStatusRequest:
    """A GetModelStatusRequest."""
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = name
    if version is not None:
        message.model_spec.version.value = version
    return message


def config_of(**models: Path) -> model_management_pb2.ReloadConfigRequest:
    """A ReloadConfigRequest for models by name."""
    message = model_management_pb2.ReloadConfigRequest()
    for name, path in models.items():
        message.config.model_config_list.config.add(name=name, base_path=str(path), model_platform="tensorflow")
    return message


def test_status(repository: Repository) -> None:
    with grpc_kit.client_of(repository) as client:
        answer = client.model.GetModelStatus(status_of("half_plus_two"), timeout=SECONDS)
        (status,) = answer.model_version_status
        assert (status.version, status.state, status.status.error_code) == (123, AVAILABLE, 0)
        assert status.HasField("status")
        assert client.model.GetModelStatus(status_of("half_plus_two", 123), timeout=SECONDS) == answer
        with refused("NOT_FOUND", "Could not find version 99 of model half_plus_two"):
            client.model.GetModelStatus(status_of("half_plus_two", 99))
        with refused("NOT_FOUND", "Could not find any versions of model other"):
            client.model.GetModelStatus(status_of("other"))
        with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
            client.model.GetModelStatus(get_model_status_pb2.GetModelStatusRequest())


def test_status_of_a_version_that_failed(tmp_path: Path) -> None:
    def load(_config: ModelConfig, folder: Path) -> Any:
        if folder.name == "8":
            raise ServingError(Code.DATA_LOSS, "the disk is broken")
        return grpc_kit.FakeModel(lambda x: x)

    (tmp_path / "7").mkdir()
    served = Repository(load)
    served.apply([ModelConfig(name="m", base_path=tmp_path)])
    (tmp_path / "8").mkdir()
    served.refresh()
    with grpc_kit.client_of(served) as client:
        new, old = client.model.GetModelStatus(status_of("m"), timeout=SECONDS).model_version_status
    assert (new.version, new.state, new.status.error_code) == (8, END, Code.DATA_LOSS)
    assert "the disk is broken" in new.status.error_message
    assert (old.version, old.state, old.status.error_message) == (7, AVAILABLE, "")
    served.close()


def test_reload(half_plus_two: Path, echo: Path) -> None:
    served = Repository(lambda _config, folder: saved_model.load(folder))
    served.apply([ModelConfig(name="first", base_path=half_plus_two)])

    def reload(message: object) -> None:
        served.apply(config.from_message(message))

    x = np.array([[2.0]], np.float32)
    with grpc_kit.client_of(served, reload=reload) as client:
        assert client.predict(request("first", x=x))["y"].tolist() == [[3.0]]
        answer = client.model.HandleReloadConfigRequest(config_of(second=half_plus_two, echo=echo), timeout=SECONDS)
        assert answer.HasField("status")
        assert (answer.status.error_code, answer.status.error_message) == (0, "")
        assert client.predict(request("second", x=x))["y"].tolist() == [[3.0]]
        assert client.predict(request("echo", "float", default=x))["out"].tolist() == [[2.0]]
        with refused("NOT_FOUND", "Servable not found for request: Latest(first)"):
            client.predict(request("first", x=x))
        with refused("NOT_FOUND", "base path"):
            client.model.HandleReloadConfigRequest(config_of(third=half_plus_two / "nothing"))
        assert client.predict(request("second", x=x))["y"].tolist() == [[3.0]], "a bad config must change nothing"
        with refused("INVALID_ARGUMENT", "Only ModelConfigList is currently supported"):
            client.model.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest())
    served.close()

"""Status and metadata of a model, against TensorFlow Serving's own messages."""

import contextlib
import json
from pathlib import Path
from typing import cast

import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from serving import saved_model
from serving.server.calls import model_info
from serving.server.errors import Code
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec

HALF = ModelSpec(name="half_plus_two")


ECHO = ModelSpec(name="echo")


def test_status_is_the_json_of_the_message(repository: Repository) -> None:
    message = json_format.Parse(model_info.status(repository, HALF), get_model_status_pb2.GetModelStatusResponse())
    [version] = message.model_version_status
    assert (version.version, version.state, version.status.error_code) == (123, version.AVAILABLE, Code.OK)


def test_status_of_a_version_that_failed(tmp_path: Path) -> None:
    def load(_config: ModelConfig, folder: Path) -> saved_model.LoadedModel:
        if folder.name == "5":
            raise tf.errors.DataLossError(None, None, f"{folder.name} is damaged")
        return cast(saved_model.LoadedModel, contextlib.ExitStack())  # something that can be closed

    (tmp_path / "4").mkdir()
    failing = Repository(load)
    failing.apply([ModelConfig(name="m", base_path=tmp_path)])
    (tmp_path / "5").mkdir()
    failing.refresh()
    [version, _] = json.loads(model_info.status(failing, ModelSpec(name="m")))["model_version_status"]
    status = {"error_code": "DATA_LOSS", "error_message": "5 is damaged"}
    assert version == {"version": "5", "state": "END", "status": status}


def test_metadata_is_what_the_file_declares(repository: Repository, echo: Path) -> None:
    answer = json.loads(model_info.metadata(repository, ECHO))
    assert answer["model_spec"] == {"name": "echo", "signature_name": "", "version": "1"}
    read = get_model_metadata_pb2.SignatureDefMap()
    json_format.ParseDict(answer["metadata"]["signature_def"], read)
    model = saved_model_pb2.SavedModel.FromString((echo / "1" / "saved_model.pb").read_bytes())
    declared = get_model_metadata_pb2.SignatureDefMap(signature_def=model.meta_graphs[0].signature_def)
    assert read == declared


def test_metadata_lets_go_of_its_version(repository: Repository) -> None:
    model_info.metadata(repository, HALF)
    with repository.use(HALF) as version:
        assert version.runs == 1

"""Configuration files as TensorFlow Serving's documentation writes them, and the messages about wrong ones."""

from pathlib import Path
from typing import Any

import pytest

from serving.server import config_messages
from serving.server.config_messages import BatchingParametersMessage, MonitoringConfig, SSLConfig
from serving.server.errors import Code, ServingError


def read(folder: Path, text: str, message: Any) -> Any:
    path = folder / "config.txt"
    path.write_text(text, encoding="utf-8")
    return config_messages.read_text(path, message)


def test_batching_file(tmp_path: Path) -> None:
    text = """
        max_batch_size { value: 128 }
        batch_timeout_micros { value: 0 }  # an idle thread takes what is there
        max_enqueued_batches: { value: 1000000 }
        num_batch_threads { value: 8 }
        thread_pool_name { value: 'pool' }
        allowed_batch_sizes: 64
        allowed_batch_sizes: 128
        pad_variable_length_inputs: true
        enable_large_batch_splitting { value: true }
        max_execution_batch_size { value: 128 }
    """
    message = read(tmp_path, text, BatchingParametersMessage())
    assert message.max_batch_size.value == 128
    assert message.HasField("batch_timeout_micros")
    assert message.max_enqueued_batches.value == 1_000_000
    assert message.num_batch_threads.value == 8
    assert message.thread_pool_name.value == "pool"
    assert list(message.allowed_batch_sizes) == [64, 128]
    assert message.pad_variable_length_inputs is True
    assert message.enable_large_batch_splitting.value is True
    assert message.max_execution_batch_size.value == 128


def test_absent_wrappers_are_absent(tmp_path: Path) -> None:
    message = read(tmp_path, "", BatchingParametersMessage())
    assert not message.HasField("max_batch_size")


def test_monitoring_file(tmp_path: Path) -> None:
    text = 'prometheus_config {\n  enable: true,\n  path: "/monitoring/prometheus/metrics"\n}'
    message = read(tmp_path, text, MonitoringConfig())
    assert message.prometheus_config.enable
    assert message.prometheus_config.path == "/monitoring/prometheus/metrics"


def test_ssl_file(tmp_path: Path) -> None:
    text = 'server_key: "-----BEGIN\\nkey"\nserver_cert: "cert"\ncustom_ca: ""\nclient_verify: false'
    message = read(tmp_path, text, SSLConfig())
    assert (message.server_key, message.server_cert, message.client_verify) == ("-----BEGIN\nkey", "cert", False)


def test_model_config_file(tmp_path: Path) -> None:
    from tensorflow_serving.config import model_server_config_pb2

    text = """
        model_config_list {
          config { name: 'm' base_path: '/models/m' model_platform: 'tensorflow'
            model_version_policy { specific { versions: 42 versions: 43 } }
            version_labels { key: 'stable' value: 43 } }
        }"""
    message = read(tmp_path, text, model_server_config_pb2.ModelServerConfig())
    (config,) = message.model_config_list.config
    assert list(config.model_version_policy.specific.versions) == [42, 43]
    assert config.version_labels["stable"] == 43


def test_bytes_have_the_real_numbers() -> None:
    # Written by hand from the .proto files: key = number << 3 | wire type (0 varint, 2 length-delimited).
    batching = BatchingParametersMessage(max_batch_size={"value": 5}, allowed_batch_sizes=[3, 5])
    batching.enable_large_batch_splitting.value = True
    batching.max_execution_batch_size.value = 5
    wire = b"\x0a\x02\x08\x05" + b"\x32\x02\x03\x05" + b"\x42\x02\x08\x01" + b"\x4a\x02\x08\x05"
    assert batching.SerializeToString(deterministic=True) == wire
    monitoring = MonitoringConfig(prometheus_config={"enable": True, "path": "/p"})
    assert monitoring.SerializeToString() == b"\x0a\x06\x08\x01\x12\x02/p"
    ssl = SSLConfig(server_key="k", server_cert="c", custom_ca="a", client_verify=True)
    assert ssl.SerializeToString() == b"\x0a\x01k\x12\x01c\x1a\x01a\x20\x01"


@pytest.mark.parametrize(
    ("message", "text", "match"),
    [
        (
            BatchingParametersMessage,
            "max_batch_size { value: 8 }\n  max_batch: 3",
            r"format tensorflow\.serving\.BatchingParameters: .*config\.txt:2:3: .*no field named \"max_batch\"",
        ),
        (BatchingParametersMessage, "max_batch_size: 8", r":1:17: .*Expected \"{\""),
        (
            MonitoringConfig,
            "prometheus_config {\n\n  enable: maybe }",
            r"MonitoringConfig: .*:3:11: .*maybe.*Expected \"true\" or \"false\"",
        ),
        (SSLConfig, "server_key: 'unclosed", r"tensorflow\.serving\.SSLConfig: .*config\.txt:1:\d+: "),
        (SSLConfig, "client_verify: true }", r":1:21: "),
    ],
)
def test_wrong_files_name_the_place(tmp_path: Path, message: Any, text: str, match: str) -> None:
    with pytest.raises(ServingError, match=match) as raised:
        read(tmp_path, text, message())
    assert raised.value.code is Code.INVALID_ARGUMENT


def test_missing_file_and_binary_file(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"none\.txt; No such file") as raised:
        config_messages.read_text(tmp_path / "none.txt", SSLConfig())
    assert raised.value.code is Code.NOT_FOUND
    (tmp_path / "binary").write_bytes(b"server_key: 'a'\nab\xffc")
    with pytest.raises(ServingError, match=r"binary:2:3: Expected UTF-8 text, found the byte 0xff"):
        config_messages.read_text(tmp_path / "binary", SSLConfig())

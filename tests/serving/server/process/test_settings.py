"""Files that the flags name."""

from pathlib import Path

import pytest

from serving.server.errors import StartError
from serving.server.process import flags, settings
from serving.server.process.settings import Settings


def read(*told: str) -> Settings:
    return settings.read(flags.parse(told))


def test_one_model_or_a_config_file(half_plus_two: Path, tmp_path: Path) -> None:
    [model] = read("--model_name=half", f"--model_base_path={half_plus_two}").models or []
    assert (model.name, model.base_path) == ("half", half_plus_two)
    config = tmp_path / "models.txt"
    config.write_text(
        f'model_config_list {{ config {{ name: "a" base_path: "{half_plus_two}" model_platform: "tensorflow" }} }}'
    )
    [model] = read(f"--model_config_file={config}", "--model_name=ignored").models or []
    assert model.name == "a"


def test_nothing_is_on_by_default(half_plus_two: Path) -> None:
    chosen = read(f"--model_base_path={half_plus_two}")
    assert (chosen.batching, chosen.metrics_path, chosen.token) == (None, "", "")
    assert (chosen.rest_tls, chosen.grpc_tls) == (None, None)
    batching = read(f"--model_base_path={half_plus_two}", "--enable_batching").batching
    assert batching is not None
    assert (batching.max_batch_size, batching.thread_pool_name) == (1000, "model_server_batch_threads")


@pytest.mark.parametrize(
    ("flag", "content", "words"),
    [
        ("model_config_file", "model_config_list { wrong", "Error parsing text-format tensorflow.serving.ModelServer"),
        ("batching_parameters_file", "max_batch_size: 4", "BatchingParameters"),
        ("monitoring_config_file", "prometheus { }", "MonitoringConfig"),
        ("ssl_config_file", "key: 1", "SSLConfig"),
        ("rest_api_ssl_config_file", "key: 1", "SSLConfig"),
        ("tensorflow_session_config_file", "no_such_field: 1", "ConfigProto"),
        ("api_token_file", "two words", "expected one word, found 2"),
        ("api_token_file", "", "expected one word, found 0"),
    ],
)
def test_a_wrong_file_is_named(flag: str, content: str, words: str, half_plus_two: Path, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(content)
    told = [f"--model_base_path={half_plus_two}", "--enable_batching"]
    with pytest.raises(StartError, match=words) as caught:
        read(*told, f"--{flag}={tmp_path}/file.txt")
    assert "file.txt" in str(caught.value)
    with pytest.raises(StartError, match="nowhere"):
        read(*told, f"--{flag}={tmp_path}/nowhere.txt")


def test_token_is_read_without_its_line_break(half_plus_two: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    assert read(f"--model_base_path={half_plus_two}", f"--api_token_file={tmp_path}/token").token == "secret"


def test_missing_base_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="Model 'default': Could not find base path"):
        read(f"--model_base_path={tmp_path}/none")

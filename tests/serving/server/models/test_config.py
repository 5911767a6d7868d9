"""Configs from text files and messages, with TensorFlow Serving's own words for what is wrong with them."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.server.errors import Code, ServingError
from serving.server.models import config as model_config
from serving.server.models.config import ModelConfig
from serving.server.models.policies import All, Latest, Specific

# The example of tensorflow.org/tfx/serving/serving_config, with every kind of policy.
TEXT = """
model_config_list {
  config {
    name: 'my_first_model'
    base_path: '/models/my_first_model/'
    model_platform: 'tensorflow'
  }
  config {
    name: 'my_second_model'
    base_path: '/models/my_second_model/'
    model_platform: 'tensorflow'
    model_version_policy { specific { versions: 42 versions: 43 } }
    version_labels { key: 'stable' value: 42 }
    version_labels { key: 'canary' value: 43 }
    logging_config {
      log_collector_config { filename_prefix: '/logs/requests' }
      sampling_config { sampling_rate: 0.25 }
    }
  }
  config { name: 'all' base_path: 'file:///models/all' model_type: TENSORFLOW model_version_policy { all {} } }
  config {
    name: 'three' base_path: '/m' model_platform: 'tensorflow' model_version_policy { latest { num_versions: 3 } }
  }
  config { name: 'zero' base_path: '/m' model_platform: 'tensorflow' model_version_policy { latest {} } }
}
"""


def parse(text: str) -> list[ModelConfig]:
    return model_config.from_message(text_format.Parse(text, model_server_config_pb2.ModelServerConfig()))


def one(fields: str) -> str:
    return f"model_config_list {{ config {{ {fields} }} }}"


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    path.write_text(TEXT)
    first, second, *others = model_config.read(path) or []
    assert first == ModelConfig(name="my_first_model", base_path=Path("/models/my_first_model"))
    assert (first.policy, first.labels, first.log_prefix) == (Latest(1), {}, "")
    assert second == ModelConfig(
        name="my_second_model",
        base_path=Path("/models/my_second_model"),
        policy=Specific(frozenset({42, 43})),
        labels={"stable": 42, "canary": 43},
        log_prefix="/logs/requests",
        log_rate=0.25,
    )
    assert [config.policy for config in others] == [All(), Latest(3), Latest(1)]
    assert others[0].base_path == Path("/models/all")


def test_empty_list_is_a_config() -> None:
    assert parse("model_config_list {}") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no config was found. Only ModelConfigList is currently supported"),
        ("custom_model_config {}", "a custom_model_config was found. Only ModelConfigList is currently supported"),
        (
            one("name: 'm' model_platform: 'tensorflow'"),
            "Expected model m to have an absolute path or URI; got base_path()=",
        ),
        (
            one("name: 'm' base_path: './m' model_platform: 'tensorflow'"),
            "Expected model m to have an absolute path or URI; got base_path()=./m",
        ),
        (
            "model_config_list { config { name: 'a' base_path: '/a' } config { name: 'b' } }",
            "Expected model b to have an absolute path or URI; got base_path()=",
        ),
        (one("name: 'm' base_path: 'gs://b/m' model_platform: 'tensorflow'"), "Copy or mount the versions"),
        (one("name: 'm' base_path: '/m'"), "Illegal setting neither ModelServerConfig::model_type (deprecated) nor"),
        (
            one("name: 'm' base_path: '/m' model_type: TENSORFLOW model_platform: 'tensorflow'"),
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform.",
        ),
        (one("name: 'm' base_path: '/m' model_type: OTHER"), "ModelServerConfig::model_type choice 2 not supported."),
        (one("base_path: '/m' model_platform: 'tensorflow'"), "A model without a name was found"),
        (
            one("name: 'm' base_path: '/m' model_platform: 'tensorflow' model_version_policy { specific {} }"),
            "Model m has the policy 'specific' without versions",
        ),
        (
            "model_config_list { config { name: 'm' } config { name: 'm' } }",
            "Illegal to list model m multiple times in config list",
        ),
    ],
)
def test_refusals(text: str, words: str) -> None:
    with pytest.raises(ServingError) as caught:
        parse(text)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert words in caught.value.message


def test_empty_file_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    for text in ("", "# nothing yet\n"):
        path.write_text(text)
        assert model_config.read(path) is None


def test_platforms() -> None:
    """In the words of server_core.cc, ValidateNoModelsChangePlatforms and CreateStoragePathRoutes."""
    configs = parse(one("name: 'two' base_path: '/m' model_platform: 'caffe'"))
    with pytest.raises(ServingError, match=r"^INVALID_ARGUMENT: Model two requests unsupported platform caffe$"):
        model_config.check_platforms(configs)
    words = (
        "^INVALID_ARGUMENT: Illegal to change a model's platform. For model two platform was tensorflow and new "
        "platform requested is caffe$"
    )
    with pytest.raises(ServingError, match=words):
        model_config.check_platforms(configs, ["one", "two"])
    model_config.check_platforms(parse(TEXT), ["all"])


def test_deprecated_field_is_named(caplog: pytest.LogCaptureFixture) -> None:
    parse(one("name: 'm' base_path: '/m' model_type: TENSORFLOW"))
    assert (
        "Deprecated ModelServerConfig::model_type field used. Prefer ModelServerConfig::model_platform." in caplog.text
    )


def test_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    path.write_text("model_config_list {\n  config {\n    nane: 'm'\n  }\n}\n")
    words = r"Error parsing text-format tensorflow.serving.ModelServerConfig: .*models.config:3:5: "
    with pytest.raises(ServingError, match=words):
        model_config.read(path)
    with pytest.raises(ServingError, match="No such file"):
        model_config.read(tmp_path / "none.config")

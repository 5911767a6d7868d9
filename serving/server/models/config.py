"""The models to serve, from TensorFlow Serving's ModelServerConfig: a text file or a message."""

import logging
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.server import config_messages
from serving.server.errors import invalid_argument
from serving.server.models.policies import All, Latest, Policy, Specific

log = logging.getLogger(__name__)

TENSORFLOW = "tensorflow"


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One model to serve."""

    name: str
    base_path: Path
    """Folder that holds one numbered folder per version."""
    policy: Policy = field(default_factory=Latest)
    labels: Mapping[str, int] = field(default_factory=dict)
    """Label to version number."""
    log_prefix: str = ""
    """Start of the names of the files with recorded requests; empty when requests are not recorded."""
    log_rate: float = 0.0
    """Share of the requests to record, 0 to 1."""
    platform: str = TENSORFLOW
    """Only the default can be served, see `check_platforms`."""


def read(path: Path) -> list[ModelConfig] | None:
    """Read the models in a text file; None when it is empty. Raises ServingError when it cannot be read or followed."""
    from tensorflow_serving.config import model_server_config_pb2

    message = config_messages.read_text(path, model_server_config_pb2.ModelServerConfig())
    return from_message(message) if message.WhichOneof("config") else None


def from_message(message: Any) -> list[ModelConfig]:
    """Read the models in a tensorflow.serving.ModelServerConfig. Raises ServingError with TensorFlow Serving's words."""
    kind = message.WhichOneof("config")
    if kind != "model_config_list":
        found = "a custom_model_config" if kind else "no config"
        raise invalid_argument(
            f"ServerModelConfig type not supported: {found} was found. Only ModelConfigList is currently supported: "
            "write model_config_list { config { ... } }."
        )
    listed = message.model_config_list.config
    check_names(model.name for model in listed)
    base_paths = [_base_path(model) for model in listed]  # all of them first, as in TensorFlow Serving
    return [_from_model(model, base_path) for model, base_path in zip(listed, base_paths, strict=True)]


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are empty or listed twice."""
    seen: set[str] = set()
    for name in names:
        if not name:
            raise invalid_argument("A model without a name was found in the config list. Give it a name.")
        if name in seen:
            raise invalid_argument(f"Illegal to list model {name} multiple times in config list")
        seen.add(name)


def check_platforms(configs: Iterable[ModelConfig], served: Container[str] = ()) -> None:
    """Refuse other platforms than TensorFlow; `served`: names of the models that are served now."""
    for config in configs:
        if config.platform == TENSORFLOW:
            continue
        if config.name in served:
            raise invalid_argument(
                f"Illegal to change a model's platform. For model {config.name} platform was {TENSORFLOW} and new "
                f"platform requested is {config.platform}"
            )
        raise invalid_argument(f"Model {config.name} requests unsupported platform {config.platform}")


def _from_model(model: Any, base_path: Path) -> ModelConfig:
    """Read one ModelConfig message."""
    return ModelConfig(
        name=model.name,
        base_path=base_path,
        policy=_policy(model),
        labels=dict(model.version_labels),
        log_prefix=model.logging_config.log_collector_config.filename_prefix,
        log_rate=model.logging_config.sampling_config.sampling_rate,
        platform=_platform(model),
    )


def _base_path(model: Any) -> Path:
    """Read the base path; the address of remote storage is refused."""
    text: str = model.base_path
    scheme, separator, _ = text.partition("://")
    if separator and scheme != "file":
        raise invalid_argument(
            f"Model {model.name} has base_path '{text}': this server reads folders of its own machine. Copy or mount "
            "the versions and give that folder."
        )
    path = Path(text.removeprefix("file://"))
    if not path.is_absolute():
        raise invalid_argument(f"Expected model {model.name} to have an absolute path or URI; got base_path()={text}")
    return path


def _platform(model: Any) -> str:
    """Read the platform, from the current field or the deprecated one."""
    if not model.model_type:
        if not model.model_platform:
            raise invalid_argument(
                "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                "ModelServerConfig::model_platform."
            )
        return str(model.model_platform)
    log.warning("Deprecated ModelServerConfig::model_type field used. Prefer ModelServerConfig::model_platform.")
    if model.model_platform:
        raise invalid_argument(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform."
        )
    if model.model_type != 1:  # TENSORFLOW in model_server_config.proto
        raise invalid_argument(f"ModelServerConfig::model_type choice {model.model_type} not supported.")
    return TENSORFLOW


def _policy(model: Any) -> Policy:
    """Read the version policy; the latest version when none is set."""
    policy = model.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return All()
        case "specific":
            if not policy.specific.versions:
                raise invalid_argument(
                    f"Model {model.name} has the policy 'specific' without versions. Name at least one."
                )
            return Specific(frozenset(policy.specific.versions))
        case "latest":
            return Latest(max(policy.latest.num_versions, 1))
        case _:
            return Latest()

"""The flags with the content of the files that they name, read once before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving import native_log
from serving.server import config_messages
from serving.server.batching import parameters
from serving.server.batching.parameters import BatchingParameters
from serving.server.errors import ServingError, StartError
from serving.server.models import config, policies, version_folders
from serving.server.models.config import ModelConfig
from serving.server.models.policies import Latest
from serving.server.process import monitoring
from serving.server.process.flags import Flags


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The flags and the content of the files that they name."""

    flags: Flags
    models: Sequence[ModelConfig] | None
    """None when the config file is empty."""
    batching: BatchingParameters | None
    """None when batching is off."""
    metrics_path: str
    """URL path of the metrics; empty when they are off."""
    token: str
    rest_tls: Any
    """SSLConfig message for the REST API; None for plain HTTP."""
    grpc_tls: Any
    session_config: Any
    """tf.compat.v1.ConfigProto that all sessions start from; None for an empty one."""


def read(flags: Flags) -> Settings:
    """Read every file that the flags name. Raises StartError, which names the file that is wrong."""
    try:
        return Settings(
            flags=flags,
            models=_models(flags),
            batching=_batching(flags),
            metrics_path=monitoring.read(Path(flags.monitoring_config_file)) if flags.monitoring_config_file else "",
            token=_token(flags.api_token_file),
            rest_tls=_tls(flags.rest_api_ssl_config_file),
            grpc_tls=_tls(flags.ssl_config_file),
            session_config=_session_config(flags),
        )
    except ServingError as error:
        raise StartError(str(error)) from error


def _models(flags: Flags) -> Sequence[ModelConfig] | None:
    """Read the models of the config file, else find the one model of the flags."""
    if flags.model_config_file:
        configs = config.read(Path(flags.model_config_file))
        config.check_platforms(configs or [])
        return configs
    base_path = Path(flags.model_base_path)
    try:
        if not version_folders.scan(base_path):
            raise policies.nothing_found(Latest(), base_path)
    except OSError as error:
        raise StartError(f"Model '{flags.model_name}': {error}") from error
    return [ModelConfig(name=flags.model_name, base_path=base_path)]


def _batching(flags: Flags) -> BatchingParameters | None:
    if not flags.enable_batching:
        return None
    if not flags.batching_parameters_file:
        return BatchingParameters(thread_pool_name="model_server_batch_threads")
    return parameters.read(Path(flags.batching_parameters_file))


def _tls(path: str) -> Any:
    return config_messages.read_text(Path(path), config_messages.SSLConfig()) if path else None


def _session_config(flags: Flags) -> Any:
    """Make the ConfigProto of all sessions; only if a flag asks for it, because the message loads TensorFlow."""
    path, share = flags.tensorflow_session_config_file, flags.per_process_gpu_memory_fraction
    if not path and not share:
        return None
    native_log.load_tensorflow()
    from tensorflow.core.protobuf import config_pb2

    message = config_pb2.ConfigProto()
    if path:
        config_messages.read_text(Path(path), message)
    if share:
        message.gpu_options.per_process_gpu_memory_fraction = share
    return message


def _token(path: str) -> str:
    """Read the token in a file, without the line break at its end."""
    if not path:
        return ""
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"--api_token_file={path}: {error}. Give a file that holds one line of ASCII text.") from error
    if not token or len(token.split()) > 1:
        raise StartError(f"--api_token_file={path}: expected one word, found {len(token.split())}.")
    return token

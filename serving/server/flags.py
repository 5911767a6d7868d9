"""Command line of the server: names, spelling and defaults of `tensorflow_model_server`; standard library only."""

import dataclasses
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

NOT_YET = frozenset(
    {
        "allow_version_labels_for_unavailable_models",
        "batching_parameters_file",
        "enable_batching",
        "enable_grpc_healthcheck_service",
        "enable_per_model_batching_parameters",
        "enable_profiler",
        "enable_serialization_as_tensor_content",
        "enable_signature_method_name_check",
        "enforce_session_run_timeout",
        "flush_filesystem_caches",
        "grpc_channel_arguments",
        "grpc_max_threads",
        "grpc_socket_path",
        "mixed_precision",
        "model_config_file",
        "model_config_file_poll_wait_seconds",
        "monitoring_config_file",
        "num_load_threads",
        "num_tflite_interpreters_per_pool",
        "num_tflite_pools",
        "num_unload_threads",
        "per_process_gpu_memory_fraction",
        "platform_config_file",
        "prefer_tflite_model",
        "remove_unused_fields_from_bundle_metagraph",
        "skip_initialize_tpu",
        "ssl_config_file",
        "tensorflow_session_config_file",
        "thread_pool_factory_config_file",
        "use_alts_credentials",
        "use_tfrt",
        "xla_cpu_compilation_enabled",
        "xla_gpu_compilation_enabled",
    }
)
"""Flags that `tensorflow_model_server` takes and this server does not; refused by name, never silently dropped."""


class FlagError(ValueError):
    """A command line that cannot be followed; the message says what to write instead."""


def _flag(default: T, text: str) -> T:
    """A dataclass field that carries its own line of help."""
    return dataclasses.field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the server was told; every field is a flag of the same name."""

    port: int = _flag(
        0, "Port of the gRPC API (tensorflow_model_server: 8500). This version speaks REST only: leave it at 0."
    )
    rest_api_port: int = _flag(0, "Port of the HTTP/REST API, 1 to 65535. Required.")
    rest_api_host: str = _flag("0.0.0.0", "Address to listen on. Not a flag of tensorflow_model_server.")  # noqa: S104
    rest_api_num_threads: int = _flag(0, "Threads that answer REST calls; 0 takes four for each CPU.")
    rest_api_timeout_in_ms: int = _flag(
        30_000, "Longest run of a model for one REST call, in milliseconds; 0: no limit."
    )
    rest_api_enable_cors_support: bool = _flag(False, "Send CORS headers with every answer.")
    model_name: str = _flag("default", "Name of the model in the URL.")
    model_base_path: str = _flag("", "Folder that holds one numbered folder for each version. Required.")
    file_system_poll_wait_seconds: int = _flag(
        1, "Seconds between two looks for a new version; 0: look once, at the start."
    )
    max_num_load_retries: int = _flag(5, "How often a version that failed to load is tried again.")
    load_retry_interval_micros: int = _flag(60_000_000, "Microseconds between two such tries.")
    enable_model_warmup: bool = _flag(True, "Replay assets.extra/tf_serving_warmup_requests when a version is loaded.")
    num_request_iterations_for_warmup: int = _flag(0, "How often each warm-up request is replayed, when above 0.")
    tensorflow_session_parallelism: int = _flag(0, "Threads of a session, for both kinds of parallelism; 0: automatic.")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads that share the work of one op; 0: automatic.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Ops that run at the same time; 0: automatic.")
    saved_model_tags: str = _flag("serve", "Tags of the graph to load from the SavedModel, with commas between them.")
    version: bool = _flag(False, "Print the versions and stop.")
    help: bool = _flag(False, "Print this list and stop.")

    def check(self) -> None:
        """Raise FlagError for values that no server can be started with."""
        if self.port:
            raise FlagError(f"--port={self.port}: this version speaks REST only, no gRPC yet. Leave --port out.")
        if not 1 <= self.rest_api_port <= 65535:
            given = f"--rest_api_port={self.rest_api_port}" if self.rest_api_port else "No --rest_api_port"
            raise FlagError(f"{given}: give a port from 1 to 65535, for example --rest_api_port=8501.")
        if not self.model_base_path:
            raise FlagError("No --model_base_path: give the folder that holds the numbered version folders.")
        if not self.model_name:
            raise FlagError("--model_name is empty: give the name that stands in the URL.")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 0 and field.name != "load_retry_interval_micros":
                raise FlagError(f"--{field.name}={value}: a negative number was found. Give 0 or more.")


FIELDS = {field.name: field for field in dataclasses.fields(Flags)}


def parse(arguments: Sequence[str]) -> Flags:
    """Read `--flag`, `--flag=true|false` and `--flag=value`; FlagError for anything else."""
    values: dict[str, int | bool | str] = {}
    for argument in arguments:
        name, equals, text = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not name:
            raise FlagError(f"Unknown argument '{argument}'. Flags are written --flag=value, in one piece.")
        if name not in FIELDS:
            raise FlagError(_unknown(name))
        values[name] = _value(name, text if equals else None)
    return Flags(**values)  # type: ignore[arg-type]


def usage() -> str:
    """The flags with their defaults, one a line."""
    lines = [
        "usage: python -m serving --model_name=NAME --model_base_path=FOLDER --rest_api_port=8501 [--flag=value ...]",
        "",
        "Serves a SavedModel with the REST API of TensorFlow Serving. Flags are those of tensorflow_model_server:",
    ]
    for name, field in FIELDS.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        lines += [f"  --{name}={default}", f"      {field.metadata['help']}"]
    return "\n".join(lines)


def _value(name: str, text: str | None) -> int | bool | str:
    """Read one value as the type of the flag's default; a boolean flag may stand alone."""
    default = FIELDS[name].default
    if isinstance(default, bool):
        if text is None:
            return True
        if text.lower() not in BOOLEANS:
            raise FlagError(f"--{name}={text}: '{text}' was found, true or false was expected.")
        return BOOLEANS[text.lower()]
    if text is None:
        raise FlagError(f"--{name} stands without a value. Write --{name}=VALUE, in one piece.")
    if isinstance(default, str):
        return text
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text) is None:
        raise FlagError(f"--{name}={text}: '{text}' was found, a whole number was expected.")
    return int(text)


def _unknown(name: str) -> str:
    """Say what is wrong with an unknown flag: not supported yet, or mistyped."""
    if name in NOT_YET:
        return f"--{name} is a flag of tensorflow_model_server that this server does not support yet. Leave it out."
    near = difflib.get_close_matches(name.replace("-", "_").lower(), [*FIELDS, *NOT_YET], n=1, cutoff=0.6)
    advice = f"Did you mean --{near[0]}?" if near else "--help lists the flags."
    return f"Unknown flag --{name}. {advice}"

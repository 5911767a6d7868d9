"""Command line of the server: names, spelling and defaults of `tensorflow_model_server`; standard library only."""

import dataclasses
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

REFUSED = {
    "enable_profiler": "",
    "mixed_precision": "Export the model in the precision that it shall run in.",
    "num_tflite_interpreters_per_pool": "",
    "num_tflite_pools": "",
    "platform_config_file": "Name what you need by the single flags.",
    "prefer_tflite_model": "",
    "remove_unused_fields_from_bundle_metagraph": "",
    "skip_initialize_tpu": "",
    "thread_pool_factory_config_file": "",
    "use_alts_credentials": "Use --ssl_config_file.",
    "use_tfrt": "",
    "xla_cpu_compilation_enabled": "",
    "xla_gpu_compilation_enabled": "",
}
"""Flags that `tensorflow_model_server` takes and this server does not, with what to do instead; never silently dropped."""


class FlagError(ValueError):
    """A command line that cannot be followed; the message says what to write instead."""


def _flag(default: T, text: str) -> T:
    """A dataclass field that carries its own line of help."""
    return dataclasses.field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the server was told; every field is a flag of the same name."""

    port: int = _flag(8500, "Port of the gRPC API; 0: none.")
    grpc_socket_path: str = _flag("", "Path of a Unix socket for the gRPC API, beside or instead of the port.")
    grpc_max_threads: int = _flag(0, "Threads that answer gRPC calls; 0 takes four for each CPU.")
    grpc_channel_arguments: str = _flag("", "Settings of the gRPC server: name=number, with commas between them.")
    enable_grpc_healthcheck_service: bool = _flag(False, "Answer grpc.health.v1 too.")
    enable_serialization_as_tensor_content: bool = _flag(False, "Pack answers over gRPC as tensor_content.")
    ssl_config_file: str = _flag("", "Text file with an SSLConfig (PEM inside): the gRPC API speaks TLS.")
    rest_api_port: int = _flag(0, "Port of the HTTP/REST API; 0: none.")
    rest_api_host: str = _flag("0.0.0.0", "* Address to listen on, for both APIs.")  # noqa: S104
    rest_api_num_threads: int = _flag(0, "Threads that answer REST calls; 0 takes four for each CPU.")
    rest_api_timeout_in_ms: int = _flag(30_000, "Longest run of a model for one call, in milliseconds; 0: no limit.")
    rest_api_enable_cors_support: bool = _flag(False, "Send CORS headers with every answer.")
    rest_api_ssl_config_file: str = _flag("", "* Text file with an SSLConfig: the REST API speaks HTTPS.")
    rest_api_max_body_bytes: int = _flag(104_857_600, "* Largest body of a request; 0: no limit.")
    rest_api_body_timeout_in_ms: int = _flag(
        60_000, "* Longest time for a body to arrive, in milliseconds; 0: no limit."
    )
    max_concurrent_requests: int = _flag(1000, "* Calls in work at the same time; more are answered 503. 0: no limit.")
    api_token_file: str = _flag("", "* File with a token: calls must bring it as `Authorization: Bearer TOKEN`.")
    model_name: str = _flag("default", "Name of the model in the URL.")
    model_base_path: str = _flag("", "Folder that holds one numbered folder for each version.")
    model_config_file: str = _flag("", "Text file with a ModelServerConfig: several models, policies, labels.")
    model_config_file_poll_wait_seconds: int = _flag(0, "Seconds between two looks into that file; 0: read once.")
    allow_version_labels_for_unavailable_models: bool = _flag(False, "Let a new label name a version not loaded yet.")
    file_system_poll_wait_seconds: int = _flag(1, "Seconds between two looks for new versions; 0: look once.")
    flush_filesystem_caches: bool = _flag(True, "Taken, and without effect: the system drops cached files by itself.")
    max_num_load_retries: int = _flag(5, "How often a version that failed to load is tried again.")
    load_retry_interval_micros: int = _flag(60_000_000, "Microseconds between two such tries.")
    num_load_threads: int = _flag(0, "Versions that are loaded at the same time; 0: one.")
    num_unload_threads: int = _flag(0, "Taken, and without effect: each version is unloaded in a thread of its own.")
    enable_model_warmup: bool = _flag(True, "Replay assets.extra/tf_serving_warmup_requests when a version is loaded.")
    num_request_iterations_for_warmup: int = _flag(0, "How often each warm-up request is replayed, when above 0.")
    enable_batching: bool = _flag(False, "Merge calls on one signature into one run of the model.")
    batching_parameters_file: str = _flag("", "Text file with BatchingParameters.")
    enable_per_model_batching_parameters: bool = _flag(False, "Read batching_params.pbtxt in each version folder too.")
    enforce_session_run_timeout: bool = _flag(True, "A gRPC client's deadline ends its run; false is refused.")
    enable_signature_method_name_check: bool = _flag(False, "Classify and regress only signatures declared for it.")
    tensorflow_session_parallelism: int = _flag(0, "Threads of a session, for both kinds of parallelism; 0: automatic.")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads that share the work of one op; 0: automatic.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Ops that run at the same time; 0: automatic.")
    tensorflow_session_config_file: str = _flag("", "Text file with a tensorflow.ConfigProto for all sessions.")
    per_process_gpu_memory_fraction: float = _flag(0.0, "Share of each GPU's memory that may be taken; 0: automatic.")
    saved_model_tags: str = _flag("serve", "Tags of the graph to load from the SavedModel, with commas between them.")
    monitoring_config_file: str = _flag("", "Text file with a MonitoringConfig: Prometheus metrics on the REST port.")
    enable_signature_metrics: bool = _flag(False, "* Metrics for each signature, beside TensorFlow Serving's.")
    enable_trace_ids: bool = _flag(False, "* Take and answer W3C `traceparent` headers, and log them with failures.")
    request_log_prefix: str = _flag("", "* Write requests to PREFIX-*.tfrecord, which replay as warm-up requests.")
    request_log_sampling_rate: float = _flag(1.0, "* Share of the requests that is written, 0 to 1.")
    enable_model_list: bool = _flag(False, "* Answer GET /v1/models with the names of the models, as KServe does.")
    enable_output_filter: bool = _flag(False, '* Take `"output_filter": [names]` in the body of :predict.')
    enable_binary_bodies: bool = _flag(False, "* Take .npy and PredictRequest bodies on :predict, by Content-Type.")
    enable_float16: bool = _flag(False, "* Let half and bfloat16 tensors in and out of JSON.")
    page: bool = _flag(True, "* A page to try the models at /.")
    drain_seconds: int = _flag(30, "* How long calls under way may take after the signal to stop.")
    version: bool = _flag(False, "Print the versions and stop.")
    help: bool = _flag(False, "Print this list and stop.")

    def check(self) -> None:
        """Raise FlagError for values that no server can be started with."""
        for name in ("port", "rest_api_port"):
            if not 0 <= getattr(self, name) <= 65535:
                raise FlagError(f"--{name}={getattr(self, name)}: give a port from 1 to 65535, or 0 for none.")
        if not (self.port or self.rest_api_port or self.grpc_socket_path):
            raise FlagError("No port to listen on: give --rest_api_port=8501, --port=8500 or both.")
        if self.port and self.port == self.rest_api_port:
            raise FlagError(f"--port and --rest_api_port are both {self.port}: gRPC and REST need one each.")
        if not self.model_base_path and not self.model_config_file:
            raise FlagError(
                "No --model_base_path and no --model_config_file: give the folder that holds the numbered version "
                "folders, or a file that lists several models."
            )
        if not self.rest_api_host:
            raise FlagError("--rest_api_host is empty: give an address of this machine, such as 0.0.0.0 or 127.0.0.1.")
        if not self.model_name:
            raise FlagError("--model_name is empty: give the name that stands in the URL.")
        if self.batching_parameters_file and not self.enable_batching:
            raise FlagError(
                "--batching_parameters_file is set without setting --enable_batching to true. Give --enable_batching "
                "too, or leave the file out."
            )
        if self.enable_per_model_batching_parameters and not self.enable_batching:
            raise FlagError("--enable_per_model_batching_parameters needs --enable_batching. Give both, or neither.")
        self._check_running()
        self._check_numbers()

    def _check_running(self) -> None:
        both = min(self.tensorflow_intra_op_parallelism, self.tensorflow_inter_op_parallelism)
        if min(self.tensorflow_session_parallelism, both) > 0:
            raise FlagError(
                "Either configure server_options.tensorflow_session_parallelism or "
                "(server_options.tensorflow_intra_op_parallelism, server_options.tensorflow_inter_op_parallelism) "
                "separately. You cannot configure all."
            )
        if not self.enforce_session_run_timeout:
            raise FlagError(
                "--enforce_session_run_timeout=false: a gRPC client's deadline always ends its run here. Leave the flag "
                "out, and give the client a longer deadline."
            )

    def _check_numbers(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and value < 0 and field.name != "load_retry_interval_micros":
                raise FlagError(f"--{field.name}={value}: a negative number was found. Give 0 or more.")
        for name in ("request_log_sampling_rate", "per_process_gpu_memory_fraction"):
            if not 0 <= getattr(self, name) <= 1:
                raise FlagError(f"--{name}={getattr(self, name)}: give a share from 0 to 1.")


FIELDS = {field.name: field for field in dataclasses.fields(Flags)}


def parse(arguments: Sequence[str]) -> Flags:
    """Read `--flag`, `--flag=true|false` and `--flag=value`; FlagError for anything else."""
    values: dict[str, float | bool | str] = {}
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
        "Serves SavedModels with the REST and gRPC APIs of TensorFlow Serving. Flags are those of tensorflow_model_server;",
        "those of this server alone are marked with a star.",
    ]
    for name, field in FIELDS.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        lines += [f"  --{name}={default}", f"      {field.metadata['help']}"]
    return "\n".join(lines)


def _value(name: str, text: str | None) -> float | bool | str:
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
    if isinstance(default, float):
        return _decimal(name, text)
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text) is None:
        raise FlagError(f"--{name}={text}: '{text}' was found, a whole number was expected.")
    return int(text)


def _decimal(name: str, text: str) -> float:
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) is None:
        raise FlagError(f"--{name}={text}: '{text}' was found, a number was expected.")
    return float(text)


def _unknown(name: str) -> str:
    """Say what is wrong with an unknown flag: not supported, or mistyped."""
    if name in REFUSED:
        advice = REFUSED[name] or "Leave it out."
        return f"--{name} is a flag of tensorflow_model_server that this server does not support. {advice}"
    near = difflib.get_close_matches(name.replace("-", "_").lower(), [*FIELDS, *REFUSED], n=1, cutoff=0.6)
    advice = f"Did you mean --{near[0]}?" if near else "--help lists the flags."
    return f"Unknown flag --{name}. {advice}"

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
    "mixed_precision": "Export the model in the precision that you want.",
    "num_tflite_interpreters_per_pool": "",
    "num_tflite_pools": "",
    "platform_config_file": "Set what you need by flags of its own.",
    "prefer_tflite_model": "",
    "remove_unused_fields_from_bundle_metagraph": "",
    "skip_initialize_tpu": "",
    "thread_pool_factory_config_file": "",
    "use_alts_credentials": "Use --ssl_config_file.",
    "use_tfrt": "",
    "xla_cpu_compilation_enabled": "",
    "xla_gpu_compilation_enabled": "",
}
"""Flags of `tensorflow_model_server` that this server refuses, with what to do instead; none is silently dropped."""


class FlagError(ValueError):
    """A command line that cannot be followed; the message says what to write instead."""


def _flag(default: T, text: str) -> T:
    """Make a dataclass field that carries its own line of help."""
    return dataclasses.field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Flags:
    """The command line; every field is a flag of the same name."""

    port: int = _flag(8500, "Port of the gRPC API; 0 for none.")
    grpc_socket_path: str = _flag("", "Path of a Unix socket for the gRPC API, beside or instead of the port.")
    grpc_max_threads: int = _flag(0, "Threads that answer gRPC calls; 0 for four per CPU.")
    grpc_channel_arguments: str = _flag("", "Settings of the gRPC library, as name=value,name=value.")
    enable_grpc_healthcheck_service: bool = _flag(False, "Offer the health service grpc.health.v1.")
    enable_serialization_as_tensor_content: bool = _flag(
        False, "Pack the outputs of Predict over gRPC as tensor_content."
    )
    ssl_config_file: str = _flag("", "Text file with an SSLConfig (PEM inside): TLS for the gRPC API.")
    rest_api_port: int = _flag(0, "Port of the HTTP/REST API; 0 for none.")
    rest_api_host: str = _flag("0.0.0.0", "* Address to listen on, for both APIs.")  # noqa: S104
    rest_api_num_threads: int = _flag(0, "Threads that answer REST calls; 0 for four per CPU.")
    rest_api_timeout_in_ms: int = _flag(30_000, "Longest run for a REST call, in milliseconds; 0 for no limit.")
    rest_api_enable_cors_support: bool = _flag(False, "Send CORS headers with every answer.")
    rest_api_ssl_config_file: str = _flag("", "* Text file with an SSLConfig: HTTPS for the REST API.")
    rest_api_max_body_bytes: int = _flag(104_857_600, "* Largest body of a request, in bytes; 0 for no limit.")
    rest_api_body_timeout_in_ms: int = _flag(
        60_000, "* Longest time for a body to arrive, in milliseconds; 0 for no limit."
    )
    max_concurrent_requests: int = _flag(1000, "* REST calls in work at the same time; more get 503. 0 for no limit.")
    api_token_file: str = _flag("", "* File with a token, which calls must send as `Authorization: Bearer TOKEN`.")
    model_name: str = _flag("default", "Name of the model in the URL.")
    model_base_path: str = _flag("", "Folder that holds one numbered folder per version.")
    model_config_file: str = _flag("", "Text file with a ModelServerConfig: several models, policies, labels.")
    model_config_file_poll_wait_seconds: int = _flag(0, "How often to read that file again, in seconds; 0 for never.")
    allow_version_labels_for_unavailable_models: bool = _flag(False, "Accept new labels for versions not loaded yet.")
    file_system_poll_wait_seconds: int = _flag(
        1, "How often to look for new versions, in seconds; 0 for only at the start."
    )
    flush_filesystem_caches: bool = _flag(True, "Accepted, but has no effect: the system drops cached files by itself.")
    max_num_load_retries: int = _flag(5, "How often to try again when a version fails to load.")
    load_retry_interval_micros: int = _flag(60_000_000, "Time between these attempts, in microseconds.")
    num_load_threads: int = _flag(0, "Versions loaded at the same time; 0 for one.")
    num_unload_threads: int = _flag(0, "Accepted, but has no effect: each version is unloaded in its own thread.")
    enable_model_warmup: bool = _flag(True, "Replay assets.extra/tf_serving_warmup_requests when a version is loaded.")
    num_request_iterations_for_warmup: int = _flag(0, "How often to replay each warm-up request; 0 for once.")
    enable_batching: bool = _flag(False, "Merge calls on the same signature into one run of the model.")
    batching_parameters_file: str = _flag("", "Text file with BatchingParameters.")
    enable_per_model_batching_parameters: bool = _flag(False, "Read batching_params.pbtxt in each version folder too.")
    enforce_session_run_timeout: bool = _flag(True, "End a run at the deadline of its gRPC client; false is refused.")
    enable_signature_method_name_check: bool = _flag(
        False, "Refuse calls on signatures that are not declared for them."
    )
    tensorflow_session_parallelism: int = _flag(0, "Sets both of the next two flags; 0 for automatic.")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads that share the work of one op; 0 for automatic.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Ops that run at the same time; 0 for automatic.")
    tensorflow_session_config_file: str = _flag("", "Text file with a tensorflow.ConfigProto for all sessions.")
    per_process_gpu_memory_fraction: float = _flag(
        0.0, "Share of each GPU's memory to use, from 0 to 1; 0 for automatic."
    )
    saved_model_tags: str = _flag("serve", "Tags of the graph to load from the SavedModel, separated by commas.")
    monitoring_config_file: str = _flag("", "Text file with a MonitoringConfig: Prometheus metrics on the REST port.")
    enable_signature_metrics: bool = _flag(False, "* Add metrics per signature to TensorFlow Serving's.")
    enable_trace_ids: bool = _flag(False, "* Read and send W3C `traceparent` headers, and log them with failures.")
    request_log_prefix: str = _flag("", "* Record requests in PREFIX-*.tfrecord, which replay as warm-up requests.")
    request_log_sampling_rate: float = _flag(1.0, "* Share of the requests to record, from 0 to 1.")
    enable_model_list: bool = _flag(False, "* Answer GET /v1/models with the names of the models, as KServe does.")
    enable_output_filter: bool = _flag(False, '* Accept `"output_filter": [names]` in the body of :predict.')
    enable_binary_bodies: bool = _flag(False, "* Accept .npy and PredictRequest bodies on :predict, by Content-Type.")
    enable_float16: bool = _flag(False, "* Read and write half and bfloat16 tensors in JSON.")
    page: bool = _flag(True, "* Show a page at / to try the models.")
    drain_seconds: int = _flag(30, "* How long calls may still take after the signal to stop, in seconds.")
    version: bool = _flag(False, "Print the versions and exit.")
    help: bool = _flag(False, "Print this list and exit.")

    def check(self) -> None:
        """Raise FlagError for values with which no server can start."""
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
            raise FlagError("--model_name is empty: give the name to use in URLs.")
        if self.batching_parameters_file and not self.enable_batching:
            raise FlagError(
                "--batching_parameters_file is set without setting --enable_batching to true. Give --enable_batching "
                "too, or leave out the file."
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
    """List the flags with their defaults and what they do."""
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
        raise FlagError(f"--{name} has no value. Write --{name}=VALUE, in one piece.")
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
    """Describe what is wrong with an unknown flag: not supported, or mistyped."""
    if name in REFUSED:
        advice = REFUSED[name] or "Leave it out."
        return f"--{name} is a flag of tensorflow_model_server that this server does not support. {advice}"
    near = difflib.get_close_matches(name.replace("-", "_").lower(), [*FIELDS, *REFUSED], n=1, cutoff=0.6)
    advice = f"Did you mean --{near[0]}?" if near else "--help lists the flags."
    return f"Unknown flag --{name}. {advice}"

"""The command line of tensorflow_model_server."""

import dataclasses

import pytest

from serving.server.process import flags
from serving.server.process.flags import FlagError


def test_values_and_booleans() -> None:
    parsed = flags.parse(
        [
            "--rest_api_port=8501",
            "--model_name=a=b",
            "--rest_api_enable_cors_support",
            "--enable_model_warmup=FALSE",
            "--load_retry_interval_micros=-1",
        ]
    )
    assert (parsed.rest_api_port, parsed.model_name) == (8501, "a=b")
    assert (parsed.rest_api_enable_cors_support, parsed.enable_model_warmup) == (True, False)
    assert parsed.load_retry_interval_micros == -1


def test_defaults_are_those_of_tensorflow_serving() -> None:
    defaults = flags.parse([])
    assert (defaults.port, defaults.model_config_file_poll_wait_seconds) == (8500, 0)
    assert not defaults.enable_batching
    assert (defaults.rest_api_port, defaults.model_name, defaults.saved_model_tags) == (0, "default", "serve")
    assert (defaults.rest_api_timeout_in_ms, defaults.file_system_poll_wait_seconds) == (30_000, 1)
    assert (defaults.max_num_load_retries, defaults.load_retry_interval_micros) == (5, 60_000_000)
    assert defaults.enable_model_warmup


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--rest_api_prot=1", "Did you mean --rest_api_port?"),
        ("--model-name=x", "Did you mean --model_name?"),
        ("--Model_Name=x", "Did you mean --model_name?"),
        ("--enable_batchin", "Did you mean --enable_batching?"),
        ("--use_alts_credentials", "does not support. Use --ssl_config_file."),
        ("--platform_config_file=a.config", "does not support. Set what you need by flags of its own."),
        ("--request_log_sampling_rate=most", "'most' was found, a number was expected"),
        ("--qqqqqqqq", "--help lists the flags"),
        ("8501", "Unknown argument '8501'"),
        ("-v", "Unknown argument '-v'"),
        ("--", "Unknown argument '--'"),
        ("--rest_api_port", "Write --rest_api_port=VALUE"),
        ("--rest_api_port=http", "'http' was found, a whole number was expected"),
        ("--rest_api_port=1.5", "a whole number was expected"),
        ("--enable_model_warmup=maybe", "true or false was expected"),
    ],
)
def test_mistakes_name_the_way_out(argument: str, words: str) -> None:
    with pytest.raises(FlagError) as caught:
        flags.parse([argument])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"port": 8501}, "are both 8501"),
        ({"port": 0, "rest_api_port": 0}, "give --rest_api_port=8501, --port=8500 or both"),
        ({"batching_parameters_file": "x"}, "is set without setting --enable_batching to true"),
        ({"enable_per_model_batching_parameters": True}, "needs --enable_batching"),
        ({"request_log_sampling_rate": 1.5}, "a share from 0 to 1"),
        ({"rest_api_port": 70_000}, "from 1 to 65535"),
        (
            dict.fromkeys([f"tensorflow_{kind}_parallelism" for kind in ("session", "intra_op", "inter_op")], 1),
            "Either configure server_options.tensorflow_session_parallelism or (server_options.tensorflow_intra_op_"
            "parallelism, server_options.tensorflow_inter_op_parallelism) separately. You cannot configure all.",
        ),
        ({"enforce_session_run_timeout": False}, "a gRPC client's deadline always ends its run"),
        ({"model_base_path": ""}, "No --model_base_path and no --model_config_file"),
        ({"model_name": ""}, "--model_name is empty"),
        ({"rest_api_host": ""}, "--rest_api_host is empty"),
        ({"file_system_poll_wait_seconds": -1}, "Give 0 or more"),
    ],
)
def test_impossible_values(changed: dict[str, float | str], words: str) -> None:
    good = flags.parse(["--rest_api_port=8501", "--model_base_path=export"])
    good.check()
    with pytest.raises(FlagError) as caught:
        dataclasses.replace(good, **changed).check()  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_what_tensorflow_serving_takes_too() -> None:
    for taken in (
        ["--tensorflow_session_parallelism=2", "--tensorflow_intra_op_parallelism=1"],
        ["--flush_filesystem_caches=false", "--enforce_session_run_timeout"],
    ):
        flags.parse(["--model_base_path=export", *taken]).check()
    assert flags.Flags().flush_filesystem_caches
    assert flags.Flags().enforce_session_run_timeout


def test_usage_lists_every_flag_with_its_default() -> None:
    text = flags.usage()
    assert all(f"--{name}=" in text for name in flags.FIELDS)
    assert "--rest_api_timeout_in_ms=30000" in text
    assert "--enable_model_warmup=true" in text


def test_refused_flags_are_not_taken() -> None:
    assert flags.REFUSED
    assert not flags.REFUSED.keys() & flags.FIELDS.keys()


def test_a_unix_socket_alone_is_enough() -> None:
    flags.parse(["--port=0", "--grpc_socket_path=/run/s", "--model_base_path=export"]).check()

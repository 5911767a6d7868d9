"""Starts that must be refused, each with its reason (tensorflow_model_server_test.py, server.cc, server_core.cc)."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests import warm
from tests.conformance import configs, warm_up
from tests.conformance.server import ROOT, START_SECONDS, free_ports, launch, wait_for_end

Flags = list[str]
BATCHED = "--enable_batching"
PLATFORM = "model_platform: 'tensorflow'"


class Prepare:
    """Makes the flags of one refused start, and the files that they name, in a folder of its own."""

    def __init__(self, bases: Mapping[str, Path], folder: Path) -> None:
        self.half, self.counter, self.folder = bases["half_plus_two"], bases["counter"], folder

    def file(self, text: str, name: str = "some.config") -> Path:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        return configs.replace(self.folder / name, text)

    def one(self, *flags: str) -> Flags:
        return ["--model_name=half_plus_two", f"--model_base_path={self.half}", *flags]

    def models(self, text: str) -> Flags:
        return [f"--model_config_file={self.file(text)}"]

    def batching(self, text: str) -> Flags:
        return self.one(BATCHED, f"--batching_parameters_file={self.file(text)}")

    def warm(self, *logs: object, content: bytes = b"") -> Flags:
        """The counter with these warm-up records, or with this file."""
        version = self.folder / "warm" / "1"
        shutil.copytree(self.counter / "1", version)
        warm_up.write(version, logs)
        if content:
            (version / warm_up.FILE).write_bytes(content)
        return [f"--model_base_path={version.parent}", "--max_num_load_retries=0"]

    def broken(self) -> Flags:
        from tests.conformance.models import write_broken

        write_broken(self.folder / "broken" / "1")
        return ["--model_name=broken", f"--model_base_path={self.folder / 'broken'}", "--max_num_load_retries=0"]


def _duplicates(p: Prepare) -> Flags:
    listed = configs.text({"twice": p.half}).removeprefix("model_config_list {\n").removesuffix("}\n")
    return p.models(f"model_config_list {{ {listed} {listed} }}")


def _other_platform(p: Prepare) -> Flags:
    return p.models(configs.text({"m": p.half}).replace("'tensorflow'", "'caffe'"))


STARTS: dict[str, tuple[Callable[[Prepare], Flags], str]] = {
    "bad_config_file_fails_start": (
        lambda p: p.models("improperly formatted file"),
        r"Error parsing text-format tensorflow\.serving\.ModelServerConfig",
    ),
    "config_file_missing": (lambda p: [f"--model_config_file={p.folder / 'none'}"], "none"),
    "config_with_a_model_twice": (_duplicates, "Illegal to list model twice multiple times in config list"),
    "config_with_relative_base_path": (
        lambda p: p.models(configs.text({"m": Path("relative/path")})),
        r"Expected model m to have an absolute path or URI; got base_path\(\)=relative/path",
    ),
    "config_with_other_platform": (_other_platform, "INVALID_ARGUMENT: Model m requests unsupported platform caffe"),
    "config_without_platform": (
        lambda p: p.models(configs.text({"m": p.half}).replace(PLATFORM, "")),
        r"Illegal setting neither ModelServerConfig::model_type \(deprecated\) nor ModelServerConfig::model_platform",
    ),
    "config_with_type_and_platform": (
        lambda p: p.models(configs.text({"m": p.half}).replace(PLATFORM, f"{PLATFORM} model_type: TENSORFLOW")),
        r"Illegal setting both ModelServerConfig::model_type \(deprecated\) and ModelServerConfig::model_platform",
    ),
    "config_with_custom_models": (lambda p: p.models("custom_model_config {}"), "custom_model_config"),
    "config_with_unknown_field": (
        lambda p: p.models(configs.text({"m": p.half}).replace(PLATFORM, "plattform: 'tensorflow'")),
        r"Error parsing text-format tensorflow\.serving\.ModelServerConfig.*plattform",
    ),
    "label_to_unavailable_version_refused_at_start": (
        lambda p: p.models(configs.text({"m": p.half}, labels={"m": {"next": 124}})),
        "Request to assign label to version 124 of model m, which is not currently available for inference",
    ),
    "label_at_start_refused_for_a_version_that_is_there": (
        lambda p: p.models(configs.text({"m": p.half}, labels={"m": {"stable": 123}})),
        "Request to assign label to version 123 of model m, which is not currently available for inference",
    ),
    "batching_file_without_flag": (
        lambda p: p.one(f"--batching_parameters_file={p.file('')}"),
        "batching_parameters_file is set without setting .*enable_batching to true",
    ),
    "batching_file_unreadable": (
        lambda p: p.batching("max_batch_size { 5 }"),
        "Error parsing text-format .*BatchingParameters",
    ),
    "batching_sizes_not_ascending": (
        lambda p: p.batching("max_batch_size { value: 4 } allowed_batch_sizes: 4 allowed_batch_sizes: 2"),
        "allowed_batch_sizes",
    ),
    "batching_last_size_not_the_largest_batch": (
        lambda p: p.batching("max_batch_size { value: 4 } allowed_batch_sizes: 2 allowed_batch_sizes: 8"),
        "allowed_batch_sizes",
    ),
    "monitoring_file_unreadable": (
        lambda p: p.one(f"--monitoring_config_file={p.file('nonsense')}"),
        "Error parsing text-format .*MonitoringConfig",
    ),
    "warmup_not_tfrecord": (
        lambda p: p.warm(content=b"no record, but long enough to have a length and a checksum that is wrong"),
        r"Please verify your warmup data is in TFRecord format\.",
    ),
    "warmup_of_unknown_signature": (
        lambda p: p.warm(warm_up.predict_log("nope")),
        r'FAILED_PRECONDITION: Serving signature key "nope" not found\.',
    ),
    "warmup_without_examples": (
        lambda p: p.warm(warm_up.regress_log(examples=0)),
        r"INVALID_ARGUMENT: Input is empty\.",
    ),
    "warmup_of_a_session_run": (
        lambda p: p.warm(warm_up.session_run_log()),
        "UNIMPLEMENTED: Unsupported log_type for warmup: 5",
    ),
    "warmup_of_no_prediction_log": (
        lambda p: p.warm(content=_record(b"\xff\xff\xff no message")),
        rf"INVALID_ARGUMENT: Failed to parse warmup record: .* no message from \S+/{warm_up.FILE}",
    ),
    "warmup_with_too_many_records": (
        lambda p: p.warm(*[warm_up.predict_log()] * 1001),
        r"Number of warmup records exceeds the maximum \(1000\)",
    ),
    "broken_model": (
        lambda p: p.broken(),
        r"^Failed to start server\. Error: UNKNOWN: 1 servable\(s\) did not become available: \{\{\{name: broken "
        r"version: 1\} due to error: DATA_LOSS: Can't parse \S+/broken/1/saved_model\.pb as binary proto\. .*\}, \}$",
    ),
    "tags_missing": (
        lambda p: p.one("--saved_model_tags=serve,tpu", "--max_num_load_retries=0"),
        r"NOT_FOUND: Could not find meta graph def matching supplied tags: \{ serve tpu \}\. To inspect available tag-sets "
        r"in the SavedModel, please use the SavedModel CLI: `saved_model_cli`",
    ),
    "saved_model_missing": (
        lambda p: [f"--model_base_path={p.file('', 'folders/1/none').parent.parent}", "--max_num_load_retries=0"],
        r"NOT_FOUND: Could not find SavedModel \.pb or \.pbtxt at supplied export directory path: \S+/folders/1\. Check",
    ),
    "base_path_empty": (
        lambda p: [f"--model_base_path={p.file('', 'empty/none').parent}"],
        "No versions of the model were found under base path .*Did you forget to name your leaf directory as a number",
    ),
    "all_kinds_of_parallelism": (
        lambda p: p.one(*(f"--tensorflow_{kind}_parallelism=1" for kind in ("session", "intra_op", "inter_op"))),
        r"Either configure server_options\.tensorflow_session_parallelism or \(server_options\.tensorflow_intra_op_"
        r"parallelism, server_options\.tensorflow_inter_op_parallelism\) separately\. You cannot configure all\.",
    ),
    "base_path_missing": (
        lambda p: [f"--model_base_path={p.folder / 'none'}"],
        "Could not find base path .*none",
    ),
}
"""Name to what makes the flags, and the pattern that must be printed."""


def _record(data: bytes) -> bytes:
    """One TFRecord around these bytes."""
    import tempfile

    import tensorflow as tf

    with tempfile.NamedTemporaryFile() as file:
        with tf.io.TFRecordWriter(file.name) as writer:
            writer.write(data)
        return Path(file.name).read_bytes()


ALONE = (
    "bad_config_file_fails_start",
    "label_to_unavailable_version_refused_at_start",
    "batching_file_without_flag",
    "warmup_not_tfrecord",
    "broken_model",
)
"""Each of these is a process of its own; the others share one."""

Outcome = tuple[int, str]


@pytest.fixture(scope="module")
def outcomes(bases: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """Exit code and output of every start."""
    flags = {}
    for name, (make, _) in STARTS.items():
        folder = tmp_path_factory.mktemp(name)
        flags[name] = make(Prepare(bases, folder))
    alone = {name: launch(tmp_path_factory.mktemp("alone"), *flags.pop(name)) for name in ALONE}
    try:
        found = {name: wait_for_end(server) for name, server in alone.items()}
        yield found | _in_one_process(flags, tmp_path_factory.mktemp("together"))
    finally:
        for server in alone.values():
            server.stop()


def _in_one_process(flags: Mapping[str, Flags], folder: Path) -> dict[str, Outcome]:
    port = free_ports(1)[0]
    file = folder / "flags.json"
    file.write_text(
        json.dumps({name: [*given, f"--rest_api_port={port}", "--port=0"] for name, given in flags.items()})
    )
    command = [warm.python(), "-m", "tests.conformance.starts", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=START_SECONDS, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return {name: (code, printed) for name, (code, printed) in json.loads(ended.stdout).items()}


@pytest.mark.parametrize("name", STARTS)
def test_start_is_refused(name: str, outcomes: dict[str, Outcome]) -> None:
    code, printed = outcomes[name]
    assert code != 0
    assert re.search(STARTS[name][1], printed, re.MULTILINE), printed
    assert "Traceback" not in printed

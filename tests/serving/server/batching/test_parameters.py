"""Batching files: TensorFlow Serving's defaults, and its words for values that do not fit together."""

import os
from pathlib import Path
from typing import Any

import pytest

from serving.server.batching import parameters as batching_parameters
from serving.server.batching.parameters import BatchingParameters
from serving.server.errors import Code, ServingError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_batching_defaults_are_tensorflow_servings(tmp_path: Path) -> None:
    # shared_batch_scheduler.h, Options and QueueOptions.
    parameters = batching_parameters.read(write(tmp_path / "empty.txt", ""))
    assert parameters == BatchingParameters()
    assert parameters.max_batch_size == 1000
    assert parameters.batch_timeout_micros == 0
    assert parameters.max_enqueued_batches == 10
    assert 1 <= parameters.num_batch_threads <= (os.cpu_count() or 1)
    assert parameters.thread_pool_name == "batch_threads"
    assert parameters.allowed_batch_sizes == ()
    assert not parameters.pad_variable_length_inputs
    assert not parameters.enable_large_batch_splitting


def test_batching_file(tmp_path: Path) -> None:
    text = """
        max_batch_size { value: 64 } batch_timeout_micros { value: 500 } max_enqueued_batches { value: 3 }
        num_batch_threads { value: 7 } thread_pool_name { value: "pool" } allowed_batch_sizes: 16
        allowed_batch_sizes: 32 pad_variable_length_inputs: true
        enable_large_batch_splitting { value: true } max_execution_batch_size { value: 32 }"""
    assert batching_parameters.read(write(tmp_path / "all.txt", text)) == BatchingParameters(
        max_batch_size=64,
        batch_timeout_micros=500,
        max_enqueued_batches=3,
        num_batch_threads=7,
        thread_pool_name="pool",
        allowed_batch_sizes=(16, 32),
        pad_variable_length_inputs=True,
        enable_large_batch_splitting=True,
        max_execution_batch_size=32,
    )


def test_batching_wrapped_zero_and_false_are_given(tmp_path: Path) -> None:
    text = (
        "batch_timeout_micros { } enable_large_batch_splitting { value: false } max_execution_batch_size { value: 9 }"
    )
    parameters = batching_parameters.read(write(tmp_path / "zero.txt", text))
    assert (parameters.batch_timeout_micros, parameters.largest_batch) == (0, 1000)


@pytest.mark.parametrize(
    ("splitting", "execution", "largest"), [(False, None, 12), (False, 4, 12), (True, 4, 4), (True, None, 12)]
)
def test_batching_largest_batch(splitting: bool, execution: int | None, largest: int) -> None:
    parameters = BatchingParameters(
        max_batch_size=12, enable_large_batch_splitting=splitting, max_execution_batch_size=execution
    )
    assert parameters.largest_batch == largest


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"max_batch_size": 0}, "max_batch_size must be positive; was 0"),
        ({"num_batch_threads": 0}, "num_batch_threads must be positive; was 0"),
        ({"max_execution_batch_size": -1}, "max_execution_batch_size must be positive; was -1"),
        ({"batch_timeout_micros": -5}, "batch_timeout_micros must be non-negative; was -5"),
        ({"max_enqueued_batches": -1}, "max_enqueued_batches must be positive; was -1"),
        ({"max_enqueued_batches": 0, "enable_large_batch_splitting": True}, "max_enqueued_batches must be positive"),
        (
            {"max_batch_size": 4, "enable_large_batch_splitting": True, "max_execution_batch_size": 5},
            r"greater than or equal to max_execution_batch_size; found 4 and 5",
        ),
        ({"allowed_batch_sizes": (4, 2, 1000)}, r"monotonically increasing; found \[4, 2, 1000\]"),
        ({"allowed_batch_sizes": (0, 1000)}, r"positive and monotonically increasing"),
        (
            {"max_batch_size": 2, "allowed_batch_sizes": (1, 3)},
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 3; expected 2",
        ),
        (
            {
                "max_batch_size": 8,
                "allowed_batch_sizes": (4, 8),
                "enable_large_batch_splitting": True,
                "max_execution_batch_size": 4,
            },
            "Last entry in allowed_batch_sizes must be equal to max_execution_batch_size; last entry was 8; expected 4",
        ),
    ],
)
def test_batching_values_that_do_not_fit(values: dict[str, Any], match: str) -> None:
    with pytest.raises(ServingError, match=match) as raised:
        BatchingParameters(**values).check()
    assert raised.value.code is Code.INVALID_ARGUMENT


def test_batching_zero_enqueued_batches_are_allowed_without_splitting() -> None:
    BatchingParameters(max_enqueued_batches=0).check()  # as in SharedBatchScheduler::AddQueue


def test_batching_file_of_a_version(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert batching_parameters.read_for_version(tmp_path) is None
    write(tmp_path / "batching_params.pbtxt", "max_batch_size { value: 5 } num_batch_threads { value: 99 }")
    parameters = batching_parameters.read_for_version(tmp_path)
    assert parameters == BatchingParameters(max_batch_size=5)
    assert "sets num_batch_threads, which only the file of --batching_parameters_file can set" in caplog.text
    write(tmp_path / "batching_params.pbtxt", "max_batch_size { value: 5 } allowed_batch_sizes: 4")
    with pytest.raises(ServingError, match="last entry was 4; expected 5"):
        batching_parameters.read_for_version(tmp_path)

"""Loading and running SavedModels in a version 1 session."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from serving import saved_model


@pytest.fixture(scope="module")
def half(half_plus_two: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(half_plus_two / "00000123", intra_op_threads=1, inter_op_threads=1) as model:
        yield model


@pytest.fixture(scope="module")
def echoing(echo: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(echo / "1") as model:
        yield model


@pytest.mark.parametrize("x", [np.array([[1.0], [3.0]]), np.array([1.0, 2.0]), np.array(4.0)])
def test_run_takes_any_shape_the_graph_takes(half: saved_model.LoadedModel, x: np.ndarray) -> None:
    answer = half.run("serving_default", {"x": x.astype(np.float32)})
    assert list(answer) == ["y"]
    assert answer["y"].shape == x.shape
    np.testing.assert_allclose(answer["y"], 0.5 * x + 2)


def test_error_that_quotes_bytes(echoing: saved_model.LoadedModel) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match=r"could not correctly convert string: .*\\xff"):
        echoing.run("number", {"default": np.array([b"1\xff"], object)})


def test_signatures_leave_out_the_initialiser(half: saved_model.LoadedModel) -> None:
    assert sorted(half.signatures) == ["both", "classify", "labelled", "regress", "serving_default"]
    assert half.signatures["serving_default"].inputs["x"].dtype == 1  # DT_FLOAT


@pytest.mark.parametrize("strings", [[b"a\x00b\x00", "é".encode()], ["a\x00b\x00", "é"]])
def test_strings_are_object_arrays_of_bytes(echoing: saved_model.LoadedModel, strings: list[str | bytes]) -> None:
    answer = echoing.run("str", {"default": np.array(strings, dtype=object)})["out"]
    assert answer.dtype == object
    assert answer.tolist() == [b"a\x00b\x00", b"\xc3\xa9"]


def test_scalar_string_keeps_trailing_zeros(echoing: saved_model.LoadedModel) -> None:
    answer = echoing.run("str", {"default": np.array(b"a\x00", dtype=object)})["out"]
    assert (answer.shape, answer.item()) == ((), b"a\x00")


def test_fixed_width_bytes(echoing: saved_model.LoadedModel) -> None:
    answer = echoing.run("str", {"default": np.array([[b"one", b"three"]])})["out"]
    assert answer.tolist() == [[b"one", b"three"]]


def test_many_threads_share_one_model(half: saved_model.LoadedModel) -> None:
    def answer(i: int) -> float:
        return half.run("serving_default", {"x": np.array([[i]], np.float32)})["y"].item()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answer, range(200))) == [0.5 * i + 2 for i in range(200)]


def test_limits_are_few(half: saved_model.LoadedModel) -> None:
    now = time.monotonic()
    assert [half.timeout_until(now + seconds) for seconds in (-1, 0.03, 0.9, 29.9)] == [1, 32, 1024, 32768]
    half.usual_timeout_ms = 1000
    try:
        assert [half.timeout_until(now + seconds) for seconds in (0.2, 0.9, 0.99, 1.5)] == [256, 1000, 1000, 2048]
    finally:
        half.usual_timeout_ms = 0


def test_unknown_signature_names_the_known(half: saved_model.LoadedModel) -> None:
    with pytest.raises(ValueError, match=r"'predict' was not found.*both, classify, labelled, regress"):
        half.run("predict", {})


def test_wrong_dtype_is_the_runs_error(half: saved_model.LoadedModel) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match=r"double vs\. expect float"):
        half.run("serving_default", {"x": np.zeros((1, 1), np.float64)})


def test_import_leaves_tensorflow_alone() -> None:
    code = "import sys, serving.saved_model; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

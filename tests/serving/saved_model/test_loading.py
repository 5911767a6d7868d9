"""serving.saved_model.loading: loading a SavedModel into a session."""

from pathlib import Path

import numpy as np
import pytest

from serving import saved_model


def test_missing_dimensions_run_where_they_can_do_no_harm(tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.add = tf.function(
        lambda x: {"y": 0.5 * x + 2}, input_signature=[tf.TensorSpec([None, 2, 2], tf.float32, "x")]
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.add)
    with saved_model.load(tmp_path) as model:
        for shape in ((), (2,), (2, 3), (1, 2, 2)):
            y = model.run("serving_default", {"x": np.ones(shape, np.float32)})["y"]
            np.testing.assert_array_equal(y, np.full(shape, 2.5, np.float32), strict=True)


def test_fragile_ops_are_ops_of_tensorflow() -> None:
    import tensorflow as tf

    assert set(dir(tf.raw_ops)) >= saved_model.FRAGILE_OPS


def test_signature_without_inputs_keeps_state(echo: Path) -> None:
    with saved_model.load(echo / "1") as model:
        assert [model.run("count", {})["count"].item() for _ in range(3)] == [1.0, 2.0, 3.0]


def test_timeout_ends_a_run(echo: Path) -> None:
    import tensorflow as tf

    with (
        saved_model.load(echo / "1") as model,
        pytest.raises(tf.errors.DeadlineExceededError, match="Timed out"),
    ):
        model.run("slow", {"default": np.array([1.0], np.float32)}, timeout_ms=50)


def test_eager_only_keras_export_is_explained(untracked: Path) -> None:
    import tensorflow as tf

    with saved_model.load(untracked) as model:
        signature = model.signatures["serving_default"]
        inputs = {alias: np.zeros((1, 1), np.float32) for alias in signature.inputs}
        with pytest.raises(tf.errors.FailedPreconditionError, match=r"with model\.export\(folder\)"):
            model.run("serving_default", inputs)


def test_closed_model_refuses(half_plus_two: Path) -> None:
    model = saved_model.load(half_plus_two / "00000123")
    model.run("serving_default", {"x": np.zeros((1, 1), np.float32)})
    model.close()
    model.close()
    with pytest.raises(ValueError, match="closed"):
        model.run("serving_default", {"x": np.zeros((1, 1), np.float32)})


def test_loading_is_quiet(half_plus_two: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved_model.load(half_plus_two / "00000123").close()
    assert "deprecated" not in capfd.readouterr().err

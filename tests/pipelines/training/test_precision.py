"""bfloat16: which processors have it, that the option ends with the training, and that the loss stays close to float32's."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.training import fitting, precision
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar
from tests.pipelines import tiny


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512f avx512_bf16 gfni", True), ("amx_bf16", True), ("fpu avx2 avx512f", False)]
)
def test_the_processor_is_asked(tmp_path: Path, flags: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: any\nflags\t\t: {flags}\n")
    assert precision.supported(tmp_path / "cpuinfo") is expected
    assert not precision.supported(tmp_path / "absent")


def _option() -> bool:
    return bool(tf.config.optimizer.get_experimental_options().get(precision.REWRITE, False))


def test_the_option_lasts_as_long_as_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "supported", lambda: True)
    with precision.of_training("bfloat16"):
        assert _option()
    assert not _option()
    with pytest.raises(KeyboardInterrupt), precision.of_training("bfloat16"):
        raise KeyboardInterrupt
    assert not _option()
    with precision.of_training("float32"):
        assert not _option()


def test_another_processor_gets_a_note_and_float32(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(precision, "supported", lambda: False)
    with precision.of_training("bfloat16"):
        assert not _option()
    assert "bfloat16: this processor has none of amx_bf16, avx512_bf16; training in float32" in capsys.readouterr().out


def _fit(folder: Path, name: Any, *, seed: int = 0) -> tuple[keras.Model, list[dict[str, float]]]:
    folder.mkdir(exist_ok=True)
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Dropout(0.2), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers, keras.layers.Dense(2)])
    rng = np.random.default_rng(0)
    stream = tiny.stream(rng.normal(size=(16, 8, 8, 3)), np.eye(2)[rng.integers(0, 2, 16)], batch=8)
    how = TrainingOptions(epochs=3, monitor="val_loss", precision=name)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    rows = fitting.fit(
        model,
        fitting.Data(train=stream, validation=stream(range(1)), steps=2),
        fitting.Objective(loss=loss, metrics=[], monitor="val_loss"),
        how,
        folder,
    )
    return model, [{key: row[key] for key in row if key != "seconds"} for row in rows]


@pytest.mark.skipif(not precision.supported(), reason="the processor has no bfloat16")
def test_training_in_bfloat16_is_near_float32_and_resumes_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, exact = _fit(tmp_path / "float32", "float32")
    model, rows = _fit(tmp_path / "bfloat16", "bfloat16")
    assert {variable.dtype for variable in model.weights} == {"float32"}
    assert [row["loss"] for row in rows] != [row["loss"] for row in exact]  # It did act.
    np.testing.assert_allclose([row["loss"] for row in rows], [row["loss"] for row in exact], rtol=0.02)

    def stop(self: ProgressBar, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ProgressBar, "on_epoch_end", stop)
        with pytest.raises(KeyboardInterrupt):
            _fit(tmp_path / "stopped", "bfloat16")
    assert _fit(tmp_path / "stopped", "bfloat16", seed=5)[1] == rows

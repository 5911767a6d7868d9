"""fit(): schedule, optimisers and averages against NumPy; which epoch is kept and when training ends, on scripted scores."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipelines.classify import class_weights
from pipelines.training import fitting
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar
from tests.pipelines import tiny


def _regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(16, 3)).astype(np.float32)
    return x, x @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 1


def _fit_regression(folder: Path, ema: float | None) -> tuple[keras.Model, list[dict[str, float]]]:
    folder.mkdir()
    x, y = _regression()
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    how = replace(tiny.PLAIN, ema=ema, learning_rate=0.05, momentum=0.9)
    train, validation = tiny.stream(x, y, batch=4), tiny.stream(x, y, batch=16)(range(1))
    return model, fitting.fit(
        model,
        fitting.Data(train=train, validation=validation, steps=4),
        fitting.Objective(loss="mean_squared_error", metrics=[], monitor="val_loss"),
        how,
        folder,
    )


def test_the_average_is_validated_and_kept_while_training_goes_on_from_the_raw_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tiny.recorded_weights(monkeypatch)
    _, plain_rows = _fit_regression(tmp_path / "plain", None)
    plain_steps = steps[:]
    steps.clear()
    # A half makes float32 products exact, so that NumPy's averages are the same, bit by bit.
    model, rows = _fit_regression(tmp_path / "averaged", 0.5)

    assert len(steps) == len(plain_steps) == 12
    for raw, plain in zip(steps, plain_steps, strict=True):
        np.testing.assert_array_equal(np.concatenate(raw, axis=None), np.concatenate(plain, axis=None))
    assert [row["loss"] for row in rows] == [row["loss"] for row in plain_rows]
    averages = [steps[0]]
    for raw in steps[1:]:
        averages.append([np.float32(0.5) * a + np.float32(0.5) * w for a, w in zip(averages[-1], raw, strict=True)])
    x, y = _regression()
    errors = [float(np.mean((x @ kernel + bias - y) ** 2)) for kernel, bias in averages[3::4]]
    np.testing.assert_allclose([row["val_loss"] for row in rows], errors, rtol=1e-5)
    best = averages[3::4][int(np.argmin(errors))]
    for kept, expected in zip(model.get_weights(), best, strict=True):
        np.testing.assert_array_equal(kept, expected)
    assert abs(rows[0]["val_loss"] - plain_rows[0]["val_loss"]) > 1e-3


def _kept(model: keras.Model) -> int:
    """The epoch whose weight the model has; see `tiny.fit_scripted`."""
    return round(-float(model.get_weights()[0][0, 0]))


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("val_accuracy", [0.5, 0.7, 0.6], 2),
        ("val_accuracy", [0.5, 0.7, 0.7, 0.6], 3),  # Equal: the later one.
        ("val_loss", [0.5, 0.7, 0.6], 1),
        ("val_loss", [0.5, 0.4, 0.4, 0.6], 3),
        ("loss", [0.0, 0.0, 0.0], 3),
    ],
)
def test_the_model_ends_with_the_best_epoch(tmp_path: Path, monitor: str, values: list[float], best: int) -> None:
    model, rows = tiny.fit_scripted(tmp_path, values, monitor=monitor)
    assert [row["val_accuracy"] for row in rows] == pytest.approx(values)
    assert _kept(model) == best
    again = tiny.one_weight()
    again.load_weights(tmp_path / "checkpoints" / "best.weights.h5")
    assert _kept(again) == best


@pytest.mark.parametrize(
    ("values", "patience", "epochs", "best"),
    [
        ([0.5, 0.7, 0.6, 0.6, 0.9], 2, 4, 2),
        ([0.5, 0.7, 0.7, 0.7, 0.9], 2, 4, 4),  # A tie moves the kept epoch, but is no improvement to wait for.
        ([0.5, 0.7, 0.6, 0.8, 0.7], 2, 5, 4),
        ([0.5, 0.5, 0.9], 1, 2, 2),
        ([0.9, 0.5, 0.5, 0.5], None, 4, 1),
    ],
)
def test_patience(tmp_path: Path, values: list[float], patience: int | None, epochs: int, best: int) -> None:
    model, rows = tiny.fit_scripted(tmp_path, values, monitor="val_accuracy", patience=patience)
    assert (len(rows), _kept(model)) == (epochs, best)
    # A second call finds the run ended, trains no further, and gives the same.
    model, again = tiny.fit_scripted(tmp_path, values, monitor="val_accuracy", patience=patience)
    assert (again, _kept(model)) == (rows, best)


def test_history_is_written_as_csv(tmp_path: Path) -> None:
    _, rows = tiny.fit_scripted(tmp_path, [0.5, 0.25])
    with (tmp_path / "history.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [*table[0]] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds"]
    assert [{name: float(value) for name, value in line.items()} for line in table] == [
        pytest.approx(row) for row in rows
    ]
    # The mean of the weight before each of the two steps; the labels of training are 0.
    assert [(row["epoch"], row["loss"], row["val_loss"], row["learning_rate"]) for row in rows] == [
        (1.0, -0.25, 0.5, 0.5),
        (2.0, -1.25, 0.25, 0.5),
    ]


def test_one_stream_holds_all_epochs(tmp_path: Path) -> None:
    asked: list[range] = []
    ones = np.ones((3, 1))

    def train(span: range) -> Any:
        asked.append(span)
        return tiny.stream(np.concatenate([ones, 10 * ones]), np.zeros((6, 1)), batch=1)(range(1))

    model, how = tiny.one_weight(), replace(tiny.PLAIN, epochs=2, monitor="loss")
    fitting.fit(
        model,
        fitting.Data(train=train, validation=tiny.scripted([0, 0]), steps=3),
        fitting.Objective(loss=tiny.output_plus_label, metrics=[], monitor="val_loss"),
        how,
        tmp_path,
    )
    assert asked == [range(2)]
    assert float(model.get_weights()[0][0, 0]) == -0.5 * (3 + 30)


def test_a_run_that_was_stopped_continues_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(12, 3)), np.eye(2)[rng.integers(0, 2, 12)]
    how = TrainingOptions(precision="float32", epochs=4, batch_size=4, ema=0.9, clip_norm=1.0, monitor="val_loss")

    def train(span: range) -> Any:
        images, labels = (np.concatenate([np.roll(part, epoch, axis=0) for epoch in span]) for part in (x, y))
        return tiny.stream(images, labels, batch=4)(range(1))

    def fit(name: str, *, seed: int) -> tuple[list[np.ndarray], list[dict[str, float]]]:
        (tmp_path / name).mkdir(exist_ok=True)
        model, folder = tiny.noisy_network(seed=seed), tmp_path / name
        loss, validation = keras.losses.CategoricalCrossentropy(from_logits=True), tiny.stream(x, y, batch=12)(range(1))
        rows = fitting.fit(
            model,
            fitting.Data(train=train, validation=validation, steps=3),
            fitting.Objective(loss=loss, metrics=["accuracy"], monitor="val_loss"),
            how,
            folder,
        )
        return model.get_weights(), [{key: row[key] for key in row if key != "seconds"} for row in rows]

    whole = fit("whole", seed=0)
    with monkeypatch.context() as patch:
        patch.setattr(ProgressBar, "on_epoch_end", _interrupt_after_epoch_2)
        with pytest.raises(KeyboardInterrupt):
            fit("stopped", seed=0)
    # Another seed for the new network: everything that matters comes from the checkpoint.
    resumed = fit("stopped", seed=9)
    assert resumed[1] == whole[1]
    for found, expected in zip(resumed[0], whole[0], strict=True):
        np.testing.assert_array_equal(found, expected)


def _interrupt_after_epoch_2(self: ProgressBar, epoch: int, logs: Any = None) -> None:
    if epoch == 1:
        raise KeyboardInterrupt


def test_pipelines_tiny_trains_two_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "1")
    _, rows = tiny.fit_scripted(tmp_path, [0.5, 0.5, 0.5, 0.5])
    assert len(rows) == 2


@pytest.mark.parametrize("asked", [False, True])
def test_deterministic_is_asked_of_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    import tensorflow as tf

    calls: list[bool] = []
    # Not really called: it cannot be undone in this process.
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: calls.append(True))
    tiny.fit_scripted(tmp_path, [0.5], deterministic=asked)
    assert calls == [True] * asked


def test_l2_adds_the_squares_of_the_kernels_to_the_loss(tmp_path: Path) -> None:
    model, how = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), replace(tiny.PLAIN, epochs=1, l2=0.1)
    model.set_weights([np.array([[2.0]]), np.array([3.0])])
    train = tiny.stream(np.zeros((1, 1)), np.zeros((1, 1)), batch=1)
    validation = tiny.scripted([0.0])
    loss = lambda label, output: keras.ops.mean(0.0 * output)  # noqa: E731
    rows = fitting.fit(
        model,
        fitting.Data(train=train, validation=validation, steps=1),
        fitting.Objective(loss=loss, metrics=[], monitor="val_loss"),
        how,
        tmp_path,
    )
    # 0.1 x 2^2; its gradient is 0.2 x 2, of which the rate takes half; the bias is left alone.
    assert rows[0]["loss"] == pytest.approx(0.4)
    np.testing.assert_allclose([array.item() for array in model.get_weights()], [1.8, 3.0], rtol=1e-6)
    assert rows[0]["val_loss"] == pytest.approx(0.1 * 1.8**2)


def test_class_weights_act_on_the_training_loss_also_of_mixed_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x, weights = rng.normal(size=(4, 3)).astype(np.float32), [0.5, 4.0]
    y = np.array([[1, 0], [0, 1], [0.75, 0.25], [0.25, 0.75]])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    logits = x @ model.get_weights()[0]
    surprise = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    how = replace(tiny.PLAIN, epochs=1, learning_rate=1e-9)
    loss, stream = keras.losses.CategoricalCrossentropy(from_logits=True), tiny.stream(x, y, batch=4)
    rows = fitting.fit(
        model,
        fitting.Data(
            train=lambda span: class_weights.weighted(stream(span), weights), validation=stream(range(1)), steps=1
        ),
        fitting.Objective(loss=loss, metrics=[], monitor="val_loss"),
        how,
        tmp_path,
    )
    assert rows[0]["loss"] == pytest.approx(float(np.mean(np.sum(weights * y * surprise, axis=1))), rel=1e-5)
    assert rows[0]["val_loss"] == pytest.approx(float(np.mean(np.sum(y * surprise, axis=1))), rel=1e-5)

"""Head first, then everything: what learns when and how fast, and a run that was stopped in either phase or between them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipelines.record.runs import RunError
from pipelines.training import fitting, phases
from pipelines.training.options import TrainingOptions
from pipelines.training.progress import ProgressBar
from tests.pipelines import tiny

HOW = TrainingOptions(
    epochs=5,
    learning_rate=0.05,
    head_epochs=2,
    batch_size=4,
    ema=0.9,
    clip_norm=1.0,
    warmup_epochs=0.5,
    monitor="val_loss",
    fine_tune_rate=0.5,
    oldest_rate=0.01,
)


def _network(*, seed: int = 0) -> keras.Model:
    """A backbone of four dense layers, batch normalisation (one still, one learning) and dropout, then the head."""
    keras.utils.set_random_seed(seed)
    still = keras.layers.BatchNormalization(trainable=False, name="still")
    layers = [keras.layers.Dense(4, activation="relu", name=f"dense{n}") for n in range(4)]
    learning = keras.layers.BatchNormalization(name="learning", momentum=0.8)
    backbone = keras.Sequential([keras.Input((3,)), *layers[:2], still, learning, *layers[2:]], name="backbone")
    inputs = keras.Input((3,))
    x = keras.layers.Dropout(0.3)(backbone(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


def _fit(folder: Path, how: TrainingOptions, *, seed: int = 0) -> tuple[keras.Model, list[dict[str, float]]]:
    """Three steps an epoch, whose examples differ from epoch to epoch."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(12, 3))
    y = np.eye(2)[np.int64(x[:, 0] > 0)]

    def train(span: range) -> Any:
        images, labels = (np.concatenate([np.roll(part, epoch, axis=0) for epoch in span]) for part in (x, y))
        return tiny.stream(images, labels, batch=4)(range(1))

    model, loss = _network(seed=seed), keras.losses.CategoricalCrossentropy(from_logits=True)
    validation = tiny.stream(x, y, batch=12)(range(1))
    rows = fitting.fit(
        model,
        fitting.Data(train=train, validation=validation, steps=3),
        fitting.Objective(loss=loss, metrics=["accuracy"], monitor="val_loss"),
        how,
        folder,
    )
    return model, [{key: row[key] for key in row if key != "seconds"} for row in rows]


def _interrupt(monkeypatch: pytest.MonkeyPatch, *, epoch: int, step: int | None) -> None:
    """Let training end after a step of an epoch (both counted from 0), or after the epoch."""

    def at_end(self: ProgressBar, found: int, logs: Any = None) -> None:
        if step is None and found == epoch:
            raise KeyboardInterrupt

    def at_step(self: ProgressBar, batch: int, logs: Any = None) -> None:
        if batch == step and self.model.optimizer.iterations > 0 and self._epoch == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "on_epoch_begin", lambda self, at, logs=None: setattr(self, "_epoch", at))
    monkeypatch.setattr(ProgressBar, "on_epoch_end", at_end)
    monkeypatch.setattr(ProgressBar, "on_train_batch_end", at_step)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, list[dict[str, float]]]:
    """A run that nobody stopped."""
    return _fit(tmp_path_factory.mktemp("phases") / "whole", HOW)


@pytest.mark.parametrize(("epoch", "step"), [(0, None), (1, None), (2, 0), (3, 1)])
def test_a_run_stopped_in_either_phase_or_at_the_border_continues_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any, epoch: int, step: int | None
) -> None:
    with monkeypatch.context() as patch:
        _interrupt(patch, epoch=epoch, step=step)
        with pytest.raises(KeyboardInterrupt):
            _fit(tmp_path / "run", HOW)
    # Another seed for the new network: everything that matters comes from the checkpoint.
    model, rows = _fit(tmp_path / "run", HOW, seed=9)
    assert rows == whole[1]
    for found, expected in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_backbone_is_still_in_the_head_epochs_and_learns_after_them(tmp_path: Path, whole: Any) -> None:
    start = [array.copy() for array in _network().get_layer("backbone").get_weights()]
    head_only, rows = _fit(tmp_path / "head", replace(HOW, epochs=2))
    for found, expected in zip(head_only.get_layer("backbone").get_weights(), start, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(
        head_only.get_layer("logits").get_weights()[0], _network().get_layer("logits").get_weights()[0]
    )
    # The head epochs are the same whether more epochs follow or not.
    assert rows == whole[1][:2]
    for dense in range(4):
        name = f"dense{dense}"
        assert not np.array_equal(whole[0].get_layer("backbone").get_layer(name).get_weights()[0], start[2 * dense])


def test_batch_normalisation_that_was_still_stays_so(whole: Any) -> None:
    backbone, before = whole[0].get_layer("backbone"), _network().get_layer("backbone")
    for found, expected in zip(
        backbone.get_layer("still").get_weights(), before.get_layer("still").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(backbone.get_layer("learning").get_weights()[2], np.zeros(4))
    assert {layer.name: layer.trainable for layer in backbone.layers} == {
        layer.name: layer.name != "still" for layer in backbone.layers
    }


def test_the_rate_column_is_the_heads_and_each_phase_warms_up(whole: Any) -> None:
    # After 6 of 6 and then 3, 6, 9 of 9 steps, 2 of each part for the warm-up.
    rates = [row["learning_rate"] for row in whole[1]]
    expected = [0.5 * (1 + np.cos(np.pi * t)) for t in (1 / 4, 1.0, 1 / 7, 4 / 7, 1.0)]
    share = [1, 1, 0.5, 0.5, 0.5]
    np.testing.assert_allclose(rates, HOW.learning_rate * np.array(expected) * share, atol=1e-9)


def test_older_layers_learn_more_slowly() -> None:
    model = _network()
    groups = {variable.path: group for variable, group in phases.by_depth(model.get_layer("backbone"))}
    # dense0, dense1 | learning | dense2 | dense3: five layers in four groups.
    assert [groups[path] for path in sorted(groups) if path.endswith("kernel")] == [0, 0, 2, 3]
    np.testing.assert_allclose(phases.shares(0.0001), [1e-4, 1e-3, 1e-2, 1e-1, 1], rtol=1e-12)

    how = replace(tiny.PLAIN, learning_rate=1.0, oldest_rate=0.0001, epochs=1)
    part = phases.Phase(start=0, stop=1, frozen=False, layered=True)
    optimizer = part.optimizer(model, how, steps=1)
    before = {variable.path: np.array(variable) for variable in model.trainable_variables}
    optimizer.apply(
        [keras.ops.ones(variable.shape) for variable in model.trainable_variables], model.trainable_variables
    )
    moved = {
        v.path: float(np.mean(before[v.path] - np.array(v))) for v in model.trainable_variables if "bias" in v.path
    }
    np.testing.assert_allclose(list(moved.values()), [1e-4, 1e-4, 1e-2, 1e-1, 1], rtol=1e-6)


def test_no_gradient_is_computed_through_a_frozen_backbone() -> None:
    import tensorflow as tf

    shape = (8, 8, 3)
    layers = [keras.layers.Conv2D(4, 3), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    backbone = keras.Sequential([keras.Input(shape), *layers], name="backbone")
    model = keras.Sequential([keras.Input(shape), backbone, keras.layers.Dense(1)])

    def backward() -> int:
        """Convolutions of the backward pass that a training step runs: what its results and assignments depend on."""
        model.compile("sgd", "mean_squared_error", jit_compile=False)
        step = tf.function(lambda x, y: model.train_step((x, y)))
        graph = step.get_concrete_function(tf.zeros((2, *shape)), tf.zeros((2, 1))).graph
        pending, seen = [*(output.op for output in graph.outputs), *graph.control_outputs], set()
        while pending:
            operation = pending.pop()
            if operation.name not in seen:
                seen.add(operation.name)
                pending += [*(tensor.op for tensor in operation.inputs), *operation.control_inputs]
        return sum("Conv2DBackprop" in graph.get_operation_by_name(name).type for name in seen)

    assert backward() == 3  # Two kernels, and the input of the second.
    with phases.frozen(model, True):
        assert backward() == 0
    assert backward() == 3


def test_patience_begins_after_the_head_epochs(tmp_path: Path) -> None:
    how = replace(HOW, epochs=6, head_epochs=3, patience=1, learning_rate=1e-30, monitor="val_accuracy")
    _, rows = _fit(tmp_path / "run", how)
    # Nothing ever improves; the head epochs run to their end, and one more is waited for.
    assert len(rows) == 4
    assert _fit(tmp_path / "run", how)[1] == rows


def test_head_epochs_without_a_backbone_are_refused(tmp_path: Path) -> None:
    message = r"^--training.head-epochs is 1, but sequential\w* has no pretrained backbone to hold still; leave it out, or choose"
    with pytest.raises(RunError, match=message):
        tiny.fit_scripted(tmp_path, [0.5, 0.5], head_epochs=1)


@pytest.mark.parametrize(
    ("epochs", "head_epochs", "expected"),
    [(5, 2, [(0, 2, True, False), (2, 5, False, True)]), (5, 5, [(0, 5, True, False)]), (5, 0, [(0, 5, False, False)])],
)
def test_the_plan(epochs: int, head_epochs: int, expected: list[tuple[int, int, bool, bool]]) -> None:
    plan = phases.plan(_network(), replace(HOW, epochs=epochs, head_epochs=head_epochs))
    assert [(part.start, part.stop, part.frozen, part.layered) for part in plan] == expected

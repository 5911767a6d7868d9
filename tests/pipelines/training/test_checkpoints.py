"""Checkpoints: everything that changes in training comes back exactly; damaged and foreign files are refused; writes are atomic."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipelines.record.runs import RunError
from pipelines.training import checkpoints, optimizers
from pipelines.training.checkpoints import Progress
from pipelines.training.options import TrainingOptions
from tests.pipelines import tiny

HOW = TrainingOptions(ema=0.9, epochs=5)
DONE = Progress(rows=[{"epoch": 1.0, "loss": 0.1 + 0.2}], best=1 / 3, best_epoch=1, improved_epoch=1)


def _compiled(model: keras.Model) -> keras.Model:
    optimizer = optimizers.build(HOW, rate=1e-3)
    model.compile(optimizer, loss=keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=False)
    return model


def _train(model: keras.Model, *, steps: int, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(steps, 8, 3)).astype(np.float32), np.eye(2)[rng.integers(0, 2, (steps, 8))]
    return [float(model.train_on_batch(images, labels)) for images, labels in zip(x, y, strict=True)]


def _state(model: keras.Model) -> dict[str, np.ndarray]:
    """Everything that is a variable, by its path."""
    return {variable.path: np.array(variable) for variable in [*model.variables, *model.optimizer.variables]}


@pytest.fixture
def trained() -> keras.Model:
    """Dense, batch normalisation, dropout, AdamW with averages, after four steps."""
    model = _compiled(tiny.noisy_network(seed=0))
    _train(model, steps=4, seed=1)
    return model


def test_the_state_comes_back_exactly(tmp_path: Path, trained: keras.Model) -> None:
    checkpoints.save(tmp_path / "last.npz", trained, DONE)
    other = _compiled(tiny.noisy_network(seed=7))
    assert checkpoints.load(tmp_path / "last.npz", other) == DONE

    expected, found = list(_state(trained).items()), list(_state(other).items())
    paths = " ".join(path for path, _ in expected)
    for part in ("kernel", "moving_variance", "seed_generator_state", "iteration", "momentum", "velocity", "average"):
        assert part in paths
    assert len(found) == len(expected)
    for (path, value), (_, wanted) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, wanted, err_msg=path, strict=True)


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path, trained: keras.Model) -> None:
    checkpoints.save(tmp_path / "last.npz", trained, DONE)
    losses = _train(trained, steps=3, seed=2)
    other = _compiled(tiny.noisy_network(seed=7))
    checkpoints.load(tmp_path / "last.npz", other)
    assert _train(other, steps=3, seed=2) == losses
    for found, expected in zip(_state(other).values(), _state(trained).values(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_waited_counts_from_the_first_epoch_with_the_best_value() -> None:
    progress = Progress(rows=[{"epoch": float(n)} for n in range(1, 6)], best_epoch=4, improved_epoch=2)
    assert (progress.epochs, progress.waited()) == (5, 3)


def _wider() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(9), keras.layers.Dense(2)])


def test_a_state_of_another_network_is_refused(tmp_path: Path, trained: keras.Model) -> None:
    checkpoints.save(tmp_path / "last.npz", trained, DONE)
    with pytest.raises(RunError, match=r"last.npz was written by another network: found \d+ variables, expected 1\d"):
        checkpoints.load(tmp_path / "last.npz", _compiled(_wider()))

    narrow = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    checkpoints.save(tmp_path / "narrow.npz", _compiled(narrow), DONE)
    message = r"another network: variable 0 has shape \(3, 2\), expected \(3, 9\); use the same --model and data"
    with pytest.raises(RunError, match=message):
        checkpoints.load(tmp_path / "narrow.npz", _compiled(_wider()))


def test_a_cut_or_foreign_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    model, path = _compiled(tiny.one_weight()), tmp_path / "last.npz"
    checkpoints.save(path, model, DONE)
    whole = path.read_bytes()
    np.savez(path, progress=np.array("[]"))
    np.save(tmp_path / "array.npy", np.zeros(3))
    damaged = [path.read_bytes(), (tmp_path / "array.npy").read_bytes(), b"PK\x03\x04 no zip", b"text"]
    damaged += [whole[:end] for end in range(0, len(whole), 97)]
    assert len(damaged) > 20
    for contents in damaged:
        path.write_bytes(contents)
        with pytest.raises(RunError, match=r"last.npz is not a readable checkpoint \(.*start again with another --out"):
            checkpoints.load(path, model)


def test_weights_come_back(tmp_path: Path, trained: keras.Model) -> None:
    path = tmp_path / "best.weights.h5"
    checkpoints.save_weights(path, trained)
    for other in (tiny.noisy_network(seed=7), _compiled(tiny.noisy_network(seed=8))):
        checkpoints.load_weights(path, other)
        for found, expected in zip(other.get_weights(), trained.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


def test_weights_that_do_not_fit_are_refused(tmp_path: Path, trained: keras.Model) -> None:
    path = tmp_path / "best.weights.h5"
    with pytest.raises(RunError, match=r"weights .*best.weights.h5: no such file; expected a Keras .weights.h5 file"):
        checkpoints.load_weights(path, trained)
    checkpoints.save_weights(path, _wider())
    message = r"best.weights.h5 do not fit the network '\w+' with input \(None, 3\) and output \(None, 2\).*same --model, --size"
    with pytest.raises(RunError, match=message):
        checkpoints.load_weights(path, trained)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(RunError, match=r"best.weights.h5: not a readable HDF5 file"):
        checkpoints.load_weights(path, trained)
    path.rename(tmp_path / "weights.h5")
    with pytest.raises(RunError, match=r"weights.h5: not named .weights.h5; expected a Keras .weights.h5 file"):
        checkpoints.load_weights(tmp_path / "weights.h5", trained)


@contextmanager
def _failing(monkeypatch: pytest.MonkeyPatch, call: str) -> Iterator[None]:
    """Let fsync (a full disk shows there at the latest) or rename fail."""

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if call == "fsync" else Path, call, fail)
        yield


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_state_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: keras.Model, call: str
) -> None:
    state, weights = tmp_path / "last.npz", tmp_path / "best.weights.h5"
    checkpoints.save(state, trained, DONE)
    checkpoints.save_weights(weights, trained)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    _train(trained, steps=1, seed=3)
    with _failing(monkeypatch, call), pytest.raises(OSError, match="No space left on device"):
        checkpoints.save(state, trained, Progress())
    with _failing(monkeypatch, call), pytest.raises(OSError, match="No space left on device"):
        checkpoints.save_weights(weights, trained)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert sorted(before) == ["best.weights.h5", "last.npz"]

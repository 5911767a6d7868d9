"""What is kept during training: history, state and best weights; and when training ends early."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from pipelines.record import runs
from pipelines.training import fitting, keeper
from tests.pipelines import tiny


def _kept(model: keras.Model) -> int:
    """The epoch whose weight the model has; see `tiny.fit_scripted`."""
    return round(-float(model.get_weights()[0][0, 0]))


def _fit_with_labels(folder: Path, labels: list[float]) -> None:
    """Three epochs of two steps."""
    train = tiny.stream(np.ones((6, 1)), np.reshape(labels, (6, 1)), batch=1)(range(1))
    fitting.fit(
        tiny.one_weight(),
        fitting.Data(train=lambda span: train, validation=tiny.scripted([3, 2, 1]), steps=2),
        fitting.Objective(loss=tiny.output_plus_label, metrics=[], monitor="val_loss"),
        tiny.PLAIN,
        folder,
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_names_epoch_and_step_and_what_was_kept(tmp_path: Path, value: float) -> None:
    kept = "the best weights so far, of epoch 2, are in .*best.weights.h5"
    message = f"^the loss became NaN or infinite in epoch 3, step 2; {kept}.*--training.learning-rate .now 0.5"
    with pytest.raises(keeper.TrainingDivergedError, match=message) as caught:
        _fit_with_labels(tmp_path, [0, 0, 0, 0, 0, value])
    assert isinstance(caught.value, runs.RunError)
    model = tiny.one_weight()
    model.load_weights(tmp_path / "checkpoints" / "best.weights.h5")
    assert _kept(model) == 2
    assert len((tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_a_loss_that_is_no_number_at_once(tmp_path: Path) -> None:
    with pytest.raises(keeper.TrainingDivergedError, match="in epoch 1, step 1; no epoch was finished before"):
        _fit_with_labels(tmp_path, [math.nan, 0, 0, 0, 0, 0])
    assert not (tmp_path / "history.csv").exists()


def test_weights_broken_by_the_last_step_of_an_epoch_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(keeper.TrainingDivergedError, match=r"in epoch 2, step 2; .* of epoch 1, are in"):
        tiny.fit_scripted(tmp_path, [0.5, math.nan, 0.5])

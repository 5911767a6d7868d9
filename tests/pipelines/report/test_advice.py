"""pipelines.report.advice on made-up histories: each reading is said with its numbers, and not said elsewhere."""

import dataclasses
import math
import re
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipelines.classify.config import Config
from pipelines.classify.report import REMEDIES
from pipelines.report import advice
from pipelines.report.advice import Remedies, Scale
from pipelines.training.options import TrainingOptions

KINDS = {
    "diverged": "not a finite number",
    "single": "Only one epoch",
    "chance": "at chance level",
    "nothing": "Nothing was learnt",
    "unstable": "unstable",
    "over": "Over-fitting",
    "under": "Under-fitting",
    "good": "Good fit",
    "harder": "lies above training accuracy",
    "unfinished": "Still improving",
    "calibration": "Miscalibrated",
    "no validation": "no validation loss",
}
FINE = {"accuracy": 0.97, "expected_calibration_error": 0.01, "n": 1000.0}


def reading(
    rows: Sequence[Mapping[str, float]], *, scores: Mapping[str, float], chance: float | None = None
) -> list[str]:
    """What a classifier's report says."""
    return advice.sentences(rows, scores, Scale(chance=chance), REMEDIES)


def history(**columns: list[float]) -> list[dict[str, float]]:
    epochs = range(1, len(next(iter(columns.values()))) + 1)
    return [{"epoch": epoch} | {key: values[epoch - 1] for key, values in columns.items()} for epoch in epochs]


def falling(first: float, last: float, n: int = 20, rate: float = 0.5) -> list[float]:
    """Exponentially from first to (nearly) last."""
    return [last + (first - last) * math.exp(-rate * step) for step in range(n)]


def kinds(notes: list[str]) -> set[str]:
    return {kind for kind, words in KINDS.items() for note in notes if words in note}


GOOD = history(
    loss=falling(2.3, 0.05), accuracy=falling(0.1, 0.98), val_loss=falling(2.3, 0.08), val_accuracy=falling(0.1, 0.97)
)


def test_good_fit() -> None:
    (note,) = reading(GOOD, scores=FINE, chance=0.1)
    assert note.startswith("Good fit: training accuracy 0.98")
    assert "validation accuracy 0.97" in note
    assert "more data" in note


def test_over_fitting_by_the_gap() -> None:
    rows = history(
        loss=falling(2.3, 0.01), accuracy=falling(0.1, 1.0), val_loss=falling(2.3, 0.9), val_accuracy=falling(0.1, 0.75)
    )
    (note,) = reading(rows, scores=FINE)
    assert "training accuracy 1.000 against validation accuracy 0.750" in note
    assert "a gap of 0.250" in note
    for flag in (
        "--augment.flip",
        "--augment.shift",
        "--training.weight-decay",
        "--training.label-smoothing",
        "--model",
        "More data",
    ):
        assert flag in note


def test_over_fitting_by_the_rising_loss() -> None:
    rows = history(loss=falling(2.3, 0.01), val_loss=[*falling(2.3, 0.5, 10), *np.linspace(0.52, 0.9, 10).tolist()])
    notes = reading(rows, scores={})
    assert kinds(notes) == {"over"}
    assert "rose from its lowest 0.52 to 0.837 while the training loss went on falling from" in notes[0]
    assert "--training.patience" in notes[0]


def test_under_fitting() -> None:
    rows = history(
        loss=falling(2.3, 1.2), accuracy=falling(0.1, 0.6), val_loss=falling(2.3, 1.25), val_accuracy=falling(0.1, 0.58)
    )
    notes = reading(rows, scores=FINE)
    assert kinds(notes) == {"under"}
    assert "training accuracy reached only 0.600" in notes[0]
    assert "validation accuracy 0.580" in notes[0]
    assert "--training.epochs" in notes[0]
    assert "--training.learning-rate" in notes[0]


@pytest.mark.parametrize(
    ("train", "validation", "expected"),
    [
        (0.63, 0.94, "harder"),
        (0.63, 0.7, "harder"),
        (0.63, 0.66, "under"),
        (0.91, 0.99, "harder"),
        (0.95, 0.98, "good"),
    ],
)
def test_training_made_harder_is_no_under_fitting(train: float, validation: float, expected: str) -> None:
    """As under MixUp, CutMix and label noise, where the training accuracy says little."""
    rows = history(
        loss=falling(2.3, 1.2),
        accuracy=falling(0.1, train),
        val_loss=falling(2.3, 0.3),
        val_accuracy=falling(0.1, validation),
    )
    (note,) = reading(rows, scores=FINE)
    assert kinds([note]) == {expected}
    if expected == "harder":
        assert f"validation accuracy {validation:.3f} lies above training accuracy {train:.3f}" in note
        assert "--augment.mixup" in note


def test_still_improving() -> None:
    rows = history(loss=falling(2.3, 0.3, 10, 0.1), val_loss=falling(2.3, 0.3, 10, 0.1))
    notes = reading(rows, scores={})
    assert kinds(notes) == {"unfinished"}
    expected = [np.mean([row["val_loss"] for row in part]) for part in (rows[6:8], rows[8:])]
    assert f"validation loss fell from {expected[0]:.3g} to {expected[1]:.3g}" in notes[-1]
    assert "--training.epochs" in notes[-1]
    assert "--training.patience" in notes[-1]


@pytest.mark.parametrize(("key", "name"), [("loss", "training"), ("val_loss", "validation")])
def test_unstable_loss(key: str, name: str) -> None:
    wild = [2.0, 0.5, 1.5, 0.4, 1.2, 0.4, 1.0, 0.4]
    calm = [2.0, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4]
    rows = history(**{"loss": calm, "val_loss": calm, key: wild})
    (note,) = [note for note in reading(rows, scores={}) if "unstable" in note]
    assert f"The {name} loss is unstable: it jumped by more than 20% in 3 of 7 epochs" in note
    assert "from 0.5 to 1.5" in note
    assert "--training.learning-rate" in note


def test_tiny_losses_may_double() -> None:
    rows = history(loss=[0.5, 0.001, 0.003, 0.001, 0.004], val_loss=[0.5, 0.002, 0.004, 0.002, 0.003])
    assert "unstable" not in kinds(reading(rows, scores={}))


def test_chance_level() -> None:
    flat = history(loss=[2.31] * 6, accuracy=[0.1] * 6, val_loss=[2.3] * 6, val_accuracy=[0.1] * 6)
    notes = reading(flat, scores={"accuracy": 0.11, "n": 400.0}, chance=0.1)
    assert kinds(notes) == {"chance"}
    assert "held-out accuracy 0.110" in notes[0]
    assert "(0.100)" in notes[0]
    assert "--training.learning-rate" in notes[0]
    assert kinds(reading(flat, scores={"accuracy": 0.11, "n": 400.0})) == {"nothing"}  # chance not known
    assert "chance" not in kinds(reading(GOOD, scores={"accuracy": 0.15, "n": 400.0}, chance=0.1))


def test_remembering_without_learning_is_both() -> None:
    rows = history(
        loss=falling(2.3, 0.01), accuracy=falling(0.1, 1.0), val_loss=falling(2.3, 4.0), val_accuracy=[0.1] * 20
    )
    assert kinds(reading(rows, scores={"accuracy": 0.1, "n": 100.0}, chance=0.1)) == {"chance", "over"}


def test_miscalibrated() -> None:
    notes = reading(GOOD, scores=FINE | {"expected_calibration_error": 0.083})
    assert kinds(notes) == {"good", "calibration"}
    assert "off by 0.083" in notes[-1]
    assert "--training.label-smoothing" in notes[-1]
    few = {"accuracy": 0.97, "expected_calibration_error": 0.083, "n": 100.0}
    assert kinds(reading(GOOD, scores=few)) == {"good"}  # chance alone gives as much on 100 examples


def test_single_row() -> None:
    notes = reading(GOOD[:1], scores={})
    assert kinds(notes) == {"single"}
    assert "loss 2.3" in notes[0]
    assert "--training.epochs" in notes[0]


def test_nan_rows() -> None:
    nan = math.nan
    rows = [*GOOD[:10], {"epoch": 11, "loss": nan, "val_loss": nan, "accuracy": 0.1, "val_accuracy": 0.1}]
    notes = reading(rows, scores={})
    assert "in 1 of 11 epochs, first in epoch 11" in notes[0]
    assert "--training.learning-rate" in notes[0]
    assert kinds(reading([{"epoch": 1, "loss": nan}, {"epoch": 2, "loss": math.inf}], scores={})) == {"diverged"}
    holes = [row | ({"val_loss": nan, "val_accuracy": nan} if row["epoch"] % 2 else {}) for row in GOOD]
    assert kinds(reading(holes, scores={})) == {"good"}  # validated every second epoch


def test_short_or_poor_histories_still_say_something() -> None:
    assert reading([], scores={}) == ["No epoch was finished, so there is nothing to read."]
    assert kinds(reading(history(loss=falling(2.3, 0.1)), scores={})) == {"no validation"}
    assert len(reading(GOOD[:2], scores={})) == 1
    assert "No sign of over-fitting" in reading(history(loss=[1.0, 0.5], val_loss=[1.0, 0.6]), scores={})[0]


def test_another_metric_and_a_pipelines_own_remedies() -> None:
    rows = history(
        loss=falling(2.3, 0.01), map_50=falling(0.1, 1.0), val_loss=falling(2.3, 0.9), val_map_50=falling(0.1, 0.75)
    )
    remedies = Remedies(over_fitting="more pictures with small things")
    (note,) = advice.sentences(rows, {"map_50": 0.7, "n": 90.0}, Scale(metric="map_50"), remedies)
    assert "training map_50 1.000 against validation map_50 0.750" in note
    assert note.endswith("otherwise try more pictures with small things.")
    assert "--augment" not in note
    assert "--model" not in note


def _flags(options: type, prefix: str = "--") -> set[str]:
    """Every flag of a dataclass, and the names of its groups."""
    names = set()
    for field in dataclasses.fields(options):
        flag = prefix + field.name.replace("_", "-")
        names.add(flag)
        kind = typing.get_type_hints(options)[field.name]
        if dataclasses.is_dataclass(kind):
            assert isinstance(kind, type)
            names |= _flags(kind, f"{flag}.")
    return names


def _named(text: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z.-]*[a-z]", text))


def test_a_pipeline_is_advised_only_flags_that_it_has() -> None:
    texts = [getattr(REMEDIES, field.name) for field in dataclasses.fields(REMEDIES)]
    named = _named(" ".join(texts))
    assert {"--model", "--augment.flip", "--training.weight-decay"} <= named
    assert named <= _flags(Config)


def test_what_every_network_is_advised_names_only_options_of_every_training() -> None:
    """The sentences themselves, and the remedies of a pipeline that gives none of its own."""
    named = _named(Path(advice.__file__).read_text(encoding="utf-8"))
    assert "--training.epochs" in named
    assert named <= _flags(TrainingOptions, "--training.")

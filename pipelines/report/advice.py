"""Advice in plain words: what the curves and scores say, and what to try next.

Every sentence quotes the numbers it rests on. The limits below are rules of thumb, not statistics: they are meant to
send a person to the right flag, and the curves stand beside them.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LARGE_GAP = 0.05
"""Training accuracy minus validation accuracy above this reads as over-fitting; below its negative the two do not compare."""
FITTED = 0.9
"""Training accuracy below this, without a gap, reads as under-fitting."""
RISE = 1.1
"""Validation loss above its lowest value by this factor, while the training loss fell, reads as over-fitting."""
STILL_FALLING = 0.05
"""Relative fall of the validation loss between the last two fifths of the run that reads as not finished."""
JUMP = 1.2
"""A loss that grows by this factor from one epoch to the next has jumped."""
MISCALIBRATED = 0.05
"""Expected calibration error above this is worth a word (on few examples more, as chance alone adds to it)."""


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """What a pipeline advises; each names only flags that this pipeline has."""

    over_fitting: str = "a higher --training.weight-decay, or a lower --training.patience"
    """After "More data helps most; otherwise try"."""
    under_fitting: str = "more --training.epochs, a higher --training.learning-rate, or less --training.weight-decay"
    """After "Try"."""
    harder_training: str = (
        "by random changes of the examples, by dropout, or by wrong labels among the training examples"
    )
    """How training examples can be harder than held-out ones."""
    no_skill: str = "try a --training.learning-rate ten times higher and ten times lower"
    """After "Look whether the labels belong to the examples, then"."""
    too_sure: str = "a higher --training.weight-decay"
    """Against answers that are surer than they are right; after "try"."""
    not_sure_enough: str = "more --training.epochs"
    """Against the contrary; after "try"."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The score that the sentences are about."""

    metric: str = "accuracy"
    """Column of the history, and score of the held-out examples, 0 to 1, the higher the better."""
    chance: float | None = None
    """Its value for always giving the most frequent answer, 0 to 1, if known."""


def sentences(
    rows: Sequence[Mapping[str, float]], scores: Mapping[str, float], scale: Scale, remedies: Remedies
) -> list[str]:
    """Sentences about one training run, the gravest first; never empty.

    rows: the history, one mapping per epoch with Keras' log names (loss, val_loss, the metric with and without val_); NaN allowed.
    scores: held-out scores; the metric, `expected_calibration_error` and `n` are read where present.
    """
    finite = [row for row in rows if math.isfinite(row.get("loss", math.nan))]
    notes = _broken(rows)
    no_skill = _chance(finite, scores, scale, remedies)
    notes += no_skill
    if len(finite) == 1:
        notes.append(
            f"Only one epoch can be read (loss {finite[0]['loss']:.3g}), which is too short to judge: "
            "train longer with --training.epochs."
        )
    elif finite:
        fit = _over_fitting(finite, scale, remedies)
        notes += (
            _unstable(finite)
            + (fit or ([] if no_skill else _fit(finite, scale, remedies)))
            + ([] if fit else _unfinished(finite, scale))
        )
    return notes + _calibration(scores, remedies)


def _broken(rows: Sequence[Mapping[str, float]]) -> list[str]:
    if not rows:
        return ["No epoch was finished, so there is nothing to read."]
    broken = [row.get("epoch", i + 1) for i, row in enumerate(rows) if not math.isfinite(row.get("loss", math.nan))]
    if not broken:
        return []
    return [
        f"The loss was not a finite number in {len(broken)} of {len(rows)} epochs, first in epoch {broken[0]:g}: "
        "training diverged. Try a tenth of the present --training.learning-rate."
    ]


def _chance(
    rows: Sequence[Mapping[str, float]], scores: Mapping[str, float], scale: Scale, remedies: Remedies
) -> list[str]:
    advice = f"Look whether the labels belong to the examples (this report shows some), then {remedies.no_skill}."
    value, chance = scores.get(scale.metric, math.nan), scale.chance
    if chance is not None and value <= chance + 2 * math.sqrt(chance * (1 - chance) / scores.get("n", math.inf)):
        return [
            f"The scores are at chance level: held-out {scale.metric} {value:.3f} is no better than always naming the "
            f"most frequent class ({chance:.3f}), within two standard errors. {advice}"
        ]
    losses = _column(rows, "loss")
    if len(losses) > 1 and min(losses) > 0.98 * losses[0]:
        return [f"Nothing was learnt: the training loss went from {losses[0]:.3g} to {losses[-1]:.3g}. {advice}"]
    return []


def _unstable(rows: Sequence[Mapping[str, float]]) -> list[str]:
    notes = []
    for key, name in (("loss", "training"), ("val_loss", "validation")):
        losses = _column(rows, key)
        steps = list(itertools.pairwise(losses))
        # A loss of 0.001 that doubles is no event: a jump is also at least 0.02 high.
        jumps = [(old, new) for old, new in steps if new > JUMP * old and new > old + 0.02]
        if len(jumps) >= 2 and len(jumps) >= 0.15 * len(steps):
            old, new = max(jumps, key=lambda jump: jump[1] - jump[0])
            notes.append(
                f"The {name} loss is unstable: it jumped by more than {JUMP - 1:.0%} in {len(jumps)} of {len(steps)} "
                f"epochs, at most from {old:.3g} to {new:.3g}. Try half the present --training.learning-rate."
            )
    return notes


def _over_fitting(rows: Sequence[Mapping[str, float]], scale: Scale, remedies: Remedies) -> list[str]:
    train, validation = _late(rows, scale.metric), _late(rows, f"val_{scale.metric}")
    found = []
    if train - validation > LARGE_GAP:
        found.append(
            f"training {scale.metric} {train:.3f} against validation {scale.metric} {validation:.3f} at the end "
            f"(a gap of {train - validation:.3f})"
        )
    seen = [row for row in rows if math.isfinite(row.get("val_loss", math.nan))]
    best = min(seen, key=lambda row: row["val_loss"], default={})
    late, fell = _late(rows, "val_loss"), _late(rows, "loss") < best.get("loss", math.nan)
    if fell and late > RISE * best["val_loss"]:
        found.append(
            f"the validation loss rose from its lowest {best['val_loss']:.3g} to {late:.3g} while the training loss "
            f"went on falling from {best['loss']:.3g} to {_late(rows, 'loss'):.3g}"
        )
    if not found:
        return []
    return [
        f"Over-fitting: {'; '.join(found)}. The network remembers its examples. More data helps most; otherwise try "
        f"{remedies.over_fitting}."
    ]


def _fit(rows: Sequence[Mapping[str, float]], scale: Scale, remedies: Remedies) -> list[str]:
    train, validation = _late(rows, scale.metric), _late(rows, f"val_{scale.metric}")
    if math.isnan(_late(rows, "val_loss")):
        return ["The history holds no validation loss, so over- and under-fitting cannot be told apart."]
    if math.isnan(train) or math.isnan(validation):
        low, late = min(_column(rows, "val_loss")), _late(rows, "val_loss")
        return [f"No sign of over-fitting: the validation loss ended at {late:.3g}, near its lowest {low:.3g}."]
    name = scale.metric
    if validation - train > LARGE_GAP:
        return [
            f"No sign of over-fitting: validation {name} {validation:.3f} lies above training {name} {train:.3f}, as it does where "
            f"training is made harder than the test: {remedies.harder_training}."
        ]
    if train < FITTED:
        return [
            f"Under-fitting: training {name} reached only {train:.3f}, and validation {name} {validation:.3f} is close to it. Try "
            f"{remedies.under_fitting}."
        ]
    return [
        f"Good fit: training {name} {train:.3f} and validation {name} {validation:.3f} lie close together. What is still wrong is best "
        "mended with more data like the mistakes shown in this report."
    ]


def _unfinished(rows: Sequence[Mapping[str, float]], scale: Scale) -> list[str]:
    key = "val_loss" if math.isfinite(_late(rows, "val_loss")) else "loss"
    losses, late = _column(rows, key), _late(rows, f"val_{scale.metric}")
    fifth = max(1, len(losses) // 5)
    if len(losses) < 4 or late > 0.99:
        return []
    before, after = float(np.mean(losses[-2 * fifth : -fifth])), float(np.mean(losses[-fifth:]))
    if before <= 0 or (before - after) / before <= STILL_FALLING:
        return []
    name = "validation" if key == "val_loss" else "training"
    return [
        f"Still improving when training stopped: the {name} loss fell from {before:.3g} to {after:.3g} over the last "
        f"epochs. Raise --training.epochs; if early stopping ended the run, raise --training.patience too."
    ]


def _calibration(scores: Mapping[str, float], remedies: Remedies) -> list[str]:
    error = scores.get("expected_calibration_error", math.nan)
    if not error > max(MISCALIBRATED, 1 / math.sqrt(scores.get("n", math.inf))):
        return []
    return [
        f"Miscalibrated: the confidence of an answer is off by {error:.3f} on average (expected calibration error). "
        f"Where the reliability diagram lies below its diagonal the network is too sure: try {remedies.too_sure}; where it lies above, the "
        f"network is not sure enough: try {remedies.not_sure_enough}."
    ]


def _column(rows: Sequence[Mapping[str, float]], key: str) -> list[float]:
    return [row[key] for row in rows if math.isfinite(row.get(key, math.nan))]


def _late(rows: Sequence[Mapping[str, float]], key: str) -> float:
    """Mean over the last fifth of the epochs, so that one lucky epoch decides nothing; NaN without the column."""
    values = _column(rows, key)[-max(1, len(rows) // 5) :]
    return float(np.mean(values)) if values else math.nan

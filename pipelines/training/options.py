"""The flags of optimisation, `--training.*`, of every neural pipeline. Standard library only, so that `--help` is immediate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines import flags

EXAMPLES_SHOWN = 450_000
"""A run without --training.epochs has as many as show about so many examples, from LEAST_EPOCHS to MOST_EPOCHS."""
LEAST_EPOCHS, MOST_EPOCHS = 8, 30
TINY_EPOCHS = 2


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How the weights are found."""

    epochs: int | None = None
    """Passes over the training examples, 1 or more; when absent as many as show about 450,000 of them, 8 to 30."""
    batch_size: int = 64
    """Examples a step, 1 or more."""
    optimizer: Literal["sgd", "adamw", "adam", "rmsprop", "adagrad", "muon"] = "adamw"
    """SGD with momentum, AdamW (arXiv 1711.05101), Adam (arXiv 1412.6980), RMSprop, Adagrad, or Muon (arXiv 2502.16982)."""
    learning_rate: float = 2e-3
    """Highest learning rate, above 0."""
    momentum: float = 0.9
    """Momentum of SGD, 0 to below 1."""
    nesterov: bool = True
    """Nesterov's form of the momentum of SGD."""
    weight_decay: float | None = None
    """Decoupled weight decay of kernels (not of biases or normalisation), 0 or more; each step shrinks by rate x decay.
    When absent: 0.02 for sgd, adamw and muon; none for adam, rmsprop and adagrad, as they were published."""
    l2: float = 0.0
    """Coupled penalty, 0 or more: l2 x the sum of the squared kernels is added to the loss, and to the loss columns."""
    schedule: Literal["cosine", "constant", "step", "exponential"] = "cosine"
    """Learning rate after the warm-up: falling to 0 along a half cosine (arXiv 1608.03983), constant, or falling by
    decay-factor every decay-epochs, in steps or all along (exponential)."""
    decay_factor: float = 0.1
    """What the rate is multiplied by every decay-epochs, with the step and exponential schedules; above 0 and at most 1."""
    decay_epochs: float = 10.0
    """Epochs between two steps of the rate, above 0."""
    warmup_epochs: float = 1.0
    """Epochs over which the learning rate rises from 0, 0 or more and fewer than epochs."""
    label_smoothing: float = 0.0
    """Share of each label spread over all classes (arXiv 1512.00567), 0 to below 1."""
    class_weights: Literal["none", "balanced"] = "none"
    """Whether every class counts the same in the loss, however rare: n / (classes x images of the class) for each image."""
    head_epochs: int | None = None
    """First epochs in which a pretrained backbone stays as it is and only what follows it learns, 0 to epochs; when absent two thirds
    of them with a pretrained backbone, and 0 without.
    The rest of the epochs trains all of it, at the fine-tune-rate and more slowly in earlier layers; each part has its own schedule."""
    fine_tune_rate: float = 0.02
    """Share of the learning rate with which all of the network is trained after the head epochs, above 0 and at most 1."""
    oldest_rate: float = 0.1
    """Share of that again for the backbone's first layers, rising layer by layer to 1 at the head, above 0 and at most 1."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of training on a CPU. `auto` is bfloat16 where the processor has AVX512-BF16 or AMX, but float32 with a pretrained
    backbone, whose weights were learned in float32. The validation after each epoch computes likewise; weights, final scores and exports
    are float32."""
    clip_norm: float | None = None
    """Upper bound of the global gradient norm, above 0; no clipping when absent."""
    ema: float | None = None
    """Decay of an exponential moving average of the weights, which is then validated and kept, above 0 and below 1."""
    monitor: str | None = None
    """Column of history.csv that chooses the best epoch: losses and errors are minimised, everything else maximised. When absent the
    pipeline's own, such as val_accuracy of classify."""
    patience: int | None = None
    """Epochs without a better `monitor` after which training stops, 1 or more; never when absent."""
    deterministic: bool = False
    """Same numbers on every run, bit by bit, at some cost in speed; the order of examples and the draws never vary."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        epochs = LEAST_EPOCHS if self.epochs is None else self.epochs
        _check(epochs >= 1, "epochs", epochs, "1 or more")
        _check(self.batch_size >= 1, "batch-size", self.batch_size, "1 or more")
        _check(0 < self.learning_rate < math.inf, "learning-rate", self.learning_rate, "above 0")
        _check(0 <= self.momentum < 1, "momentum", self.momentum, "0 to below 1")
        _check(
            self.weight_decay is None or 0 <= self.weight_decay < math.inf,
            "weight-decay",
            self.weight_decay,
            "0 or more",
        )
        _check(0 <= self.l2 < math.inf, "l2", self.l2, "0 or more")
        _check(0 < self.decay_factor <= 1, "decay-factor", self.decay_factor, "above 0 and at most 1")
        _check(0 < self.decay_epochs < math.inf, "decay-epochs", self.decay_epochs, "above 0")
        _check(
            0 <= self.warmup_epochs < epochs or self.warmup_epochs == 1,
            "warmup-epochs",
            self.warmup_epochs,
            f"0 to below --training.epochs, which is {epochs}{' or more' if self.epochs is None else ''}",
        )
        _check(0 <= self.label_smoothing < 1, "label-smoothing", self.label_smoothing, "0 to below 1")
        _check(
            self.head_epochs is None or 0 <= self.head_epochs <= epochs,
            "head-epochs",
            self.head_epochs,
            f"0 to --training.epochs, which is {epochs}{' or more' if self.epochs is None else ''}",
        )
        _check(0 < self.fine_tune_rate <= 1, "fine-tune-rate", self.fine_tune_rate, "above 0 and at most 1")
        _check(0 < self.oldest_rate <= 1, "oldest-rate", self.oldest_rate, "above 0 and at most 1")
        _check(self.clip_norm is None or self.clip_norm > 0, "clip-norm", self.clip_norm, "above 0")
        _check(self.ema is None or 0 < self.ema < 1, "ema", self.ema, "above 0 and below 1")
        _check(self.patience is None or self.patience >= 1, "patience", self.patience, "1 or more")


def check_monitor(monitor: str, metrics: Sequence[str]) -> None:
    """Raise ValueError unless `monitor` is the loss or one of the metrics, on training or validation examples."""
    known = [f"{prefix}{name}" for prefix in ("val_", "") for name in ("loss", *metrics)]
    if monitor not in known:
        raise ValueError(
            f"--training.monitor {monitor}: no such column of history.csv; expected one of {', '.join(known)}"
        )


def refuse(training: TrainingOptions, *names: str) -> None:
    """Raise ValueError for the first of these options that was given: they do nothing in the pipeline that calls this."""
    for name in names:
        if getattr(training, name) != TrainingOptions.__dataclass_fields__[name].default:
            raise ValueError(f"--training.{name.replace('_', '-')} does nothing in this pipeline; leave it out")


def with_defaults(training: TrainingOptions, *, examples: int, pretrained: bool) -> TrainingOptions:
    """Fill in epochs, head epochs and precision where they are absent.

    examples: training examples; many of them need few epochs, since what a network learns depends on the number of steps.
    pretrained: whether there is a backbone with weights that were learned elsewhere.
    """
    epochs = training.epochs
    if epochs is None:
        epochs = min(max(round(EXAMPLES_SHOWN / examples), LEAST_EPOCHS), MOST_EPOCHS)
    head = training.head_epochs
    if head is None:
        head = -(-2 * epochs // 3) if pretrained else 0
    precision = "float32" if pretrained and training.precision == "auto" else training.precision
    return replace(training, epochs=epochs, head_epochs=head, precision=precision)


def epoch_limit(epochs: int | None) -> int:
    """The epochs that are really run; MOST_EPOCHS where nothing names them."""
    named = MOST_EPOCHS if epochs is None else epochs
    return min(named, TINY_EPOCHS) if flags.tiny() else named


def head_epoch_limit(training: TrainingOptions) -> int:
    """The head epochs that are really run: a tiny run still tries both parts out where there are two."""
    last, head = epoch_limit(training.epochs), training.head_epochs or 0
    return last if head == training.epochs else min(head, last - 1)


def _check(holds: bool, flag: str, found: float | None, expected: str) -> None:
    flags.check(holds, f"training.{flag}", found, expected)

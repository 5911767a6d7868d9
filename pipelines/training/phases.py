"""Head first, then everything: which layers learn in which epochs, and at which rates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from pipelines.record.runs import RunError
from pipelines.training import optimizers, options, schedules
from pipelines.training.options import TrainingOptions
from vision.pretrained import backbones

"""Name of the layer (a nested model) whose weights were learned elsewhere."""
GROUPS = 4
"""The backbone's layers form so many groups of one rate each; the head is one more."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Epochs, counted from 0, that share an optimiser; each phase has its own warm-up and schedule."""

    start: int
    stop: int
    frozen: bool
    """Whether the backbone stays as it is."""
    layered: bool
    """Whether older layers learn more slowly."""
    share: float = 1.0
    """Of the learning rate, for what learns fastest."""

    def optimizer(self, model: keras.Model, training: TrainingOptions, *, steps: int) -> keras.optimizers.Optimizer:
        """The optimiser of these epochs, for the layers that learn now. steps: of one epoch."""

        def built(share: float) -> keras.optimizers.Optimizer:
            rate = schedules.learning_rate(
                training, steps=steps, epochs=self.stop - self.start, share=self.share * share
            )
            return optimizers.build(training, rate=rate)

        if not self.layered:
            return built(1.0)
        parts = [built(share) for share in shares(training.oldest_rate)]
        groups = {id(variable): parts[group] for variable, group in by_depth(backbones.nested(model))}
        return optimizers.Layered(groups, head=parts[-1])


def plan(model: keras.Model, training: TrainingOptions) -> list[Phase]:
    """One phase, or with training.head_epochs the head's and then, where epochs are left, everything's. Raises RunError."""
    epochs, head = options.epoch_limit(training.epochs), options.head_epoch_limit(training)
    if not training.head_epochs:
        return [Phase(start=0, stop=epochs, frozen=False, layered=False)]
    if backbones.nested(model) is None:
        raise RunError(
            f"--training.head-epochs is {training.head_epochs}, but {model.name} has no pretrained backbone to hold still; "
            "leave it out, or choose a backbone such as --model MobileNetV2 with --weights"
        )
    spans = [(0, head, True), (head, epochs, False)]
    return [
        Phase(
            start=start,
            stop=stop,
            frozen=frozen,
            layered=not frozen and training.oldest_rate < 1,
            share=1.0 if frozen else training.fine_tune_rate,
        )
        for start, stop, frozen in spans
        if start < stop
    ]


@contextmanager
def frozen(model: keras.Model, holds: bool) -> Iterator[None]:
    """Freeze the backbone where `holds`; afterwards each layer learns, or not (batch normalisation), as it did before."""
    found = [(layer, layer.trainable) for layer in backbones.nested(model)._flatten_layers()] if holds else []
    if holds:
        backbones.nested(model).trainable = False
    try:
        yield
    finally:
        for layer, trainable in found:  # Outer layers first: setting one sets all inside it.
            layer.trainable = trainable


def shares(oldest: float) -> list[float]:
    """The share of the learning rate of each group of the backbone and of the head: `oldest` to 1 in equal ratios."""
    return [oldest ** (1 - group / GROUPS) for group in range(GROUPS + 1)]


def by_depth(backbone: keras.Model) -> list[tuple[Any, int]]:
    """Every variable that learns, with its group, 0 at the input: as many layers in each."""
    variables = backbone.trainable_variables
    layers = list(dict.fromkeys(_layer(variable) for variable in variables))
    return [(variable, layers.index(_layer(variable)) * GROUPS // len(layers)) for variable in variables]


def _layer(variable: Any) -> str:
    return str(variable.path).rpartition("/")[0]

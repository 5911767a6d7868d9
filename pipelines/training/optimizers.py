"""Every optimiser that `--training.optimizer` names, with what all of them share: decay, clipping, averages."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from pipelines.training.options import TrainingOptions

WEIGHT_DECAY = {"sgd": 0.02, "adamw": 0.02, "muon": 0.02}
"""Decoupled decay when none is asked for; the others have none, as they were published."""
NOT_DECAYED = ["bias", "gamma", "beta"]
"""Biases and normalisation (arXiv 1812.01187, section 3.1)."""
HEAD = "logits"
"""The layer whose kernel Muon leaves to Adam."""


def build(training: TrainingOptions, *, rate: Any) -> keras.optimizers.Optimizer:
    """The optimiser. rate: a float or a schedule (`schedules.learning_rate`)."""
    decay = WEIGHT_DECAY.get(training.optimizer, 0.0) if training.weight_decay is None else training.weight_decay
    common: dict[str, Any] = {
        "learning_rate": rate,
        "weight_decay": decay or None,
        "global_clipnorm": training.clip_norm,
        "use_ema": training.ema is not None,
        "ema_momentum": training.ema or 0.99,
    }
    found = _named(training, common)
    if decay:
        found.exclude_from_weight_decay(var_names=NOT_DECAYED)
    return found


def _named(training: TrainingOptions, common: dict[str, Any]) -> keras.optimizers.Optimizer:
    match training.optimizer:
        case "sgd":
            return keras.optimizers.SGD(momentum=training.momentum, nesterov=training.nesterov, **common)
        case "adamw" | "adam":  # Keras' Adam takes the same decoupled decay; the difference is in WEIGHT_DECAY.
            return keras.optimizers.Adam(**common)
        case "rmsprop":
            return keras.optimizers.RMSprop(**common)
        case "adagrad":
            return keras.optimizers.Adagrad(**common)
        case "muon":
            return Muon(adam_weight_decay=common["weight_decay"], exclude_layers=[HEAD], **common)


class Muon(keras.optimizers.Muon):
    """Muon (https://kellerjordan.github.io/posts/muon), scaled to Adam's rates as in arXiv 2502.16982.

    Keras' class gives convolutions to Adam; here a kernel (height, width, in, out) is orthogonalised as the matrix
    (height x width x in, out), as its inventor does. Depthwise kernels, embeddings, vectors and the last layer are Adam's.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        if len(variable.shape) == 4 and variable.shape[-1] > 1:
            return any(name in variable.path for name in self.exclude_layers)
        return bool(super()._should_use_adamw(variable))

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        step = ops.add(gradient, self.momentum * m) if self.nesterov else m
        matrix = ops.reshape(step, (-1, variable.shape[-1]))
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.reshape(update, variable.shape))


class Layered(keras.optimizers.MultiOptimizer):
    """One optimiser for each group of variables, which differ in their rates only; clipping is by the norm of all gradients."""

    def __init__(self, groups: Mapping[int, keras.optimizers.Optimizer], *, head: keras.optimizers.Optimizer) -> None:
        """groups: the optimiser of a variable by its id(); `head`: of every other variable."""
        super().__init__(lambda variable: groups.get(id(variable), head))
        self._head = head
        # Each part would clip by its own norm.
        self._bound = head.global_clipnorm
        for part in (*groups.values(), head):
            part.global_clipnorm = None

    @property
    def learning_rate(self) -> Any:
        """The rate of the head."""
        return self._head.learning_rate

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Clip, then let each part apply its own."""
        if self._bound is not None:
            norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in grads))
            grads = [gradient * (self._bound / ops.maximum(norm, self._bound)) for gradient in grads]
        super().apply(grads, trainable_variables)


def averages(optimizer: keras.optimizers.Optimizer, variables: list[Any]) -> list[Any]:
    """The moving average of each variable. Keras keeps them in these attributes only."""
    found: dict[int, Any] = {}
    for part in getattr(optimizer, "optimizers", [optimizer]):
        if part.built:
            pairs = zip(part._trainable_variables, part._model_variables_moving_average, strict=True)
            found |= {id(variable): average for variable, average in pairs}
    return [found[id(variable)] for variable in variables]

"""Losses that Keras does not have."""

from typing import Any

import keras
from keras import ops


class MulticlassHinge(keras.losses.Loss):
    """Crammer and Singer's multiclass hinge loss (JMLR 2, 2001): max(0, 1 + the highest logit of another class - the true class's).

    labels: (batch, classes), one-hot or shares that add up to 1 (MixUp, label smoothing), of which the loss is the expected one: the
    sum over the classes of share times loss. logits: (batch, classes), two or more classes. Gives one loss per example, 0 where
    the true class leads by 1 or more. `keras.losses.CategoricalHinge` differs: it takes the highest of the other logits and 0,
    so that it also asks the true logit to be above 1.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses (batch,), of the logits' dtype."""
        logits = ops.convert_to_tensor(y_pred)
        shares = ops.cast(y_true, logits.dtype)
        (highest, second), (leader, _) = (ops.split(found, 2, axis=-1) for found in ops.top_k(logits, k=2))
        # The highest other logit: for the leading class the runner-up, for all others the leader. Told apart by position and not
        # by value: of equal logits, as a new head gives, a class would be its own rival, and its gradient would cancel.
        rival = ops.where(ops.arange(logits.shape[-1]) == leader, second, highest)
        return ops.sum(shares * ops.relu(1.0 + rival - logits), axis=-1)

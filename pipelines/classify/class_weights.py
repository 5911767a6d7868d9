"""Class weights: rare classes count as much as frequent ones."""

from collections.abc import Sequence
from typing import Any

import keras


def balanced(counts: Sequence[int]) -> list[float]:
    """Class weights by which every class counts the same, 1 on average over the examples: n / (classes x count)."""
    return [sum(counts) / (len(counts) * count) for count in counts]


def weighted(batches: Any, class_weights: Sequence[float]) -> Any:
    """Batches with a weight for each example, by which each class's share of a mixed label counts as that class does.

    The labels' shares are weighted and brought back to a sum of 1, and the sum they had weights the example: its loss is then the
    sum over the classes of weight x share x loss. (Keras' own `class_weight` takes the largest class of a mixed label.)
    """
    weights = keras.ops.convert_to_tensor(class_weights, "float32")

    def weigh(inputs: Any, labels: Any) -> tuple[Any, Any, Any]:
        shares = labels * weights
        total = keras.ops.sum(shares, axis=-1)
        return inputs, shares / total[:, None], total

    return batches.map(weigh)

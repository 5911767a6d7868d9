"""A network without a hidden layer: multinomial logistic regression by softmax loss, a linear support vector machine by hinge loss."""

from typing import Any

import keras


def linear(x: Any) -> Any:
    """The pixels themselves in one row: features (batch, height * width * 3)."""
    return keras.layers.Flatten(name="flatten")(x)

"""No hidden layer: with softmax loss this is multinomial logistic regression, with hinge loss a linear support vector machine."""

from typing import Any

import keras


def linear(x: Any) -> Any:
    """The pixels themselves in one row: features (batch, height * width * 3)."""
    return keras.layers.Flatten(name="flatten")(x)

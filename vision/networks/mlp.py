"""A multilayer perceptron: every pixel is connected to every unit, without regard to its place."""

from typing import Any

import keras

WIDTHS = (512, 256)
"""Units of the hidden layers."""


def mlp(x: Any) -> Any:
    """Two hidden ReLU layers (He's initialisation) with dropout after each: features (batch, 256)."""
    x = keras.layers.Flatten(name="flatten")(x)
    for number, units in enumerate(WIDTHS, start=1):
        x = keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=f"fc{number}")(x)
        x = keras.layers.Dropout(0.2, name=f"dropout{number}")(x)
    return x

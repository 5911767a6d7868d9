"""LeNet-5 (LeCun et al., Gradient-based learning applied to document recognition, 1998)."""

from typing import Any

import keras


def lenet(x: Any) -> Any:
    """LeNet-5 with ReLU, max pooling and padding, so that it also takes 8x8 images: features (batch, 84)."""
    for number, filters in enumerate((6, 16), start=1):
        x = keras.layers.Conv2D(filters, 5, padding="same", activation="relu", name=f"conv{number}")(x)
        x = keras.layers.MaxPooling2D(padding="same", name=f"pool{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(120, activation="relu", name="fc1")(x)
    return keras.layers.Dense(84, activation="relu", name="fc2")(x)

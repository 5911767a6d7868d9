"""Two random operations for each image, after RandAugment (arXiv 1909.13719), from a list that is cheap on a whole batch.

Rotation, shears and translations of an image become one resampling, and its colour operations one matrix, so that a batch pays for
each once, whatever was drawn. RandAugment's Equalize and Sharpness, which need a histogram and a convolution, are left out. Magnitudes
are drawn from the whole range, to both sides (as in arXiv 2103.10158), so that there is no level to tune.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

OPERATIONS = (
    "identity",
    "rotate",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "brightness",
    "contrast",
    "saturation",
    "auto_contrast",
    "posterize",
    "solarize",
)
"""Each is equally likely, twice for each image."""
REACH = {
    "rotate": 30.0,
    "shear_x": 0.3,
    "shear_y": 0.3,
    "translate_x": 0.3,
    "translate_y": 0.3,
    "brightness": 0.6,
    "contrast": 0.6,
    "saturation": 0.6,
    "posterize": 4.0,
}
"""Largest magnitude: degrees, slope, share of the side, change of the factor 1, bits taken away."""
ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Operations:
    """The operations drawn for a batch, round by round."""

    kinds: tuple[Any, ...]
    """int32 (batch,) for each round, an index into OPERATIONS."""
    magnitudes: tuple[Any, ...]
    """float32 (batch,) for each round, -1 to 1."""

    def chosen(self, name: str, turn: int) -> Any:
        """Mark the images that have this operation in this round: bool (batch,)."""
        return tf.equal(self.kinds[turn], OPERATIONS.index(name))

    def magnitude(self, name: str, turn: int) -> Any:
        """Return the magnitude of this operation in this round, -REACH to REACH, 0 for images that have another: float32 (batch,)."""
        return tf.where(self.chosen(name, turn), REACH[name] * self.magnitudes[turn], 0.0)

    def total(self, name: str) -> Any:
        """Sum the magnitudes of all rounds, float32 (batch,)."""
        return tf.add_n([self.magnitude(name, turn) for turn in range(ROUNDS)])


def chosen(draws: Any) -> Operations:
    """Choose operations by draws, float32 (batch, 4), uniform in [0, 1): a kind and a magnitude for each round."""
    kinds, magnitudes = draws[:, ::2], draws[:, 1::2]
    numbers = tf.minimum(tf.cast(kinds * len(OPERATIONS), tf.int32), len(OPERATIONS) - 1)
    return Operations(
        kinds=tuple(tf.unstack(numbers, num=ROUNDS, axis=1)),
        magnitudes=tuple(tf.unstack(2 * magnitudes - 1, num=ROUNDS, axis=1)),
    )

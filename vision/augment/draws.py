"""The random numbers of each image, which depend on (seed, epoch, index) and nothing else."""

from typing import Any

import tensorflow as tf

from vision.augment.options import Augmentation

_BEFORE = -1
"""The epoch of what is drawn once for all epochs."""


def columns(augmentation: Augmentation) -> dict[str, int]:
    """Count the draws that each kind that is on takes for one image, in the order of `draw`; `choice` is between mixup and cutmix."""
    kinds = {
        "flip": (augmentation.flip, 1),
        "mixup": (augmentation.mixup > 0, 1),
        "cutmix": (augmentation.cutmix > 0, 3),
        "choice": (augmentation.mixup > 0 and augmentation.cutmix > 0, 1),
        "shift": (augmentation.shift > 0, 2),
        "crop": (augmentation.crop > 0, 4),
        "rotate": (augmentation.rotate > 0, 1),
        "colour": (augmentation.colour > 0, 3),
        "erase": (augmentation.erase > 0, 5),
        "policy": (augmentation.policy != "none", 4),
    }
    return {name: count for name, (on, count) in kinds.items() if on}


def draw(count: int, *, epoch: Any, seed: int, augmentation: Augmentation) -> Any:
    """Draw the numbers of `count` images in this epoch, float32 (count, sum of `columns`).

    All are uniform in [0, 1), except that of flip, which is 0 (mirror) or 0.5 (do not) and alternates, and the first of mixup and of
    cutmix, the image's own share of the blend, from Beta(alpha, alpha). epoch: int64 scalar, 0 or more. seed: 0 to 2**32 - 1.
    """
    base = _seed(seed, epoch)
    special = {
        "flip": lambda: _alternating(count, epoch=epoch, seed=seed),
        "mixup": lambda: _beta(count, alpha=augmentation.mixup, seed=tf.random.experimental.stateless_fold_in(base, 1)),
        "cutmix": lambda: _beta(
            count, alpha=augmentation.cutmix, seed=tf.random.experimental.stateless_fold_in(base, 2)
        ),
    }
    widths = columns(augmentation)
    uniform = tf.random.stateless_uniform([count, sum(widths.values())], base)
    if not any(name in special for name in widths):
        return uniform
    parts = named(uniform, augmentation)
    for name in widths:
        if name in special:
            parts[name] = tf.concat([special[name]()[:, None], parts[name][:, 1:]], axis=1)
    return tf.concat(list(parts.values()), axis=1)


def named(drawn: Any, augmentation: Augmentation) -> dict[str, Any]:
    """Split the columns of `draw` by kind, float32 (count, columns of the kind) each."""
    widths = columns(augmentation)
    return dict(zip(widths, tf.split(drawn, list(widths.values()), axis=1), strict=True)) if widths else {}


def _alternating(count: int, *, epoch: Any, seed: int) -> Any:
    """Give 0 to a random half of the images and 0.5 to the others, in the next epoch the other way round: float32 (count,)."""
    places = tf.random.experimental.stateless_shuffle(tf.range(count), _seed(seed, tf.constant(_BEFORE, tf.int64)))
    return tf.cast((places + tf.cast(epoch, tf.int32)) % 2, tf.float32) / 2


def _beta(count: int, *, alpha: float, seed: Any) -> Any:
    """Draw from Beta(alpha, alpha), float32 (count,), as G / (G + H) of two gamma variables.

    A small alpha would round both to 0, so their logarithms are drawn: G(a) = G(a + 1) U^(1 / a).
    """
    first, second = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    above = tf.random.stateless_gamma([count, 2], first, alpha=alpha + 1.0)
    # 1 - u is never 0.
    logs = tf.math.log(above) + tf.math.log(1 - tf.random.stateless_uniform([count, 2], second)) / alpha
    return tf.sigmoid(logs[:, 0] - logs[:, 1])


def _seed(seed: int, epoch: Any) -> Any:
    """Make an odd seed for the draws; the order of the examples has the even ones (vision.datasets.batches)."""
    return tf.stack([tf.constant(2 * seed + 1, tf.int64), epoch])

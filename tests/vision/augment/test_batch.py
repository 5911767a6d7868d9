"""vision.augment.batch: random changes to a batch of training images, in the graph."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.vision.augment.test_draws import EVERYTHING
from vision.augment import batch, draws
from vision.augment.options import Augmentation

KINDS: list[dict[str, Any]] = [{"shift": 0, name: value} for name, value in EVERYTHING.items()]


TOGETHER = [EVERYTHING, {**EVERYTHING, "policy": "none"}, {**EVERYTHING, "rotate": 0, "policy": "none"}]


def made(channels: int) -> tuple[Any, Any]:
    images = np.random.default_rng(0).integers(0, 256, (12, 14, 10, channels)).astype(np.uint8)
    return tf.constant(images), tf.one_hot(np.arange(12) % 3, 3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kinds", KINDS + TOGETHER, ids=lambda kinds: " ".join(kinds))
def test_eager_and_in_a_graph_it_is_the_same(kinds: dict[str, Any], channels: int) -> None:
    how = Augmentation(**kinds)
    images, labels = made(channels)
    drawn = draws.draw(12, epoch=tf.constant(1, tf.int64), seed=0, augmentation=how)
    found, found_labels = batch.augmented(images, labels, drawn, how)
    assert (found.shape, found.dtype) == (images.shape, tf.uint8)
    np.testing.assert_allclose(np.asarray(found_labels).sum(axis=1), 1, rtol=1e-6)
    assert not np.array_equal(found, images)

    stream = tf.data.Dataset.from_tensor_slices((images, labels, drawn)).batch(12)
    mapped = stream.map(lambda x, y, d: batch.augmented(x, y, d, how))
    assert [tuple(spec.shape) for spec in mapped.element_spec] == [(None, 14, 10, channels), (None, 3)]
    again, again_labels = next(iter(mapped))
    # A compiled graph may round a half to the other side.
    np.testing.assert_allclose(np.asarray(found).astype(int), again, atol=1)
    np.testing.assert_array_equal(found_labels, again_labels)


def test_with_everything_off_the_batch_stays() -> None:
    images, labels = made(3)
    found = batch.augmented(images, labels, tf.zeros([12, 0]), Augmentation(shift=0))
    assert found[0] is images
    assert found[1] is labels

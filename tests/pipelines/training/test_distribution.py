"""The scope around build and compile: the default one changes nothing, another one reaches the variables."""

import keras
import tensorflow as tf

from pipelines.training import distribution


def test_the_scope_is_that_of_the_present_strategy() -> None:
    with distribution.scope():
        assert not tf.distribute.has_strategy()
    mirrored = tf.distribute.MirroredStrategy(["CPU:0"])
    with mirrored.scope():
        with distribution.scope():
            layer = keras.layers.Dense(1)
            layer.build((None, 2))
        assert tf.distribute.get_strategy() is mirrored
    assert mirrored.extended.variable_created_in_scope(layer.kernel.value)

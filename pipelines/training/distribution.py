"""Where a training runs: the scope in which a network is built and compiled.

One process computes on its own devices. TensorFlow's strategies for several machines go around build and compile, and nowhere else;
that place is here, so that nothing above has to change.
"""

from contextlib import AbstractContextManager
from typing import Any


def scope() -> AbstractContextManager[Any]:
    """The scope of the present strategy: TensorFlow's default one, which changes nothing, unless a caller entered another."""
    import tensorflow as tf

    return tf.distribute.get_strategy().scope()

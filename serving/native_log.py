"""TensorFlow's C++ log, which writes to file descriptor 2 past Python's `sys.stderr`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def muted() -> Iterator[None]:
    """Drop what is written to file descriptor 2 meanwhile; errors that matter come as exceptions."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def load_tensorflow() -> None:
    """Import TensorFlow and look for devices without its start-up notes, which no setting removes.

    `TF_CPP_MIN_LOG_LEVEL=0` in the environment keeps TensorFlow's later notes.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with muted():
        import tensorflow as tf

        tf.config.list_logical_devices()

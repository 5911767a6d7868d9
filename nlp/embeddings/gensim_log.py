"""gensim's log, hidden from the user: what matters in it is checked beforehand and reported in our own words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Mute gensim's log; without a handler Python would print its warnings to the terminal."""
    logger = logging.getLogger("gensim")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)

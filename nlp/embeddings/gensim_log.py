"""gensim's log, kept away from the user: what matters in it is checked beforehand and told in our own words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of gensim's log appears within; without a handler Python would print its warnings to the terminal."""
    logger = logging.getLogger("gensim")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)

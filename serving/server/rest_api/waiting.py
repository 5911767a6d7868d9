"""Calls on the event loop that wait for a batch."""

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from serving.server.errors import ServingError

Outputs = Mapping[str, np.ndarray]


class Waiting:
    """A call that waits for its batch; all calls of a batch are woken by one message to the loop."""

    __slots__ = ("deliver", "future")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[Outputs] = loop.create_future()
        self.deliver = _deliverer(loop)

    def __call__(self, outcome: Outputs | ServingError) -> None:
        """Take the outcome; called in a batch thread, when the batch has calls over gRPC too."""
        self.deliver([(self, outcome)])


@functools.lru_cache(maxsize=8)
def _deliverer(loop: asyncio.AbstractEventLoop) -> Callable[[Sequence[tuple[Waiting, Any]]], None]:
    """Make one function per loop, because batching compares them."""

    def deliver(pairs: Sequence[tuple[Waiting, Any]]) -> None:
        try:
            loop.call_soon_threadsafe(_wake, pairs)
        except RuntimeError:  # the loop has ended, and with it everyone who waited
            return

    return deliver


def _wake(pairs: Sequence[tuple[Waiting, Any]]) -> None:
    for waiting, outcome in pairs:
        if waiting.future.done():  # cancelled
            continue
        if isinstance(outcome, BaseException):
            waiting.future.set_exception(outcome)
        else:
            waiting.future.set_result(outcome)

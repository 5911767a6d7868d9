"""Sending a request again: how often, and after which waits."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from serving.client import answers
from serving.client.answers import Answer, NotConnectedError
from serving.client.connection import Connections

BUSY = (429, 503)
"""Answers that were given before the model ran: the request may be sent again."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """When a request is sent again; the waits are those that `Client` describes."""

    times: int
    """Number of repetitions, at most."""
    first_wait: float
    """Seconds, of which a random share is waited before the first repetition; twice as many before each further one."""
    longest_wait: float
    """Seconds: the most of these, and of what a server may ask for."""
    sleep: Callable[[float], object]

    def ask(self, connections: Connections, method: str, path: str, body: bytes | None = None) -> Answer:
        """One answer, tried again where that can do no harm."""
        attempt = 0
        while True:
            at_least = 0.0
            try:
                answer = connections.exchange(method, path, body)
            except NotConnectedError:
                if attempt == self.times:
                    raise
            else:
                at_least = answers.waiting_seconds(answer.retry_after)
                if answer.status not in BUSY or attempt == self.times or at_least > self.longest_wait:
                    return answer
            # "Full jitter": clients that were refused together do not come back together.
            longest = min(self.longest_wait, self.first_wait * 2**attempt)
            self.sleep(at_least + random.random() * longest)  # noqa: S311  no secret is made of it
            attempt += 1

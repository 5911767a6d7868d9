"""Schedulers for the tests of batching."""

from collections.abc import Iterator

import pytest

from serving.server.batching.scheduler import BatchScheduler


@pytest.fixture
def schedulers() -> Iterator[list[BatchScheduler]]:
    """Schedulers to close after the test."""
    opened: list[BatchScheduler] = []
    yield opened
    for scheduler in opened:
        scheduler.close()

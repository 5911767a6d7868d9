"""Every random share of a wait is the largest one, so that the tests can add up."""

import pytest


@pytest.fixture(autouse=True)
def _longest_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.client.retries.random.random", lambda: 1.0)

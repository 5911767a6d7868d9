"""When a request is sent again, and after which waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from serving.client import AnswerError, Client, NoAnswerError
from tests.serving.live import free_port
from tests.serving.scripted import Handler, Scripted, say, scripted


class Waits(list[float]):
    """Stands for `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def asking(*script: Callable[[Handler], None], **options: Any) -> Iterator[tuple[Client, Scripted, Waits]]:
    waits = Waits()
    with scripted(*script) as server, Client(server.url, **{"model": "m", "sleep": waits, **options}) as asked:
        yield asked, server, waits


def test_busy_servers_are_asked_again() -> None:
    busy, full = say(503, b'{"error": "queue"}'), say(429, b'{"error": "queue"}')
    with asking(busy, full, busy, say(200)) as (asked, server, waits):
        assert asked.predict(instances=[1]) == [1.5]
        assert waits == pytest.approx([0.1, 0.2, 0.4])
        assert len(server.asked) == 4
    with asking(busy, longest_wait=0.3) as (asked, server, waits), pytest.raises(AnswerError, match=r"^503: queue$"):
        asked.predict(instances=[1])
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.3])
    assert len(server.asked) == 5


def test_retry_after() -> None:
    with asking(say(503, retry_after="3"), say(503, retry_after="soon"), say(200)) as (asked, _, waits):
        asked.predict(instances=[1])
        assert waits == pytest.approx([3.1, 0.2])
    past, future = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2099 07:28:00 GMT"
    with asking(say(503, retry_after=past), say(503, b"{}", retry_after=future)) as (asked, server, waits):
        with pytest.raises(AnswerError, match=r"^503: "):
            asked.predict(instances=[1])
        assert waits == pytest.approx([0.1])
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 413, 499, 500, 501, 502, 504])
def test_other_answers_are_final(status: int) -> None:
    with asking(say(status, b'{"error": "no"}')) as (asked, server, waits):
        with pytest.raises(AnswerError, match=f"^{status}: no$") as caught:
            asked.predict(instances=[1])
        assert (caught.value.status, caught.value.message) == (status, "no")
        assert (waits, len(server.asked)) == ([], 1)


def test_nobody_listens() -> None:
    waits = Waits()
    url = f"http://127.0.0.1:{free_port()}"
    asked = Client(url, model="m", retries=2, sleep=waits)
    with pytest.raises(NoAnswerError, match=f"cannot connect to {url} .*; is the server running, and is this its REST"):
        asked.status()
    assert waits == pytest.approx([0.1, 0.2])
    assert not asked.ready()


def test_the_share_of_a_wait_is_random(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([0.0, 0.25, 0.5])
    monkeypatch.setattr("serving.client.retries.random.random", lambda: next(shares))
    with asking(say(503), say(503), say(503), say(200)) as (asked, _, waits):
        asked.predict(instances=[1])
    assert waits == pytest.approx([0, 0.05, 0.2])

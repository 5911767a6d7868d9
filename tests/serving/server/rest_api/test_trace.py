"""The `traceparent` header, by the examples and rules of the W3C recommendation."""

import re

import pytest

from serving.server.rest_api import trace

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-09", "01"),  # unknown flags are not handed on
        (f"cc-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", "01"),
    ],
)
def test_a_trace_goes_on_with_a_span_of_its_own(header: str, flags: str) -> None:
    found = trace.context(header)
    assert (found.trace_id, found.flags) == (TRACE, flags)
    assert found.span_id != SPAN
    assert found.header() == f"00-{TRACE}-{found.span_id}-{flags}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01-what-the-future-will-not-be-like",
        f"cc-{TRACE}-{SPAN}-01.what-the-future-will-not-be-like",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00_{TRACE}_{SPAN}_01",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"cc-{TRACE}-{SPAN}-01-a\nb",
    ],
)
def test_anything_else_begins_a_new_trace(header: str | None) -> None:
    found = trace.context(header)
    assert re.fullmatch("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00", found.header())
    assert found.trace_id != TRACE


def test_new_ids_differ() -> None:
    assert len({trace.context(None).header() for _ in range(100)}) == 100


def test_ids_are_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["00" * 16, "11" * 16, "00" * 8, "22" * 8])
    monkeypatch.setattr("secrets.token_hex", lambda _size: next(drawn))
    assert trace.context(None) == ("11" * 16, "22" * 8, "00")

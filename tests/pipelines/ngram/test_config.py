"""The flags of ngram: their ranges, what does not go together, and values at the edge that are taken."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.ngram import Config


@pytest.mark.parametrize(
    "flags",
    [
        {"order": 1},
        {"order": 20, "prune": (0,) * 20},
        {"discount_fallback": (0.0, 2.0, 3.0)},
        {"prune": (1, 1, 2)},
        {"prune": (0, 0, 1), "smoothing": "katz"},
        {"memory": 0.1, "min_count": 1, "vocabulary_size": 1, "shortest_sentence": 1},
        {"smoothing": "stupid-backoff", "prune": (0, 1)},
    ],
    ids=str,
)
def test_the_edges_of_the_ranges_are_taken(flags: dict[str, Any]) -> None:
    Config(**flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"order": 21}, "--order is 21; expected 1 to 20"),
        ({"k": 0.0}, "--k is 0.0; expected above 0"),
        ({"discount_fallback": (0.5, 1.0, 3.5)}, "--discount-fallback is (0.5, 1.0, 3.5); expected 0 to 1, 0 to 2"),
        ({"prune": (0, 2, 1)}, "--prune is (0, 2, 1); expected counts of 0 or more, none below the one before it"),
        ({"prune": (0, 0), "order": 1}, "--prune is (0, 0); expected at most --order numbers, which is 1"),
        ({"prune_entropy": float("nan")}, "--prune-entropy is nan; expected 0 to below 1"),
        ({"vocabulary_size": 0}, "--vocabulary-size is 0; expected 1 or more"),
        ({"min_count": 0}, "--min-count is 0; expected 1 or more"),
        ({"shortest_sentence": 0}, "--shortest-sentence is 0; expected 1 or more"),
        ({"memory": float("inf")}, "--memory is inf; expected 0.1 or more GiB"),
        ({"seed": -1}, "--seed is -1; expected 0 to 4294967295"),
    ],
    ids=str,
)
def test_bad_input_what_is_out_of_range_is_named(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Config(**flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"prune": (1,), "smoothing": "katz"}, "--prune 1 … drops words, which --smoothing katz cannot; begin with 0"),
        ({"model": Path("a.arpa"), "mix": (Path("b.arpa"),)}, "--model counts none; leave out one of the two"),
        ({"closed": True, "interpolate_unigrams": False}, "leaves to <unk> what --closed denies it; leave out one"),
        ({"smoothing": "stupid-backoff", "prune_entropy": 0.1}, "stupid-backoff gives no probabilities, which"),
        ({"smoothing": "stupid-backoff", "mix": (Path("a.arpa"),)}, "stupid-backoff gives no probabilities, which"),
    ],
    ids=str,
)
def test_bad_input_flags_that_do_not_go_together(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Config(**flags)

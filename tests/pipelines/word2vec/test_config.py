"""The flags of word2vec: their ranges, named as they are typed, and values at the edge that are taken."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.word2vec import Config
from pipelines.word2vec.config import Training


@pytest.mark.parametrize(
    "flags",
    [
        {"dimensions": 1, "window": 1, "negatives": 1, "sample": 0.0, "min_count": 1, "vocabulary_size": 1},
        {"dimensions": 2000, "window": 50, "negatives": 100, "sample": 1.0, "vocabulary_size": None},
        {"engine": "gensim", "objective": "hierarchical-softmax"},
        {"training": Training(epochs=1, learning_rate=1.0, min_learning_rate=1.0, workers=1)},
        {"training": Training(min_learning_rate=0.025)},
        {"training": Training(min_learning_rate=0.0)},
    ],
    ids=str,
)
def test_the_edges_of_the_ranges_are_taken(flags: dict[str, Any]) -> None:
    Config(**flags)


@pytest.mark.parametrize(
    ("make", "flags", "message"),
    [
        (Config, {"dimensions": 0}, "--dimensions is 0; expected 1 to 2000"),
        (Config, {"window": 51}, "--window is 51; expected 1 to 50"),
        (Config, {"negatives": 0}, "--negatives is 0; expected 1 to 100"),
        (Config, {"sample": float("nan")}, "--sample is nan; expected 0 to 1"),
        (Config, {"min_count": 0}, "--min-count is 0; expected 1 or more"),
        (Config, {"vocabulary_size": 0}, "--vocabulary-size is 0; expected 1 or more"),
        (Config, {"seed": 2**32}, "--seed is 4294967296; expected 0 to 4294967295"),
        (Config, {"objective": "hierarchical-softmax"}, "--objective hierarchical-softmax needs --engine gensim"),
        (Training, {"epochs": 0}, "--training.epochs is 0; expected 1 or more"),
        (Training, {"learning_rate": 1.5}, "--training.learning-rate is 1.5; expected above 0, at most 1"),
        (Training, {"min_learning_rate": -1.0}, "--training.min-learning-rate is -1.0; expected 0 or more"),
        (Training, {"learning_rate": 0.01, "min_learning_rate": 0.02}, "expected at most 0.01, the first one"),
        (Training, {"min_learning_rate": 0.03}, "expected at most 0.025 without a --training.learning-rate"),
        (Training, {"workers": 0}, "--training.workers is 0; expected 1 or more"),
    ],
    ids=str,
)
def test_bad_input_what_is_out_of_range_is_named(
    make: Callable[..., object], flags: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make(**flags)

"""The settings of a training of word vectors, with defaults and ranges, for every engine. Standard library only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Engine = Literal["keras", "gensim"]
Architecture = Literal["skip-gram", "cbow"]
Objective = Literal["negative-sampling", "hierarchical-softmax"]
ENGINES: tuple[Engine, ...] = ("keras", "gensim")
ARCHITECTURES: tuple[Architecture, ...] = ("skip-gram", "cbow")
OBJECTIVES: tuple[Objective, ...] = ("negative-sampling", "hierarchical-softmax")
LEAST_RATE = 0.025
"""The lowest of the learning rates that the engines begin with by themselves."""


def _one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in names, f"one of {', '.join(names)}"


def _between(low: float, high: float) -> tuple[Callable[[Any], bool], str]:
    return lambda value: low <= value <= high, f"{low} to {high}"


RANGES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "engine": _one_of(*ENGINES),
    "architecture": _one_of(*ARCHITECTURES),
    "objective": _one_of(*OBJECTIVES),
    "dimensions": _between(1, 2000),
    "window": _between(1, 50),
    "negatives": _between(1, 100),
    "sample": _between(0, 1),
    "min_count": (lambda value: value >= 1, "1 or more"),
    "most": (lambda value: value is None or value >= 1, "1 or more"),
    "epochs": (lambda value: value >= 1, "1 or more"),
    "learning_rate": (lambda value: value is None or 0 < value <= 1, "above 0, at most 1"),
    "min_learning_rate": (lambda value: 0 <= value < float("inf"), "0 or more"),
    "workers": (lambda value: value >= 1, "1 or more"),
}
"""For each setting: whether a value is allowed, and the words for those that are."""


def check(name: str, value: object, *, called: str = "") -> None:
    """Raise ValueError for a value out of its range. called: its name in the message, such as --window; `name` when empty."""
    allowed, expected = RANGES[name]
    if not allowed(value):
        raise ValueError(f"{called or name} is {value!r}; expected {expected}")


def check_rates(
    first: float | None, last: float, *, called: tuple[str, str] = ("learning_rate", "min_learning_rate")
) -> None:
    """Raise ValueError where the last learning rate is above the first; see `check`."""
    highest = LEAST_RATE if first is None else first
    if last > highest:
        which = f" without a {called[0]}" if first is None else ", the first one"
        raise ValueError(f"{called[1]} is {last}; expected at most {highest}{which}")


def _check_all(values: Mapping[str, object]) -> None:
    for name in RANGES.keys() & values.keys():
        check(name, values[name])


@dataclass(frozen=True, kw_only=True)
class Method:
    """The model, and the pairs of words that it learns from."""

    engine: Engine = "keras"
    """The program that trains: our own in Keras, or gensim."""
    architecture: Architecture = "skip-gram"
    """Predict the context from the word, or the word from the mean of its context."""
    objective: Objective = "negative-sampling"
    """Loss; hierarchical softmax needs gensim."""
    dimensions: int = 100
    """Length of a vector."""
    window: int = 5
    """Most words on each side that count as context; each word draws its own width, uniform from 1."""
    negatives: int = 5
    """Random words that each pair is contrasted with."""
    sample: float = 1e-3
    """Frequency above which a word is left out at random, 0 to 1; 0 and 1 leave none out."""

    def __post_init__(self) -> None:
        """Check the ranges. Raises ValueError."""
        _check_all(vars(self))
        if self.engine == "keras" and self.objective != "negative-sampling":
            raise ValueError(f"the engine keras has no {self.objective}; use the engine gensim, or negative-sampling")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The words that get a vector."""

    min_count: int = 5
    """Words that occur less often get none."""
    most: int | None = None
    """Only so many of the most frequent words; all when None."""

    def __post_init__(self) -> None:
        """Check the ranges. Raises ValueError."""
        _check_all(vars(self))


@dataclass(frozen=True, kw_only=True)
class Course:
    """The course of a training."""

    epochs: int = 5
    """Passes over the text."""
    learning_rate: float | None = None
    """The first learning rate, which falls evenly with the words read; when None a default for engine and architecture."""
    min_learning_rate: float = 1e-4
    """The last learning rate."""
    workers: int = 2
    """Threads of gensim."""
    seed: int = 0
    deterministic: bool = False
    """The same vectors on every run on the same machine."""

    def __post_init__(self) -> None:
        """Check the ranges. Raises ValueError."""
        _check_all(vars(self))
        check_rates(self.learning_rate, self.min_learning_rate)

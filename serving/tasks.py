"""The table of tasks: what each takes and gives by `serving_default`, the public contract. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Task:
    """The contract of one task."""

    inputs: frozenset[str]
    """Names of the tensors that `serving_default` takes."""
    outputs: frozenset[str]
    """Names of the tensors that it gives, at least."""
    asked_with: Literal["pictures", "texts"]
    """Inputs on the command line and on the page."""


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "classify": Task(
            inputs=frozenset({"image_bytes"}), outputs=frozenset({"classes", "scores"}), asked_with="pictures"
        ),
        "ngram": Task(
            inputs=frozenset({"text"}),
            outputs=frozenset({"log_prob", "perplexity", "next_words", "next_scores"}),
            asked_with="texts",
        ),
        "word2vec": Task(
            inputs=frozenset({"words"}),
            outputs=frozenset({"neighbours", "similarities", "vectors", "in_vocabulary"}),
            asked_with="texts",
        ),
    }
)
"""By the name in model.json."""


def named(inputs: frozenset[str], outputs: frozenset[str]) -> str:
    """The task of a model that takes and gives these tensors; empty where it is none of them."""
    fits = (name for name, task in TASKS.items() if inputs == task.inputs and outputs >= task.outputs)
    return next(fits, "")


def takes(name: str) -> str:
    """A task and what it takes, for messages."""
    return f"{name} (takes {', '.join(sorted(TASKS[name].inputs))})"

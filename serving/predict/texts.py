"""Texts and words as `serving.predict` takes them, and the lines that it prints for them."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.client import NoAnswerError
from serving.predict import opened as predict_model
from serving.predict.opened import Answerer, Model

Named = list[tuple[str, float]]
"""Words with their scores, best first."""
Shown = tuple[str, dict[str, Any]]
"""The line that is printed after the input, and the record of --json without it."""


def print_answers(
    answerer: Answerer, inputs: Sequence[str], *, answer: Callable[[Model, str], Shown], as_json: bool
) -> Iterator[bool]:
    """Print a line for each text of `inputs` (see `lines`), one after the other; yields whether each could be answered."""
    for text in lines(inputs):
        yield print_answer(text, text, partial(answer, answerer.model, text), as_json=as_json)


def print_answer(title: str, asked: Any, make: Callable[[], Shown], *, as_json: bool) -> bool:
    """Print the answer that `make` returns: a line after the title, or a record with the input. False when it raises ValueError."""
    try:
        line, record = make()
    except NoAnswerError:  # the next input would get none either
        raise
    except ValueError as error:
        print(f"error: {title}: {error}", file=sys.stderr, flush=True)
        return False
    print(json.dumps({"input": asked, **record}, ensure_ascii=False) if as_json else f"{title}: {line}", flush=True)
    return True


def lines(inputs: Iterable[str]) -> Iterator[str]:
    """The texts of the inputs: `-` the lines of standard input, `@FILE` those of a file, all else itself; blank lines are passed over.

    Bytes that are not UTF-8 stay in the text as lone surrogates. Raises FileNotFoundError.
    """
    for each in inputs:
        if each == "-":
            yield from _filled(sys.stdin.buffer)
        elif each.startswith("@"):
            path = Path(each[1:])
            if not path.is_file():
                raise FileNotFoundError(f"{path}: no such file; expected one with a text in each line")
            with path.open("rb") as file:
                yield from _filled(file)
        else:
            yield each


def run(loaded: Model, signature: str, **texts: str) -> Mapping[str, NDArray[Any]]:
    """The outputs for one row of texts. Raises ValueError when the model refuses it."""
    inputs = {name: np.array([text.encode("utf-8", "surrogateescape")], object) for name, text in texts.items()}
    return predict_model.run(loaded, signature, inputs, reason=lambda message: message.split("\n")[0])


def named(names: NDArray[Any], scores: NDArray[Any]) -> Named:
    """The words and scores of the first row, without the places that stayed empty."""
    pairs = zip(names[0], scores[0], strict=True)
    return [(name.decode("utf-8", "surrogateescape"), float(score)) for name, score in pairs if name]


def apart(named: Named) -> tuple[list[str], list[float]]:
    """The words, and their scores."""
    return [name for name, _ in named], [score for _, score in named]


def listed(named: Named) -> str:
    """The words with their scores, as they are printed."""
    return ", ".join(f"{name} {score:.3f}" for name, score in named) or "none"


def _filled(file: Iterable[bytes]) -> Iterator[str]:
    texts = (line.decode("utf-8", "surrogateescape").strip("\r\n") for line in file)
    yield from (text for text in texts if text.strip())

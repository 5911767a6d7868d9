"""The answers of word vectors: the nearest words, and analogies."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from serving.predict import texts
from serving.predict.opened import Answerer, Model
from serving.predict.texts import Named, Shown

UNKNOWN = "not in the vocabulary"


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The answer of word vectors to a word."""

    neighbours: Named
    """The nearest other words, with cosine similarities."""
    vector: NDArray[np.float32]
    """(d,)."""


def print_analogies(answerer: Answerer, asked: Iterable[Sequence[str]], *, as_json: bool) -> Iterator[bool]:
    """Print a line for each (a, b, c), the words that are to c as b is to a. Raises ValueError where the model has no analogies."""
    if "analogy" not in answerer.model.signatures:
        known = ", ".join(sorted(answerer.model.signatures))
        raise ValueError(
            f"--analogy: the model at {answerer.place} has no signature `analogy` (it has {known}); word2vec bundles have one"
        )
    for a, b, c in asked:
        title = f"{a} : {b} = {c} : ?"
        yield texts.print_answer(title, [a, b, c], partial(_shown_analogy, answerer.model, a, b, c), as_json=as_json)


def neighbours(loaded: Model, word: str) -> Neighbours:
    """The answer of word vectors to a word, spelled as training left it: mostly in lower case, a phrase joined by `_`.

    Raises ValueError when it is not in the vocabulary, with the spelling that is, if one is.
    """
    answer = texts.run(loaded, "serving_default", words=word)
    if not answer["in_vocabulary"][0]:
        raise ValueError(UNKNOWN + _hint(loaded, [word]))
    return Neighbours(neighbours=texts.named(answer["neighbours"], answer["similarities"]), vector=answer["vectors"][0])


def analogy(loaded: Model, a: str, b: str, c: str) -> Named:
    """Words that are to c as b is to a, with cosine similarities, best first. Raises ValueError for unknown words, naming them."""
    answer = texts.run(loaded, "analogy", a=a, b=b, c=c)
    if not np.all(answer["in_vocabulary"][0]):
        unknown = [word for word in dict.fromkeys((a, b, c)) if not _known(loaded, word)]
        raise ValueError(f"{', '.join(unknown)}: {UNKNOWN}{_hint(loaded, unknown)}")
    return texts.named(answer["words"], answer["similarities"])


def shown(model: Model, word: str) -> Shown:
    """What is printed for a word."""
    found = neighbours(model, word)
    names, similarities = texts.apart(found.neighbours)
    return texts.listed(found.neighbours), {
        "neighbours": names,
        "similarities": similarities,
        "vector": found.vector.tolist(),
    }


def _shown_analogy(model: Model, a: str, b: str, c: str) -> Shown:
    found = analogy(model, a, b, c)
    names, similarities = texts.apart(found)
    return texts.listed(found), {"words": names, "similarities": similarities}


def _known(loaded: Model, word: str) -> bool:
    return bool(texts.run(loaded, "serving_default", words=word)["in_vocabulary"][0])


def _hint(loaded: Model, unknown: Iterable[str]) -> str:
    """The spellings under which unknown words are in the vocabulary after all, joined by `_` or in lower case too."""
    found = []
    for word in unknown:
        joined = "_".join(word.split())
        others = [other for other in dict.fromkeys((joined, joined.lower())) if other != word]
        found += [other for other in others if _known(loaded, other)][:1]
    return f"; words are looked up as they are spelled, and it has {', '.join(found)}" if found else ""

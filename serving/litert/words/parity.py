"""Files of word vectors beside the bundle that they were made of: every vector, and the searches of many words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.litert import LiteRTError, forms, parity, runtime

SEARCH_NUMBERS = 10_000_000_000
"""So many numbers of the table are read in all the compared searches of one form, seconds of one core; never fewer than FEWEST words."""
FEWEST = 100
TIMED = 50
"""So many searches are timed, one after the other."""
AT_ONCE = 32
"""So many words are asked of the bundle in one call."""

Score = Callable[[NDArray[np.float32]], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Served:
    """The answers of the bundle."""

    vectors: NDArray[np.float32]
    """(V, d)."""
    compared: NDArray[np.int32]
    """(n,), ids of the words that were searched, evenly spaced over the vocabulary."""
    neighbour_ids: NDArray[np.int32]
    """(n, k); -1 where there is none."""
    similarities: NDArray[np.float32]
    """(n, k)."""


class Interpreter:
    """One .tflite file of word vectors, ready to answer one word at a time. Raises LiteRTError for a file that LiteRT cannot prepare."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._runtime = runtime.opened(path, threads=threads)
        self._search = self._runtime.get_signature_runner("serving_default")
        self._lookup = self._runtime.get_signature_runner("vectors")

    def search(self, word: int) -> dict[str, NDArray[Any]]:
        """`vectors` float32 (d,), `neighbour_ids` int32 (k,) and `similarities` float32 (k,) of the word with this id."""
        return {name: value[0] for name, value in self._search(token_ids=np.array([word], np.int32)).items()}

    def vector(self, word: int) -> NDArray[np.float32]:
        """The vector, float32 (d,), of the word with this id."""
        return np.asarray(self._lookup(token_ids=np.array([word], np.int32))["vectors"][0])


def asked(model: Any, words: Sequence[str], vectors: NDArray[np.float32]) -> Served:
    """The bundle's answers to the words that are compared.

    model: `saved_model.LoadedModel`. Raises LiteRTError when it has other words, or another order of them.
    """
    compared = compared_ids(vectors)
    parts = [
        model.run(
            "serving_default",
            {"words": np.array([words[i].encode() for i in compared[start : start + AT_ONCE]], object)},
        )
        for start in range(0, len(compared), AT_ONCE)
    ]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    wrong = ~(found["in_vocabulary"] & np.isclose(found["vectors"], vectors[compared], atol=1e-6).all(1))
    if wrong.any():
        number = int(compared[int(wrong.argmax())])
        raise LiteRTError(
            f"the bundle gives {words[number]!r} another vector than id {number}; give its words in the order of its ids"
        )
    index = {word.encode(): number for number, word in enumerate(words)}
    ids = np.array([[index.get(word, -1) for word in row] for row in found["neighbours"]], np.int32)
    similarities = found["similarities"]
    if not ids.shape[1]:  # a vocabulary of one word, whose neighbours are none
        ids, similarities = np.full((len(compared), 1), -1, np.int32), np.zeros((len(compared), 1), np.float32)
    return Served(vectors=vectors, compared=compared, neighbour_ids=ids, similarities=similarities)


def compare(folder: Path, served: Served, *, score: Score) -> dict[str, Any]:
    """The contents of parity.json: each form's file on every vector and on the compared searches."""
    size, dimensions = served.vectors.shape
    found = parity.contents(
        folder,
        lambda path: _form(path, served, score=score),
        n=len(served.compared),
        reference="served bundle",
        scores=score(served.vectors),
    )
    return found | {"words": size, "dimensions": dimensions, "neighbours": served.neighbour_ids.shape[1]}


def compared_ids(vectors: NDArray[np.float32]) -> NDArray[np.int32]:
    """The words whose searches are compared, evenly spaced over the vocabulary; see SEARCH_NUMBERS."""
    most = max(FEWEST, SEARCH_NUMBERS // vectors.size)
    return np.linspace(0, len(vectors) - 1, min(len(vectors), most)).round().astype(np.int32)


def _form(path: Path, served: Served, *, score: Score) -> dict[str, Any]:
    """One file's answers beside the bundle's; `agreement` of the nearest word, `agreement_k` of the set of k."""
    interpreter = Interpreter(path)
    vectors = np.stack([interpreter.vector(word) for word in range(len(served.vectors))])
    answers = [interpreter.search(int(word)) for word in served.compared]
    ids = np.stack([answer["neighbour_ids"] for answer in answers])
    similarities = np.stack([answer["similarities"] for answer in answers])
    shared = [len(np.intersect1d(*pair)) for pair in zip(ids, served.neighbour_ids, strict=True)]
    return {
        "operators": forms.operators(path.read_bytes()),
        "max_abs_delta": float(np.abs(vectors - served.vectors).max()),
        "max_abs_delta_similarities": float(np.abs(similarities - served.similarities).max()),
        "agreement": float(np.mean(ids[:, 0] == served.neighbour_ids[:, 0])),
        "agreement_k": float(np.sum(shared) / ids.size),
        "milliseconds": float(np.median(runtime.timed(interpreter.search, map(int, served.compared[:TIMED])))),
        "scores": dict(score(vectors)),
    }

"""Questions to word vectors: a word's vector, its neighbours, analogies and similarities; an unknown word is always an error."""

import difflib
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp.errors import DataError

_SEARCHED = 20_000
"""Near spellings are looked for among so many of the most frequent words: difflib is slow."""
_LONGEST = 60

Answer = list[tuple[str, float]]
"""Words and their cosine similarities (-1 to 1), the nearest first; equal ones by falling frequency."""


def number(vectors: KeyedVectors, word: str) -> int:
    """Return the row of the word spelled exactly so, 0 to V-1. Raises DataError that names near spellings."""
    found: int | None = vectors.key_to_index.get(word)
    if found is not None:
        return found
    near = _near(vectors, word)
    hint = f"near spellings: {', '.join(near)}" if near else "no word is spelled like it"
    shown = word if len(word) <= _LONGEST else word[:_LONGEST] + "..."
    raise DataError(
        f"{shown!r} is not among the {len(vectors):,} words that have a vector; {hint}; "
        "give one of the vocabulary, or train with more text or a smaller min_count"
    )


def vector(vectors: KeyedVectors, word: str) -> NDArray[np.float32]:
    """Return the word's vector, float32 (d,). Raises DataError."""
    row: NDArray[np.float32] = vectors.vectors[number(vectors, word)]
    return row


def neighbours(vectors: KeyedVectors, word: str, k: int = 10) -> Answer:
    """Find the k words nearest to `word` (fewer in a smaller vocabulary), without itself. Raises DataError."""
    at = number(vectors, word)
    return _nearest(vectors, unit(vectors.vectors[[at]])[0], [at], k)


def analogy(vectors: KeyedVectors, a: str, b: str, c: str, k: int = 10) -> Answer:
    """Find the words that are to c as b is to a: the k nearest to b - a + c (unit vectors), without the three. Raises DataError.

    3CosAdd of Mikolov, Yih and Zweig (2013), Linguistic Regularities in Continuous Space Word Representations.
    """
    rows = [number(vectors, word) for word in (a, b, c)]
    of_a, of_b, of_c = unit(vectors.vectors[rows])
    return _nearest(vectors, unit((of_b - of_a + of_c)[None])[0], rows, k)


def similarity(vectors: KeyedVectors, word: str, other: str) -> float:
    """Return the cosine of two words' vectors, -1 to 1; 0 where one is all zeros. Raises DataError."""
    one, two = unit(vectors.vectors[[number(vectors, word), number(vectors, other)]])
    return float(one @ two)


def unit(rows: NDArray[Any]) -> NDArray[Any]:
    """Scale rows (n, d) to length 1; a row of zeros stays so."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0))


def _nearest(vectors: KeyedVectors, query: NDArray[Any], left_out: list[int], k: int) -> Answer:
    vectors.fill_norms()
    lengths = np.where(vectors.norms > 0, vectors.norms, 1)
    similarities = vectors.vectors @ query / lengths
    similarities[left_out] = -np.inf
    order = np.argsort(-similarities, kind="stable")[: max(0, min(k, len(vectors) - len(set(left_out))))]
    return [(vectors.index_to_key[at], float(similarities[at])) for at in order]


def _near(vectors: KeyedVectors, word: str) -> list[str]:
    """List words of the vocabulary that are spelled alike, the same word in another case first."""
    cases = [form for form in (word.lower(), word.capitalize(), word.upper()) if form in vectors.key_to_index]
    alike = [] if len(word) > _LONGEST else difflib.get_close_matches(word.lower(), vectors.index_to_key[:_SEARCHED], 4)
    return list(dict.fromkeys(cases + alike))[:4]

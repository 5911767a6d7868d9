"""The answers that exported word vectors must give, by NumPy in float64: proofs of the export, and its warm-up."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp.exported import Request

_CLEAR = 5e-6
"""Least difference between similarities for their order to be the same in float32 and float64."""
_PROOFS = 8
_LOOKED_AT = 200


def requests(vectors: KeyedVectors, words: Sequence[str] | None = None, *, k: int = 10) -> list[Request]:
    """Make requests for every signature of `signatures.signatures`, with the answers.

    words: of the vocabulary, at least one; the most frequent ones when absent. The requests take the first few whose neighbours are far
    enough apart for their order to be certain, and one word outside the vocabulary.
    """
    return _Expected(vectors, k=k).requests(words or vectors.index_to_key[:_LOOKED_AT])


class _Expected:
    """The answers by NumPy, without the graph."""

    def __init__(self, vectors: KeyedVectors, *, k: int) -> None:
        self.vectors, self.k = vectors, min(k, len(vectors) - 1)
        lengths = np.linalg.norm(vectors.vectors.astype(np.float64), axis=1, keepdims=True)
        self.unit = vectors.vectors / np.where(lengths > 0, lengths, 1)

    def requests(self, words: Sequence[str]) -> list[Request]:
        index = self.vectors.key_to_index
        ids = [index[word] for word in words]
        clear = [at for at in ids if self.clear(self.unit[at], [at])][:_PROOFS]
        asked = clear or ids[:_PROOFS]
        triples = [(a, b, c) for a, b, c in zip(asked, asked[1:] + asked[:1], asked[2:] + asked[:2], strict=False)]
        certain = [triple for triple in triples if self.clear(self.query(*triple), list(triple))]
        return [
            self.serving_default(asked, spelled=bool(clear)),
            self.analogy(certain or triples, spelled=bool(certain)),
            self.similarity(asked),
            ("tensor", {"token_ids": np.array([asked], np.int32)}, {"vectors": self.vectors.vectors[[asked]]}),
        ]

    def unknown(self) -> bytes:
        """Make up a word that has no vector."""
        word = "unknown-word"
        while word in self.vectors.key_to_index:
            word += "-"
        return word.encode()

    def query(self, a: int, b: int, c: int) -> NDArray[np.float64]:
        """Return the unit vector of b - a + c."""
        found = self.unit[b] - self.unit[a] + self.unit[c]
        return np.asarray(found / max(float(np.linalg.norm(found)), 1e-12))

    def nearest(self, query: NDArray[np.float64], left_out: list[int]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Find ids and cosines of the nearest words, one more than `k`."""
        similarities = self.unit @ query
        similarities[left_out] = -np.inf
        order = np.argsort(-similarities, kind="stable")[: self.k + 1]
        return order, similarities[order]

    def clear(self, query: NDArray[np.float64], left_out: list[int]) -> bool:
        """Whether rounding cannot change the order."""
        _, similarities = self.nearest(query, left_out)
        finite = similarities[np.isfinite(similarities)]
        return bool((-np.diff(finite) > _CLEAR).all())

    def answer(self, query: NDArray[np.float64], left_out: list[int]) -> tuple[list[bytes], NDArray[np.float32]]:
        """Return spellings and cosines of the k nearest; empty and 0 where no word is left."""
        order, similarities = self.nearest(query, left_out)
        order, similarities = order[: self.k], similarities[: self.k]
        given = np.isfinite(similarities)
        spelled = [
            self.vectors.index_to_key[at].encode() if is_one else b"" for at, is_one in zip(order, given, strict=True)
        ]
        return spelled, np.where(given, similarities, 0).astype(np.float32)

    def serving_default(self, ids: list[int], *, spelled: bool) -> Request:
        answers = [self.answer(self.unit[at], [at]) for at in ids] + [([b""] * self.k, np.zeros(self.k, np.float32))]
        rows = self.vectors.vectors[ids]
        outputs = {
            "similarities": np.stack([similarities for _, similarities in answers]),
            "vectors": np.concatenate([rows, np.zeros_like(rows[:1])]),
            "in_vocabulary": np.array([True] * len(ids) + [False]),
        }
        if spelled:
            outputs["neighbours"] = np.array([names for names, _ in answers], object)
        return "serving_default", {"words": self.spell(ids, self.unknown())}, outputs

    def analogy(self, triples: list[tuple[int, int, int]], *, spelled: bool) -> Request:
        answers = [self.answer(self.query(*triple), list(triple)) for triple in triples]
        outputs: dict[str, Any] = {
            "similarities": np.stack([similarities for _, similarities in answers]),
            "in_vocabulary": np.full(len(triples), True),
        }
        if spelled:
            outputs["words"] = np.array([names for names, _ in answers], object)
        columns = [list(column) for column in zip(*triples, strict=True)]
        return "analogy", {name: self.spell(column) for name, column in zip("abc", columns, strict=True)}, outputs

    def similarity(self, ids: list[int]) -> Request:
        others = ids[1:] + ids[:1]
        cosines = np.einsum("nd,nd->n", self.unit[ids], self.unit[others])
        inputs = {"word": self.spell(ids, self.unknown()), "other": self.spell([*others, ids[0]])}
        outputs = {
            "similarity": np.append(cosines, 0).astype(np.float32),
            "in_vocabulary": np.array([True] * len(ids) + [False]),
        }
        return "similarity", inputs, outputs

    def spell(self, ids: Sequence[int], *more: bytes) -> NDArray[Any]:
        return np.array([*(self.vectors.index_to_key[at].encode() for at in ids), *more], object)

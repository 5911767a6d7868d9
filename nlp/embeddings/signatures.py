"""The signatures of exported word vectors: words to neighbours, analogies and similarities, ids to vectors, all in the graph.

A word is looked up exactly as it is spelled. A word that has no vector is flagged by `in_vocabulary`; its neighbours are then empty
strings and its numbers 0.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from gensim.models import KeyedVectors

from nlp.errors import DataError
from nlp.exported import Signature

_CELLS = 1 << 24
"""Similarities held at once: 64 MiB."""


class Words(tf.Module):
    """Vectors, spellings and the look-up table, as a SavedModel tracks them: each once, as variables and an asset."""

    def __init__(self, vectors: KeyedVectors, *, k: int) -> None:
        """k: most words that an answer lists. Raises DataError for a word with a line end, which the vocabulary file cannot hold."""
        super().__init__(name="words")
        lengths = np.linalg.norm(vectors.vectors, axis=1)
        self.size, self.dimensions = vectors.vectors.shape
        self.k = min(k, self.size - 1)
        self.vectors = tf.Variable(vectors.vectors, trainable=False, dtype=tf.float32, name="vectors")
        # Not a second, normalised matrix: one number per word is enough.
        inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        self.inverse_lengths = tf.Variable(inverse, trainable=False, dtype=tf.float32, name="inverse_lengths")
        self.spellings = tf.Variable(
            [word.encode() for word in vectors.index_to_key], trainable=False, name="spellings"
        )
        folder = tempfile.mkdtemp()
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder) / "vocab.txt"
        file.write_bytes(b"".join(_line(word) for word in vectors.index_to_key))
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(file),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            default_value=-1,
        )

    def ids(self, words: Any) -> tuple[Any, Any]:
        """Look up words, string (b,): id int64 (b,), 0 for an unknown word, and whether it is known, bool (b,)."""
        found = self.table.lookup(tf.ensure_shape(words, [None]))  # Servers do not check a request.
        known = found >= 0
        return tf.where(known, found, 0), known

    def units(self, ids: Any) -> Any:
        """Return vectors of length 1, float32 (b, d)."""
        return _rows(self.vectors, ids) * _rows(self.inverse_lengths, ids)[:, None]

    def nearest(self, queries: Any, left_out: Any, known: Any) -> tuple[Any, Any]:
        """Find words string (b, k) and cosines float32 (b, k), falling, for unit queries (b, d), without the ids left_out (b, n).

        Rows that are not known, and places for which no word is left, are empty and 0. Equal cosines are sorted by rising id.
        """
        rows = max(1, _CELLS // self.size)
        total = tf.shape(queries)[0]

        def body(start: Any, similarities: Any, ids: Any) -> tuple[Any, Any, Any]:
            found, at = self._nearest(queries[start : start + rows], left_out[start : start + rows])
            index = start // rows
            return start + rows, similarities.write(index, found), ids.write(index, at)

        shape = tf.TensorShape([None, self.k])
        parts = (total + rows - 1) // rows
        _, found, at = tf.while_loop(
            lambda start, *_: start < total,
            body,
            (
                tf.constant(0),
                tf.TensorArray(tf.float32, parts, infer_shape=False, element_shape=shape),
                tf.TensorArray(tf.int32, parts, infer_shape=False, element_shape=shape),
            ),
            parallel_iterations=1,
        )
        similarities, ids = found.concat(), at.concat()
        given = known[:, None] & (similarities > -np.inf)
        return tf.where(given, _rows(self.spellings, ids), ""), tf.where(given, similarities, 0.0)

    def _nearest(self, queries: Any, left_out: Any) -> tuple[Any, Any]:
        similarities = tf.matmul(queries, self.vectors, transpose_b=True) * self.inverse_lengths
        row = tf.broadcast_to(tf.range(tf.shape(queries)[0], dtype=tf.int64)[:, None], tf.shape(left_out))
        places = tf.reshape(tf.stack([row, left_out], axis=-1), [-1, 2])
        none = tf.fill(tf.shape(places)[:1], np.float32(-np.inf))
        return tf.math.top_k(tf.tensor_scatter_nd_update(similarities, places, none), k=self.k)


def signatures(vectors: KeyedVectors, *, k: int = 10) -> tuple[Words, dict[str, Signature]]:
    """Return the object that holds the variables, and the four signatures by name; k is at most V-1.

    `serving_default`: words string (b,) to neighbours string (b, k) and similarities float32 (b, k), falling, the word itself left
    out; vectors float32 (b, d); in_vocabulary bool (b,).
    `analogy`: a, b, c string (b,) to words string (b, k), which are to c as b is to a, similarities float32 (b, k), the three left
    out; in_vocabulary bool (b,), whether all three are known.
    `similarity`: word, other string (b,) to similarity float32 (b,), the cosine, and in_vocabulary bool (b,).
    `tensor`: token_ids int32 (b, t), 0 to V-1 (else an error), to vectors float32 (b, t, d).
    """
    words = Words(vectors, k=k)

    def text(name: str) -> tf.TensorSpec:
        return tf.TensorSpec([None], tf.string, name)

    return words, {
        "serving_default": (_serving_default(words), {"words": text("words")}),
        "analogy": (_analogy(words), {name: text(name) for name in ("a", "b", "c")}),
        "similarity": (_similarity(words), {name: text(name) for name in ("word", "other")}),
        "tensor": (_tensor(words), {"token_ids": tf.TensorSpec([None, None], tf.int32, "token_ids")}),
    }


def _serving_default(table: Words) -> Callable[..., dict[str, Any]]:
    def serving_default(words: Any) -> dict[str, Any]:
        ids, known = table.ids(words)
        neighbours, similarities = table.nearest(table.units(ids), ids[:, None], known)
        vectors = tf.where(known[:, None], _rows(table.vectors, ids), 0.0)
        return {"neighbours": neighbours, "similarities": similarities, "vectors": vectors, "in_vocabulary": known}

    return serving_default


def _analogy(table: Words) -> Callable[..., dict[str, Any]]:
    def analogy(a: Any, b: Any, c: Any) -> dict[str, Any]:
        (of_a, has_a), (of_b, has_b), (of_c, has_c) = table.ids(a), table.ids(b), table.ids(c)
        query = tf.math.l2_normalize(table.units(of_b) - table.units(of_a) + table.units(of_c), axis=-1)
        known = has_a & has_b & has_c
        words, similarities = table.nearest(query, tf.stack([of_a, of_b, of_c], axis=-1), known)
        return {"words": words, "similarities": similarities, "in_vocabulary": known}

    return analogy


def _similarity(table: Words) -> Callable[..., dict[str, Any]]:
    def similarity(word: Any, other: Any) -> dict[str, Any]:
        (one, has_one), (two, has_two) = table.ids(word), table.ids(other)
        known = has_one & has_two
        cosine = tf.reduce_sum(table.units(one) * table.units(two), axis=-1)
        return {"similarity": tf.where(known, cosine, 0.0), "in_vocabulary": known}

    return similarity


def _tensor(table: Words) -> Callable[..., dict[str, Any]]:
    def tensor(token_ids: Any) -> dict[str, Any]:
        token_ids = tf.ensure_shape(token_ids, [None, None])
        inside = tf.reduce_all((token_ids >= 0) & (token_ids < table.size))
        # Spelled out, since a gather outside the table is an error on a CPU and zeros on a GPU.
        message = f"token_ids must be 0 to {table.size - 1}; found"
        check = tf.debugging.Assert(inside, [message, token_ids])
        with tf.control_dependencies([check]):
            return {"vectors": _rows(table.vectors, token_ids)}

    return tensor


def _rows(variable: tf.Variable, ids: Any) -> Any:
    """Fetch rows of a variable, not from the variable itself: TensorFlow would then copy all of it at every later reading."""
    return tf.gather(tf.convert_to_tensor(variable), ids)


def _line(word: str) -> bytes:
    if "\n" in word or "\r" in word:
        raise DataError(
            f"the word {word!r} holds a line end, so that no vocabulary file can hold it; remove or rename it"
        )
    return word.encode() + b"\n"

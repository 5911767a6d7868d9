"""Word vectors for phones: .tflite files in float32, float16 and int8, each run on the whole vocabulary before it counts.

A file takes the id of a word, its line in vocab.txt counted from 0. It holds one table of unit vectors, which both the lookup and the
search read, and the length of each vector; so a file is as large as its table. Two signatures:

    serving_default   token_ids int32 [1] -> vectors float32 [1,d], neighbour_ids int32 [1,k], similarities float32 [1,k], falling
    vectors           token_ids int32 [1] -> vectors float32 [1,d], without the search

A word is not a neighbour of itself. An id outside the vocabulary is an error of the run.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving import native_log, saved_model
from serving.bundle import read_description
from serving.litert import FORMS, LiteRTError, forms
from serving.litert import folder as litert_folder
from serving.litert.words import int8, metadata, readme
from serving.litert.words import parity as words_parity

SIGNATURES = ("serving_default", "vectors")
ITSELF, NOBODY = -2.0, -1.5
"""The similarity that takes a word out of its own search, and a bound below every other."""
AT_ONCE = 4096
"""So many vectors are asked of the bundle in one call."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The content of a file: V words of d dimensions."""

    units: NDArray[Any]
    """(V, d): vectors of length 1, or 0 where the vector is 0; float32, or int8 with `scales`."""
    lengths: NDArray[np.float32]
    """(V,): a vector is its unit vector times its length."""
    scales: NDArray[np.float32] | None = None
    """(V,): an int8 row times its scale is a unit vector."""
    neighbours: int
    """The number of words that a search gives."""


def convert(
    bundle: Path,
    folder: Path,
    *,
    words: Sequence[str],
    score: Callable[[NDArray[np.float32]], Mapping[str, float]],
) -> dict[str, Any]:
    """Write `folder` (mobile/) from a word2vec bundle and return the contents of its parity.json.

    bundle: export/<version> with the signatures `tensor` and `serving_default`, and assets.extra/model.json.
    folder: replaced as a whole; after an error what stood there before is untouched.
    words: the vocabulary, in the order of the bundle's token ids.
    score: of vectors float32 (V, d) in the order of the words; asked with the bundle's vectors and with those that each form returns.

    Raises BundleError when `bundle` is none; LiteRTError for words that a vocabulary file cannot hold or that are not the bundle's,
    for vectors that are not finite, and for operators that are not built into LiteRT.
    """
    _check_task(bundle)
    _check_words(words)
    served = _served(bundle, words)
    table = _table(served)
    dimensions = served.vectors.shape[1]
    files = {
        FORMS[form]: metadata.attach(make(table), words=words, form=form, dimensions=dimensions, version=bundle.name)
        for form, make in (("float32", _float32), ("float16", _float16), ("int8", _int8))
    }
    files[metadata.VOCABULARY] = metadata.lines(words).encode()
    return litert_folder.write(
        folder,
        files,
        readme=lambda parity: readme.text(words, parity),
        parity=lambda new: words_parity.compare(new, served, score=score),
    )


def _check_task(bundle: Path) -> None:
    task = read_description(bundle)["task"]
    if task != "word2vec":
        raise LiteRTError(f"{bundle} is a bundle for {task!r}; word vectors are converted from 'word2vec' bundles")


def _check_words(words: Sequence[str]) -> None:
    """A vocabulary file has one word per line."""
    if not words:
        raise LiteRTError("the vocabulary is empty; at least one word is needed to convert")
    seen = set()
    for word in words:
        if not word or "\n" in word or "\r" in word:
            raise LiteRTError(
                f"the word {word!r} is empty or holds a line break; a vocabulary file has one word per line"
            )
        if word in seen:
            raise LiteRTError(f"the word {word!r} occurs in the vocabulary more than once; each id has its own word")
        seen.add(word)


def _served(bundle: Path, words: Sequence[str]) -> words_parity.Served:
    """The bundle's vectors, and its answers to the words that are compared."""
    with saved_model.load(bundle) as model:
        try:
            parts = [
                model.run(
                    "tensor", {"token_ids": np.arange(start, min(start + AT_ONCE, len(words)), dtype=np.int32)[None]}
                )
                for start in range(0, len(words), AT_ONCE)
            ]
        except Exception as error:  # tf.errors, or ValueError for a missing signature
            raise LiteRTError(f"{bundle} gives no vectors for the ids 0 to {len(words) - 1}: {error}") from error
        vectors = np.concatenate([part["vectors"][0] for part in parts])
        if not np.isfinite(vectors).all():
            word = words[int(np.argmin(np.isfinite(vectors).all(1)))]
            raise LiteRTError(f"the vector of {word!r} is not finite; train again with a lower learning rate")
        return words_parity.asked(model, words, vectors)


def _table(served: words_parity.Served) -> Table:
    lengths = np.linalg.norm(served.vectors.astype(np.float64), axis=1)
    units = served.vectors / np.where(lengths > 0, lengths, 1)[:, None]
    return Table(
        units=units.astype(np.float32),
        lengths=lengths.astype(np.float32),
        neighbours=served.neighbour_ids.shape[1],
    )


def _float32(table: Table) -> bytes:
    return _converted("float32", table)


def _float16(table: Table) -> bytes:
    return _converted("float16", table, half=True)


def _int8(table: Table) -> bytes:
    rows, scales = int8.quantised(table.units)
    content = _converted("int8", Table(units=rows, lengths=table.lengths, scales=scales, neighbours=table.neighbours))
    return int8.with_one_table(content, scales)


def _converted(form: str, table: Table, *, half: bool = False) -> bytes:
    """The table in one form, of built-in operators only."""
    with native_log.muted(), tempfile.TemporaryDirectory() as folder:
        _write_graph(table, folder)
        return forms.checked(form, lambda: forms.converted(folder, signatures=SIGNATURES, half=half))


def _write_graph(table: Table, folder: str) -> None:
    """A SavedModel of the two signatures."""
    import tensorflow as tf

    module = tf.Module()
    module.units, module.lengths = tf.Variable(table.units), tf.Variable(table.lengths)
    searched = module.units
    if table.scales is not None:
        module.scales, module.searched = (
            tf.Variable(table.scales),
            tf.Variable(table.units.astype(np.float32) * table.scales[:, None]),
        )
        searched = module.searched
    size = len(table.lengths)

    def unit(ids: Any) -> Any:
        row = tf.gather(module.units, ids)
        return row if table.scales is None else tf.cast(row, tf.float32) * tf.gather(module.scales, ids)[:, None]

    def vector(ids: Any) -> Any:
        return unit(ids) * tf.gather(module.lengths, ids)[:, None]

    def neighbours(token_ids: Any) -> dict[str, Any]:
        similarities = tf.matmul(unit(token_ids), searched, transpose_b=True)
        others = tf.where(tf.one_hot(token_ids, size, on_value=True, off_value=False), ITSELF, similarities)
        best, ids = tf.math.top_k(others, min(table.neighbours, size))
        # Where there are fewer other words than neighbours, as in a vocabulary of one.
        found = best > NOBODY
        return {
            "vectors": vector(token_ids),
            "neighbour_ids": tf.where(found, ids, -1),
            "similarities": tf.where(found, best, 0.0),
        }

    taken = [tf.TensorSpec([1], tf.int32, "token_ids")]
    signatures = {
        "serving_default": tf.function(neighbours, input_signature=taken),
        "vectors": tf.function(lambda token_ids: {"vectors": vector(token_ids)}, input_signature=taken),
    }
    tf.saved_model.save(module, folder, signatures=signatures)

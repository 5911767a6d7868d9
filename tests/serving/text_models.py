"""Text bundles with known rules, of plain TensorFlow: word vectors that NumPy can search, and texts that all have perplexity 4."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from serving.litert import words as litert_words

TENSOR = [tf.TensorSpec([None, None], tf.int32, "token_ids")]


def vectors(size: int, dimensions: int = 8, *, seed: int = 0) -> tuple[list[str], NDArray[np.float32]]:
    """Words w0, w1, ... and their vectors, of lengths from 0.1 to 10, as frequent and rare words have."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(size, dimensions))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return [f"w{i}" for i in range(size)], (directions * 10 ** rng.uniform(-1, 1, (size, 1))).astype(np.float32)


RUN_WORDS, RUN_VECTORS = vectors(30, 12)


def nearest(table: NDArray[np.float32], number: int, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ids and cosines of the `count` nearest other rows, best first, in float64."""
    wide = table.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1) * np.linalg.norm(wide[number])
    cosines = np.divide(wide @ wide[number], norms, out=np.zeros(len(wide)), where=norms > 0)
    order = np.argsort(-cosines, kind="stable")
    order = order[order != number][:count]
    return order, cosines[order]


def write_word2vec(folder: Path, words: Sequence[str], table: NDArray[np.float32], *, count: int = 10) -> Path:
    """A word2vec bundle in `folder` (export/1) with `serving_default`, `tensor` and `analogy`; an unknown word is flagged."""
    module = tf.Module()
    module.table, module.words = tf.Variable(table), tf.Variable(list(words))
    module.units = tf.Variable(np.asarray(tf.math.l2_normalize(table, axis=1)))
    pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(list(words)), tf.range(len(words)))
    module.index = tf.lookup.StaticHashTable(pairs, -1)

    def best(query: Any, without: Sequence[Any], known: Any) -> tuple[Any, Any]:
        cosines = tf.matmul(query, module.units, transpose_b=True)
        for ids in without:
            cosines = tf.where(tf.one_hot(ids, len(words)) > 0, -2.0, cosines)
        found = tf.math.top_k(cosines, min(count, len(words) - len(without)))
        names = tf.where(known[:, None], tf.gather(module.words, found.indices), "")
        return names, tf.where(known[:, None], found.values, 0.0)

    def neighbours(words: Any) -> dict[str, Any]:
        ids = module.index.lookup(words)
        known, ids = ids >= 0, tf.maximum(ids, 0)
        names, cosines = best(tf.gather(module.units, ids), [ids], known)
        found = tf.where(known[:, None], tf.gather(module.table, ids), 0.0)
        return {"neighbours": names, "similarities": cosines, "vectors": found, "in_vocabulary": known}

    def analogy(a: Any, b: Any, c: Any) -> dict[str, Any]:
        ids = [module.index.lookup(word) for word in (a, b, c)]
        known = tf.reduce_all([each >= 0 for each in ids], axis=0)
        ids = [tf.maximum(each, 0) for each in ids]
        first, second, third = (tf.gather(module.units, each) for each in ids)
        names, cosines = best(tf.math.l2_normalize(second - first + third, axis=1), ids, known)
        return {"words": names, "similarities": cosines, "in_vocabulary": known}

    signatures = {
        "serving_default": _concrete(neighbours, "words"),
        "tensor": tf.function(
            lambda token_ids: {"vectors": tf.gather(module.table, token_ids)}, input_signature=TENSOR
        ),
    }
    if len(words) > 3:
        signatures["analogy"] = _concrete(analogy, "a", "b", "c")
    return _save(folder, module, signatures, task="word2vec")


def write_run(folder: Path) -> None:
    """The run folder of `RUN_WORDS` and `RUN_VECTORS` with 4 neighbours: export/1, and mobile/ with one made-up score."""
    exported = write_word2vec(folder / "export" / "1", RUN_WORDS, RUN_VECTORS, count=4)
    litert_words.convert(exported, folder / "mobile", words=RUN_WORDS, score=lambda _: {"spearman_simlex999": 0.25})


def write_ngram(folder: Path, *, log_prob: float | None = None) -> Path:
    """An ngram bundle: each word and the end of the text cost ln 4, or the whole text `-log_prob`; then `sat` or the end follow."""

    def scored(text: Any) -> dict[str, Any]:
        tokens = tf.cast(tf.strings.split(text).row_lengths(), tf.float32) + 1.0
        found = -tokens * np.log(4.0) if log_prob is None else tf.fill(tf.shape(tokens), log_prob)
        return {
            "log_prob": found,
            "perplexity": tf.exp(-found / tokens),
            "next_words": tf.tile([["sat", "</s>", "grün"]], [tf.size(text), 1]),
            "next_scores": tf.tile([[0.5, 0.375, 0.0625]], [tf.size(text), 1]),
        }

    return _save(folder, tf.Module(), {"serving_default": _concrete(scored, "text")}, task="ngram")


def _concrete(function: Any, *names: str) -> Any:
    return tf.function(function).get_concrete_function(
        **{name: tf.TensorSpec([None], tf.string, name) for name in names}
    )


def _save(folder: Path, module: tf.Module, signatures: dict[str, Any], *, task: str) -> Path:
    tf.saved_model.save(module, str(folder), signatures=signatures)
    (folder / "assets.extra").mkdir()
    description = {"format": 1, "task": task, "labels": None, "input": {}}
    (folder / "assets.extra" / "model.json").write_text(json.dumps(description), encoding="utf-8")
    return folder

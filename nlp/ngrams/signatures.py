"""The served n-gram model: the same queries as `nlp.ngrams.query`, of stock TensorFlow operations.

    serving_default: text string (b,) to log_prob float32 (b,), natural logarithm of all its sentences, each with its end;
        perplexity float32 (b,), words outside the vocabulary included; next_words string (b, k) and next_scores float32 (b, k), falling
        probabilities of what follows the open sentence (`</s>` may; `<unk>` and `<s>` never; "" and 0 for what cannot follow).
    tokens: text string (b,) to what KenLM's `query -v word` prints, padded to the longest text: tokens string (b, t) as in the text, `</s>`
        for an end; log_probs float32 (b, t), natural; orders int32 (b, t), words of the n-gram found; in_vocabulary bool (b, t).

The tables are variables, int64 keys and float32 values; the words by number are a variable, the numbers by word a hash table over a
file. Sums and comparisons are made in float64, so that `proofs`, which asks `query` instead, has equally likely words in the same order.
"""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nlp.exported import Signature
from nlp.ngrams import query
from nlp.ngrams.tables import NGramModel
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import BOS_ID, EOS, EOS_ID, UNK_ID


class GraphModel(tf.Module):
    """A model's tables and words, as TensorFlow tracks and saves them."""

    def __init__(self, model: NGramModel) -> None:
        """model: copied, in float32."""
        super().__init__(name="ngrams")
        self.size = len(model.vocabulary)
        self.order = model.order
        # The last entry, a key beyond all others, makes every place that a search gives a place to read, also in an empty table.
        self.keys = [_variable(level.keys, np.int64, np.iinfo(np.int64).max, "keys") for level in model.levels[1:]]
        self.log10_prob = [_variable(level.log10_prob, np.float32, 0.0, "log10_prob") for level in model.levels]
        self.log10_backoff = [
            _variable(level.log10_backoff, np.float32, 0.0, "log10_backoff") for level in model.levels[:-1]
        ]
        self.words = tf.Variable(model.vocabulary.words, trainable=False, name="words")
        self.numbers = _numbers_by_word(self, model.vocabulary.words)

    def ids(self, words: Any) -> Any:
        """Look up ids, int64 of the shape of the strings; 0 outside the vocabulary, and for `<s>` and `</s>` in the text."""
        found = self.numbers.lookup(words)
        return tf.where(found > EOS_ID, found, tf.cast(UNK_ID, tf.int64))

    def find(self, order: int, context: Any, words: Any) -> Any:
        """Find the index (n,) of `context word` in the table of this order, -1 where it is absent; context: index below, -1 for none."""
        keys = tf.convert_to_tensor(self.keys[order - 2])
        wanted = tf.where(context >= 0, context * self.size + words, -1)
        places = tf.searchsorted(keys, wanted, out_type=tf.int64)
        return tf.where(tf.gather(keys, places) == wanted, places, -1)

    def matches(self, flat: Any) -> list[Any]:
        """Find for each order the index (n,) of the n-gram that ends with each word of a flat text, -1 where it is absent."""
        found = [flat]
        for order in range(2, self.order + 1):
            context = tf.where(flat == BOS_ID, tf.cast(-1, tf.int64), _before(found[-1]))
            found.append(self.find(order, context, flat))
        return found

    def score(self, flat: Any) -> tuple[Any, Any]:
        """Return log10 p float64 (n,) and order int32 (n,) of every word of a flat text; those of `<s>` have no meaning."""
        found = self.matches(flat)
        log10 = _gather(self.log10_prob[0], flat)
        order = tf.ones_like(flat, tf.int32)
        for below in range(1, self.order):
            context, place = _before(found[below - 1]), found[below]
            log10 += self.backoff(below, context)
            log10 = tf.where(place >= 0, _gather(self.log10_prob[below], tf.maximum(place, 0)), log10)
            order = tf.where(place >= 0, below + 1, order)
        return log10, order

    def backoff(self, order: int, context: Any) -> Any:
        """Look up log10 backoff float64 of the context's index in the table of this order, 0 for -1."""
        weight = _gather(self.log10_backoff[order - 1], tf.maximum(context, 0))
        return tf.where(context >= 0, weight, tf.zeros_like(weight))

    def next_log10(self, context: Any) -> Any:
        """Return log10 p float64 (V,) of all words after one context (order-1,): its indices in the tables, -1 for none."""
        rest = [tf.zeros([], tf.float64)]  # What the backoffs of longer contexts add, from the highest order down.
        for below in range(self.order - 1, 0, -1):
            rest.append(rest[-1] + self.backoff(below, context[below - 1]))
        log10 = tf.cast(self.log10_prob[0], tf.float64)[:-1] + rest.pop()
        for below in range(1, self.order):
            place = context[below - 1]
            # Without a context, -1, both bounds are 0.
            bounds = tf.searchsorted(self.keys[below - 1], tf.stack([place, place + 1]) * self.size)
            followers = self.keys[below - 1][bounds[0] : bounds[1]] % self.size
            values = tf.cast(self.log10_prob[below][bounds[0] : bounds[1]], tf.float64)
            log10 = tf.tensor_scatter_nd_update(log10, followers[:, None], values + rest.pop())
        never = tf.constant([[UNK_ID], [BOS_ID]])
        return tf.tensor_scatter_nd_update(log10, never, tf.fill([2], tf.constant(-np.inf, tf.float64)))


def signatures(model: NGramModel, tokenizer: Tokenizer, *, k: int = 10) -> tuple[GraphModel, dict[str, Signature]]:
    """Return the object to track and the functions of the signatures (see above). k: next words, see `query.next_count`."""
    graph = GraphModel(model)
    most = query.next_count(model, k)

    def serving_default(text: Any) -> dict[str, Any]:
        # Servers do not check a request against its signature: a lone string would fail further on, unreadably.
        text = tf.ensure_shape(text, [None])
        tokenized = tokenizer.graph(text)
        _, ids, log10, _ = _scored(graph, tokenized.sentences)
        texts = tf.shape(text, tf.int64)[0]
        total = tf.math.unsorted_segment_sum(log10, ids.value_rowids(), texts) * np.log(10)
        tokens = tf.cast(ids.row_lengths(), tf.float64)
        words, scores = _next(graph, tokenized.open, most)
        return {
            "log_prob": tf.cast(total, tf.float32),
            "perplexity": tf.cast(tf.exp(-total / tokens), tf.float32),
            "next_words": words,
            "next_scores": scores,
        }

    def tokens(text: Any) -> dict[str, Any]:
        shown, ids, log10, order = _scored(graph, tokenizer.graph(tf.ensure_shape(text, [None])).sentences)
        return {
            "tokens": shown.to_tensor(""),
            "log_probs": ids.with_values(tf.cast(log10 * np.log(10), tf.float32)).to_tensor(0.0),
            "orders": ids.with_values(order).to_tensor(0),
            "in_vocabulary": ids.with_values(ids.values != UNK_ID).to_tensor(False),
        }

    spec = {"text": tf.TensorSpec([None], tf.string, "text")}
    return graph, {"serving_default": (serving_default, spec), "tokens": (tokens, spec)}


def _variable(values: NDArray[Any], dtype: type, end: float, name: str) -> tf.Variable:
    return tf.Variable(np.append(values.astype(dtype), dtype(end)), trainable=False, name=name)


def _numbers_by_word(owner: GraphModel, words: Sequence[str]) -> Any:
    """Make a table that reads its words from a file, which an export copies; the file exists as long as `owner`."""
    folder = Path(tempfile.mkdtemp(prefix="vocabulary-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    path = folder / "words.txt"
    path.write_bytes("\n".join(words).encode() + b"\n")
    source = tf.lookup.TextFileInitializer(
        str(path), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    return tf.lookup.StaticHashTable(source, UNK_ID)


def _gather(values: Any, places: Any) -> Any:
    # Not from the variable itself: that operation makes every later reading of the whole variable a copy.
    return tf.cast(tf.gather(tf.convert_to_tensor(values), places), tf.float64)


def _before(places: Any) -> Any:
    """Shift by one: the places of the word before, -1 before the first."""
    return tf.concat([[tf.cast(-1, tf.int64)], places], axis=0)[:-1]


def _scored(graph: GraphModel, sentences: Any) -> tuple[Any, Any, Any, Any]:
    """Score texts (b, (sentences), (words)): ragged tokens as shown (b, (t)) and their ids, and flat log10 p and order of them."""
    inner = sentences.values
    ends = tf.fill([inner.nrows(), 1], EOS)
    shown = tf.concat([inner, tf.RaggedTensor.from_tensor(ends)], axis=1)
    ids = tf.concat([inner.with_values(graph.ids(inner.values)), _column(inner, EOS_ID)], axis=1)
    flat = tf.concat([_column(inner, BOS_ID), ids], axis=1).values
    log10, order = graph.score(flat)
    counted = flat != BOS_ID
    splits = tf.gather(ids.row_splits, sentences.row_splits)
    of_texts = tf.RaggedTensor.from_row_splits(ids.values, splits, validate=False)
    return (
        of_texts.with_values(shown.values),
        of_texts,
        tf.boolean_mask(log10, counted),
        tf.boolean_mask(order, counted),
    )


def _column(rows: Any, value: int) -> Any:
    return tf.RaggedTensor.from_tensor(tf.fill([rows.nrows(), 1], tf.cast(value, tf.int64)))


def _next(graph: GraphModel, opened: Any, k: int) -> tuple[Any, Any]:
    """Find the likeliest words (b, k) after the open sentences, and their probabilities."""
    begun = tf.concat([_column(opened, BOS_ID), opened.with_values(graph.ids(opened.values))], axis=1)
    last = begun.row_splits[1:] - 1
    found = graph.matches(begun.values)[: max(1, graph.order - 1)]
    contexts = tf.stack([tf.gather(places, last) for places in found], axis=1)

    def likeliest(context: Any) -> tuple[Any, Any]:
        values, words = tf.math.top_k(graph.next_log10(context), k)
        return values, words

    signature = (tf.TensorSpec([k], tf.float64), tf.TensorSpec([k], tf.int32))
    # One context at a time: the probabilities of all words of a whole batch may not fit into memory.
    values, words = tf.map_fn(likeliest, contexts, fn_output_signature=signature, parallel_iterations=2)
    names = tf.where(tf.math.is_inf(values), "", tf.gather(tf.convert_to_tensor(graph.words), words))
    return names, tf.cast(tf.pow(tf.cast(10, tf.float64), values), tf.float32)

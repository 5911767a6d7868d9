"""The gradients of negative sampling (Mikolov et al. 2013, arXiv 1310.4546) for blocks of text, by hand and as matrix products.

A row is fetched once per block, not once per pair; the negatives are shared by the pairs of a block (Ji et al. 2016, arXiv 1604.04661;
Ji et al. 2015, BlackOut, arXiv 1511.06909), and weighted so that the expected gradient is that of `negatives` draws for each pair.
As in word2vec.c a negative that equals the pair's target does not count, skip-gram's input vector is the context word's, and CBOW's input
is the mean of the context vectors, each of which receives the error undivided.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from nlp.embeddings.training_blocks import Blocks

LIMIT = 2.0
"""Rate times curvature of a row is at most this: gradient descent is stable below it."""


class Change(NamedTuple):
    """The change of one table's rows in a step; a row may occur many times: its entries add up."""

    rows: Any
    """int32 (n, r): numbers of the rows."""
    gradient: Any
    """float32 (n, r, d)."""
    curvature: Any
    """float32 (n, r): an upper bound of the loss's second derivative along any direction: sigmoid' <= 1/4 times the squared length of
    every vector that the row was multiplied with."""


class Gradients(NamedTuple):
    """One step's changes and its loss."""

    words: Change
    contexts: Change
    loss: Any
    """float32 scalar: the sum over the pairs."""
    pairs: Any
    """float32 scalar: how many pairs there were (for CBOW: words with a context)."""


def skip_gram(words: Any, contexts: Any, blocks: Blocks, *, window: int, negatives: int) -> Gradients:
    """Compute the gradients of skip-gram: each word of a centre's window predicts the centre.

    words, contexts: float32 (V, d) variables, input and output vectors.
    """
    centres, paired = _paired(blocks, window)
    weight = tf.concat([paired, tf.matmul(_share(blocks, centres, negatives), paired)], 1)
    rows = tf.concat([centres, blocks.drawn], 1)
    inputs, outputs = tf.gather(words, blocks.tokens), tf.gather(contexts, rows)
    scores = tf.matmul(outputs, inputs, transpose_b=True)
    positive = tf.range(tf.shape(rows)[1])[:, None] < tf.shape(centres)[1]
    error = weight * (tf.sigmoid(scores) - tf.cast(positive, tf.float32))
    bound = weight / 4
    return Gradients(
        Change(
            blocks.tokens,
            tf.matmul(error, outputs, transpose_a=True),
            tf.linalg.matvec(bound, _squared(outputs), transpose_a=True),
        ),
        Change(rows, tf.matmul(error, inputs), tf.linalg.matvec(bound, _squared(inputs))),
        tf.reduce_sum(weight * _softplus(tf.where(positive, -scores, scores))),
        tf.reduce_sum(paired),
    )


def cbow(words: Any, contexts: Any, blocks: Blocks, *, window: int, negatives: int) -> Gradients:
    """Compute the gradients of CBOW: the mean of the vectors in a centre's window predicts the centre. Arguments as `skip_gram`."""
    centres, paired = _paired(blocks, window)
    size = tf.reduce_sum(paired, 2)
    one = tf.minimum(size, 1.0)
    outputs, drawn = tf.gather(contexts, centres), tf.gather(contexts, blocks.drawn)
    inputs = tf.matmul(paired, tf.gather(words, blocks.tokens)) / tf.maximum(size, 1.0)[..., None]
    weight = one[..., None] * tf.linalg.matrix_transpose(_share(blocks, centres, negatives))
    score, scores = tf.reduce_sum(inputs * outputs, -1), tf.matmul(inputs, drawn, transpose_b=True)
    error, errors = one * (tf.sigmoid(score) - 1), weight * tf.sigmoid(scores)
    # What each centre's context vectors receive.
    spread = error[..., None] * outputs + tf.matmul(errors, drawn)
    bend = (one * _squared(outputs) + tf.linalg.matvec(weight, _squared(drawn))) / 4
    length = _squared(inputs)
    return Gradients(
        Change(
            blocks.tokens,
            tf.matmul(paired, spread, transpose_a=True),
            tf.linalg.matvec(paired, bend, transpose_a=True),
        ),
        Change(
            tf.concat([centres, blocks.drawn], 1),
            tf.concat([error[..., None] * inputs, tf.matmul(errors, inputs, transpose_a=True)], 1),
            tf.concat([one * length, tf.linalg.matvec(weight, length, transpose_a=True)], 1) / 4,
        ),
        tf.reduce_sum(one * _softplus(-score)) + tf.reduce_sum(weight * _softplus(scores)),
        tf.reduce_sum(one),
    )


def descend(table: Any, change: Change, rate: Any) -> None:
    """Move the rows of a table against their gradient; nothing else of the table is touched.

    table: float32 (V, d) variable. rate: learning rate. Many occurrences of a word in a step add up to one so long that it would
    overshoot and grow without end: there the rate is reduced to LIMIT / curvature.
    """
    width = change.gradient.shape[-1]
    # Sums over equal rows in a fixed order: a scatter-add with repeated rows would sum in the order of the threads.
    rows, place = tf.unique(tf.reshape(change.rows, [-1]))
    count = tf.size(rows)
    gradient = tf.math.unsorted_segment_sum(tf.reshape(change.gradient, [-1, width]), place, count)
    curvature = tf.math.unsorted_segment_sum(tf.reshape(change.curvature, [-1]), place, count)
    length = tf.minimum(rate, LIMIT / tf.maximum(curvature, 1e-12))
    table.scatter_sub(tf.IndexedSlices(length[:, None] * gradient, rows))


def _paired(blocks: Blocks, window: int) -> tuple[Any, Any]:
    """Find the centres (n, b), and float32 (n, b, c): 1 where a token is in a centre's window."""
    width = blocks.tokens.shape[1]
    count = width - 2 * window
    offset = tf.range(width)[None, :] - window - tf.range(count)[:, None]
    inside = (offset >= -blocks.left[..., None]) & (offset <= blocks.right[..., None]) & (offset != 0)
    return blocks.tokens[:, window : window + count], tf.cast(inside, tf.float32)


def _share(blocks: Blocks, centres: Any, negatives: int) -> Any:
    """Weigh each drawn negative for each target, float32 (n, k, b): negatives / k, 0 where they are the same word."""
    differ = tf.cast(blocks.drawn[:, :, None] != centres[:, None, :], tf.float32)
    return differ * (negatives / blocks.drawn.shape[1])


def _softplus(scores: Any) -> Any:
    """Compute log(1 + exp(x)) several times as fast as tf.math.softplus; in 0.5 to 1 the logarithm loses nothing."""
    return tf.maximum(scores, 0.0) - tf.math.log(tf.sigmoid(tf.abs(scores)))


def _squared(vectors: Any) -> Any:
    """Compute the squared length of each vector: the last axis is summed."""
    return tf.reduce_sum(vectors * vectors, -1)

"""word2vec with negative sampling in Keras: skip-gram and CBOW.

A step is a batch of text blocks (`training_blocks`), its gradients are matrix products (`negative_sampling`), and only its rows move.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nlp.embeddings import encoding, negative_sampling, training_blocks
from nlp.embeddings.encoding import Encoded
from nlp.embeddings.settings import Course, Method
from nlp.embeddings.training_blocks import Blocks, Drawer
from nlp.errors import DataError

ARCHITECTURES = {"skip-gram": negative_sampling.skip_gram, "cbow": negative_sampling.cbow}

LEARNING_RATES = {"skip-gram": 0.05, "cbow": 0.1}
"""Default for each architecture: twice word2vec.c's, which the limit on a row's step allows."""

Row = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class State:
    """The state of a training after an epoch: all that a later call needs to continue as if it had not stopped."""

    words: NDArray[np.float32]
    """(V, d): the vectors."""
    contexts: NDArray[np.float32]
    """(V, d): the output vectors, which predict a word from its neighbours."""
    epochs: int
    """Finished epochs."""


class WordVectors(keras.Model):
    """Two embeddings, `words` and `contexts`; called with ids it answers with the words' vectors."""

    def __init__(self, vocabulary_size: int, dimensions: int, *, seed: int) -> None:
        super().__init__(name="word2vec")
        around_zero = keras.initializers.RandomUniform(-0.5 / dimensions, 0.5 / dimensions, seed=seed)
        self.words = keras.layers.Embedding(
            vocabulary_size, dimensions, embeddings_initializer=around_zero, name="words"
        )
        self.contexts = keras.layers.Embedding(
            vocabulary_size, dimensions, embeddings_initializer="zeros", name="contexts"
        )
        self.words.build()
        self.contexts.build()
        self.built = True

    def call(self, ids: Any) -> Any:
        """ids: int32 (...). Returns float32 (..., d)."""
        return self.words(ids)

    def state(self, epochs: int) -> State:
        """Copy the weights."""
        return State(words=self.words.embeddings.numpy(), contexts=self.contexts.embeddings.numpy(), epochs=epochs)

    def restore(self, state: State) -> None:
        """Set the weights. Raises DataError for weights of another shape."""
        expected = tuple(self.words.embeddings.shape)
        if state.words.shape != expected or state.contexts.shape != expected:
            raise DataError(
                f"the saved state has vectors of shape {state.words.shape}, this run needs {expected}: "
                "the text, min_count or the dimensions have changed; start a new run"
            )
        self.words.embeddings.assign(state.words)
        self.contexts.embeddings.assign(state.contexts)


@dataclass(frozen=True, kw_only=True)
class _Rates:
    """The learning rate falls evenly with the words read, from `first` to `last`."""

    first: float
    last: float
    words: int
    """Words of all epochs."""

    def at(self, done: Any) -> NDArray[np.float32]:
        """Return the rate after `done` words."""
        return (self.first - (self.first - self.last) * np.asarray(done) / self.words).astype(np.float32)


def train(
    encoded: Encoded,
    method: Method,
    course: Course,
    *,
    state: State | None = None,
    on_epoch: Callable[[State, Row], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float32]:
    """Learn a vector for each word, by negative sampling.

    course.learning_rate: `LEARNING_RATES` when None. course.deterministic: run on the processor even where there is a GPU; there the same
    seed gives the same bits on the same machine.
    state: continue after its last finished epoch. on_epoch: receives the state after each epoch and its row: epoch (from 1), loss (mean
    over the pairs, each as it was before its step; NaN where subsampling left no pair), learning_rate (at its end), words_per_second (raw
    words, as gensim counts), seconds.
    progress: receives the share of the running epoch that is done, 0 to 1.
    Returns float32 (V, dimensions). Raises DataError for data that nothing can be learned from.
    """
    learning_rate = LEARNING_RATES[method.architecture] if course.learning_rate is None else course.learning_rate
    _check(encoded)
    with tf.device("/CPU:0") if course.deterministic else contextlib.nullcontext():
        model = WordVectors(len(encoded.words), method.dimensions, seed=course.seed)
        if state is not None:
            model.restore(state)
        steps = _steps(model, method)
        drawer = Drawer(
            encoded=encoded,
            keep=training_blocks.keep_probability(encoded.counts, method.sample if method.sample < 1 else 0.0),
            noise=training_blocks.noise_probability(encoded.counts),
            window=method.window,
            seed=course.seed,
        )
        rates = _Rates(first=learning_rate, last=course.min_learning_rate, words=len(encoded.ids) * course.epochs)
        for epoch in range(0 if state is None else state.epochs, course.epochs):
            row = _epoch(epoch, drawer, rates, steps, progress or _ignore)
            if on_epoch is not None:
                on_epoch(model.state(epoch + 1), row)
        # Zero until the first pair, in this process or in the one whose state was continued.
        if not np.any(model.contexts.embeddings.numpy()):
            raise DataError(encoding.NO_PAIR_DRAWN)
        return model.words.embeddings.numpy()


def _steps(model: WordVectors, method: Method) -> Any:
    """Compile the training: (blocks with a leading axis of steps, rates (steps,)) -> float64 (loss, pairs), summed."""
    gradients, window = ARCHITECTURES[method.architecture], method.window
    words, contexts = model.words.embeddings.value, model.contexts.embeddings.value

    def steps(part: Blocks, rates: Any) -> tuple[Any, Any]:
        loss = pairs = tf.constant(0.0, tf.float64)
        for step in tf.range(tf.shape(rates)[0]):
            now = Blocks(*(each[step] for each in part))
            found = gradients(words, contexts, now, window=window, negatives=method.negatives)
            negative_sampling.descend(words, found.words, rates[step])
            negative_sampling.descend(contexts, found.contexts, rates[step])
            loss += tf.cast(found.loss, tf.float64)
            pairs += tf.cast(found.pairs, tf.float64)
        return loss, pairs

    widths = (
        training_blocks.CENTRES + 2 * window,
        training_blocks.CENTRES,
        training_blocks.CENTRES,
        training_blocks.DRAWN,
    )
    part = Blocks(*(tf.TensorSpec((None, training_blocks.BLOCKS, width), tf.int32) for width in widths))
    return tf.function(steps).get_concrete_function(part, tf.TensorSpec((None,), tf.float32))


def _epoch(epoch: int, drawer: Drawer, rates: _Rates, steps: Any, progress: Callable[[float], None]) -> Row:
    """Train once over the text; return the epoch's row of the history."""
    began = time.perf_counter()
    loss = pairs = 0.0
    words = len(drawer.encoded.ids)
    for first, last, part in drawer.parts(epoch):
        done = epoch * words + np.linspace(first, last, len(part.tokens), endpoint=False)
        part_loss, part_pairs = steps(Blocks(*map(tf.constant, part)), tf.constant(rates.at(done)))
        loss, pairs = loss + float(part_loss), pairs + float(part_pairs)
        if not np.isfinite(loss):
            raise DataError(f"the loss became {loss} in epoch {epoch + 1}; lower the learning rate (now {rates.first})")
        progress(last / words)
    seconds = time.perf_counter() - began
    return {
        "epoch": epoch + 1,
        "loss": loss / pairs if pairs else float("nan"),
        "learning_rate": float(rates.at((epoch + 1) * words)),
        "words_per_second": drawer.encoded.raw_words / seconds,
        "seconds": seconds,
    }


def _ignore(share: float) -> None:
    """Do nothing: progress was not asked for."""


def _check(encoded: Encoded) -> None:
    """Raise DataError where there is nothing to learn from."""
    if not len(encoded.ids):
        raise DataError("the corpus holds no words; expected text with at least two different words")
    if np.diff(encoded.starts, append=len(encoded.ids)).max() < 2:
        raise DataError(encoding.NO_PAIR)

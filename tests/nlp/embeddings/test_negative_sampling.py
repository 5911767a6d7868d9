"""A step against the plain sum over pairs, as word2vec.c's loops write it, in NumPy float64 with the same draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from nlp.embeddings import negative_sampling
from nlp.embeddings.training_blocks import Blocks

Arrays = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float, int]
WINDOW, CENTRES, DRAWN, NEGATIVES, SIZE, WIDTH = 3, 8, 6, 5, 12, 4


def _blocks() -> Blocks:
    """Two blocks of a small vocabulary, so that rows repeat and negatives meet their targets."""
    generator = np.random.default_rng(5)
    return Blocks(
        tokens=generator.integers(0, SIZE, (2, CENTRES + 2 * WINDOW)).astype(np.int32),
        left=generator.integers(0, WINDOW + 1, (2, CENTRES)).astype(np.int32),
        right=generator.integers(0, WINDOW + 1, (2, CENTRES)).astype(np.int32),
        drawn=generator.integers(0, SIZE, (2, DRAWN)).astype(np.int32),
    )


def _tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    generator = np.random.default_rng(6)
    words, contexts = generator.normal(size=(2, SIZE, WIDTH)).astype(np.float32)
    return words, contexts


def _centres(part: Blocks) -> list[tuple[int, list[int], NDArray[np.int32]]]:
    """(target, words in its window, the block's negatives) of every centre."""
    found = []
    for tokens, left, right, drawn in zip(*part, strict=True):
        for i in range(CENTRES):
            place = WINDOW + i
            around = [*range(place - left[i], place), *range(place + 1, place + right[i] + 1)]
            found.append((int(tokens[place]), [int(tokens[j]) for j in around], drawn))
    return found


def _pair(
    h: NDArray[np.float64], target: int, drawn: NDArray[np.int32], contexts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float, list[tuple[int, NDArray[np.float64], Any]]]:
    """Error and curvature for the input vector, loss, and what each output row receives, for one positive and its negatives."""
    error, bend, loss = np.zeros(WIDTH), 0.0, 0.0
    outputs: list[tuple[int, NDArray[np.float64], Any]] = []
    for word, label, weight in [(target, 1, 1.0), *((int(n), 0, NEGATIVES / DRAWN) for n in drawn)]:
        if not label and word == target:
            continue
        score = contexts[word] @ h
        sigmoid = 1 / (1 + np.exp(-score))
        error += weight * (sigmoid - label) * contexts[word]
        bend += weight * contexts[word] @ contexts[word] / 4
        loss -= weight * np.log(sigmoid if label else 1 - sigmoid)
        outputs.append((word, weight * (sigmoid - label) * h, weight * h @ h / 4))
    return error, bend, loss, outputs


def _by_pairs(part: Blocks, *, mean: bool) -> Arrays:
    """Gradients and curvatures of both tables, loss and pairs: skip-gram, or CBOW with `mean`."""
    words, contexts = (table.astype(np.float64) for table in _tables())
    gradients, curvatures = np.zeros((2, SIZE, WIDTH)), np.zeros((2, SIZE))
    loss, pairs = 0.0, 0
    for target, around, drawn in _centres(part):
        for inputs in [around] if mean else [[word] for word in around]:
            if not inputs:
                continue
            error, bend, pair_loss, outputs = _pair(words[inputs].mean(0), target, drawn, contexts)
            for word in inputs:
                gradients[0, word] += error
                curvatures[0, word] += bend
            for word, gradient, curvature in outputs:
                gradients[1, word] += gradient
                curvatures[1, word] += curvature
            loss, pairs = loss + pair_loss, pairs + 1
    return gradients[0], gradients[1], curvatures[0], curvatures[1], loss, pairs


def _added(change: negative_sampling.Change) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gradient (V, d) and curvature (V,) with the entries of equal rows added."""
    gradient, curvature = np.zeros((SIZE, WIDTH)), np.zeros(SIZE)
    np.add.at(gradient, change.rows.numpy(), change.gradient.numpy())
    np.add.at(curvature, change.rows.numpy(), change.curvature.numpy())
    return gradient, curvature


@pytest.mark.parametrize(("gradients", "mean"), [(negative_sampling.skip_gram, False), (negative_sampling.cbow, True)])
def test_a_step_equals_the_sum_over_pairs(gradients: Callable[..., Any], mean: bool) -> None:
    words, contexts = (tf.Variable(table) for table in _tables())
    part = _blocks()
    found = gradients(words, contexts, Blocks(*map(tf.constant, part)), window=WINDOW, negatives=NEGATIVES)
    expected = _by_pairs(part, mean=mean)
    (word_gradient, word_curvature), (context_gradient, context_curvature) = _added(found.words), _added(found.contexts)
    np.testing.assert_allclose(word_gradient, expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(context_gradient, expected[1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(word_curvature, expected[2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(context_curvature, expected[3], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(float(found.loss), expected[4], rtol=1e-5)
    assert float(found.pairs) == expected[5]


def test_skip_gram_gradient_is_that_of_its_loss() -> None:
    words, contexts = (tf.Variable(table) for table in _tables())
    part = Blocks(*map(tf.constant, _blocks()))
    with tf.GradientTape() as tape:
        found = negative_sampling.skip_gram(words, contexts, part, window=WINDOW, negatives=NEGATIVES)
    by_tape = [tf.convert_to_tensor(each).numpy() for each in tape.gradient(found.loss, [words, contexts])]
    np.testing.assert_allclose(_added(found.words)[0], by_tape[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(_added(found.contexts)[0], by_tape[1], rtol=1e-4, atol=1e-5)


def _change(rows: list[int], gradient: list[float], curvature: list[float]) -> negative_sampling.Change:
    return negative_sampling.Change(
        tf.constant([rows]), tf.constant([[[g, 0.0] for g in gradient]]), tf.constant([curvature])
    )


def test_descend_adds_repeated_rows_and_leaves_the_others() -> None:
    table = tf.Variable(tf.zeros((4, 2)))
    negative_sampling.descend(table, _change([2, 0, 2], [1.0, 3.0, 2.0], [0.1, 0.1, 0.1]), tf.constant(0.5))
    np.testing.assert_allclose(table.numpy()[:, 0], [-1.5, 0, -1.5, 0])


def test_descend_cuts_a_step_that_would_overshoot() -> None:
    table = tf.Variable(tf.zeros((2, 2)))
    negative_sampling.descend(table, _change([0, 0, 1], [1.0, 1.0, 1.0], [5.0, 5.0, 1.0]), tf.constant(0.5))
    # Row 0: gradient 2, curvature 10: rate 2 / 10 instead of 0.5. Row 1: curvature 1: the rate stays.
    np.testing.assert_allclose(table.numpy()[:, 0], [-0.4, -0.5])

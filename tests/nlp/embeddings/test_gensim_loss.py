"""The loss on a sample against the formulas written out word by word, and against chance before training."""

import math
from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings import gensim_loss

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(5, 3)).astype(np.float32)
OUTPUTS = RNG.normal(size=(5, 3)).astype(np.float32)
SAMPLE = gensim_loss.Sample(
    targets=np.array([0, 3]), contexts=np.array([[1, 2, 5], [4, 5, 5]]), noise=np.array([[1, 1], [2, 0]])
)


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_negative_sampling_by_hand() -> None:
    expected = 0.0
    for target, context, noise in ((0, [1, 2], [1, 1]), (3, [4], [2, 0])):
        hidden = np.mean([VECTORS[word] for word in context], axis=0)
        expected -= math.log(_sigmoid(float(OUTPUTS[target] @ hidden)))
        expected -= sum(math.log(1 - _sigmoid(float(OUTPUTS[word] @ hidden))) for word in noise)
    assert gensim_loss.negative_sampling(SAMPLE, VECTORS, OUTPUTS) == pytest.approx(expected / 2, rel=1e-5)


def test_hierarchical_softmax_is_a_distribution() -> None:
    """The probabilities of all words in a context sum to 1 in any Huffman tree, here of five leaves."""
    codes = [np.array(code, np.uint8) for code in ([0, 0], [0, 1], [1, 0], [1, 1, 0], [1, 1, 1])]
    points = [np.array(path) for path in ([3, 0], [3, 0], [3, 1], [3, 1, 2], [3, 1, 2])]
    total = 0.0
    for word in range(5):
        sample = gensim_loss.Sample(
            targets=np.array([word]), contexts=np.array([[1, 2]]), noise=np.empty((1, 0), np.int64)
        )
        total += math.exp(-gensim_loss.hierarchical_softmax(sample, VECTORS, OUTPUTS, codes, points))
    assert total == pytest.approx(1)


def test_untrained_outputs_are_at_chance() -> None:
    assert gensim_loss.negative_sampling(SAMPLE, VECTORS, np.zeros_like(OUTPUTS)) == pytest.approx(3 * math.log(2))


@pytest.mark.parametrize("cbow", [False, True])
def test_a_drawn_sample_is_of_the_text(tmp_path: Path, cbow: bool) -> None:
    """Only neighbours in a line are context, words outside the vocabulary are skipped, the same seed draws the same."""
    path = tmp_path / "text.txt"
    path.write_text("a x b\nc d\n" * 50, encoding="utf-8")
    index, counts = {"a": 0, "b": 1, "c": 2, "d": 3}, np.array([50, 50, 50, 50])
    one, same = (gensim_loss.draw(path, index, counts, cbow=cbow, window=2, negatives=3, seed=1) for _ in range(2))
    other = {0: 1, 1: 0, 2: 3, 3: 2}
    assert len(one.targets) > 1_000
    assert set(one.targets.tolist()) == {0, 1, 2, 3}
    assert [other[word] for word in one.targets.tolist()] == one.contexts[:, 0].tolist()
    assert (one.contexts[:, 1:] == 4).all()
    assert one.contexts.shape[1] == (4 if cbow else 1)
    np.testing.assert_array_equal(one.noise, same.noise)
    assert one.noise.shape == (len(one.targets), 3)


def test_an_empty_sample_has_no_loss() -> None:
    empty = gensim_loss.Sample(
        targets=np.empty(0, np.int64), contexts=np.empty((0, 2), np.int64), noise=np.empty((0, 5), np.int64)
    )
    assert math.isnan(gensim_loss.negative_sampling(empty, VECTORS, OUTPUTS))
    assert math.isnan(gensim_loss.hierarchical_softmax(empty, VECTORS, OUTPUTS, [], []))

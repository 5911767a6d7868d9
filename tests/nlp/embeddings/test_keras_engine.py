"""The engine as a whole: what it learns, that it can be stopped, repeated, and what it refuses."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp.embeddings import keras_engine, training_blocks
from nlp.embeddings.encoding import Encoded, encode
from nlp.embeddings.keras_engine import Row, State
from nlp.errors import DataError
from tests.nlp.embeddings.recipes import records

SETTINGS: dict[str, Any] = {
    "architecture": "skip-gram",
    "dimensions": 16,
    "window": 3,
    "negatives": 5,
    "sample": 0.0,
    "epochs": 3,
    "seed": 1,
}


def _two_topics(sentences: int = 1500) -> Encoded:
    """Sentences about animals or about tools, never both, each among words that are in all."""
    generator = np.random.default_rng(0)
    topics = [[f"animal{n}" for n in range(6)], [f"tool{n}" for n in range(6)]]
    lines = []
    for number in range(sentences):
        words = [*generator.choice(topics[number % 2], 6), *generator.choice(["the", "of", "and"], 3)]
        lines.append(" ".join(generator.permutation(words)) + "\n")
    return encode(lines, min_count=1)


@pytest.fixture(scope="module")
def corpus() -> Encoded:
    return _two_topics()


def _train(corpus: Encoded, **changes: Any) -> NDArray[np.float32]:
    given = records(**SETTINGS | changes)
    del given["kept"]  # the corpus is encoded already
    return keras_engine.train(corpus, **given)


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_words_of_a_topic_end_up_nearest(corpus: Encoded, architecture: str) -> None:
    rows: list[Row] = []
    vectors = _train(corpus, architecture=architecture, epochs=10, on_epoch=lambda state, row: rows.append(row))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    topical = [i for i, word in enumerate(corpus.words) if word[-1].isdigit()]
    similar = unit[topical] @ unit[topical].T - 2 * np.eye(len(topical))
    for row, word in zip(similar, topical, strict=True):
        nearest = [corpus.words[topical[i]][:-1] for i in np.argsort(-row)[:5]]
        assert nearest == [corpus.words[word][:-1]] * 5
    assert rows[0]["loss"] > rows[-1]["loss"]


def test_rows_of_the_history(corpus: Encoded) -> None:
    rows: list[Row] = []
    shares: list[float] = []
    _train(corpus, on_epoch=lambda state, row: rows.append(row), progress=shares.append, learning_rate=0.03)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    np.testing.assert_allclose([row["learning_rate"] for row in rows], np.linspace(0.03, 1e-4, 4)[1:], rtol=1e-5)
    # Before anything is learned every score is 0: log 2 for the pair and for each of its 5 negatives (a few equal their target).
    assert 0.5 * 6 * np.log(2) < rows[0]["loss"] < 6 * np.log(2)
    for row in rows:
        assert row["words_per_second"] == pytest.approx(corpus.raw_words / row["seconds"])
    assert shares == [1, 1, 1]


def test_progress_inside_an_epoch(corpus: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_blocks, "PART", 5000)
    shares: list[float] = []
    _train(corpus, epochs=1, progress=shares.append)
    assert len(shares) == 3
    assert all(a < b for a, b in pairwise(shares))
    assert shares[-1] == 1


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_resumed_training_equals_an_uninterrupted_one(corpus: Encoded, architecture: str) -> None:
    states: list[State] = []
    rows: list[Row] = []
    again: list[Row] = []
    changes: dict[str, Any] = {"architecture": architecture, "sample": 1e-2, "deterministic": True}

    def remember(state: State, row: Row) -> None:
        states.append(state)
        rows.append(row)

    whole = _train(corpus, **changes, on_epoch=remember)
    resumed = _train(corpus, **changes, state=states[0], on_epoch=lambda state, row: again.append(row))
    np.testing.assert_array_equal(whole, resumed)
    np.testing.assert_array_equal(whole, states[-1].words)
    assert [(row["epoch"], row["loss"], row["learning_rate"]) for row in again] == [
        (row["epoch"], row["loss"], row["learning_rate"]) for row in rows[1:]
    ]


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_deterministic_runs_are_equal_to_the_bit(corpus: Encoded, architecture: str) -> None:
    first, second = (_train(corpus, architecture=architecture, deterministic=True).tobytes() for _ in range(2))
    assert first == second
    assert _train(corpus, architecture=architecture, deterministic=True, seed=2).tobytes() != first


def test_a_frequent_word_in_every_window_does_not_diverge() -> None:
    # Nearly all of a step's pairs move the same two rows: plain summed gradients grow without end here.
    text = encode(["the " * 400 + "end\n"] * 20, min_count=1)
    losses: list[float] = []
    vectors = _train(text, epochs=5, learning_rate=1.0, on_epoch=lambda state, row: losses.append(row["loss"]))
    assert np.abs(vectors).max() < 100
    assert max(losses) < 6 * np.log(2)


@pytest.mark.parametrize("line", ["a b\n", "a b a a b\n", "a b c\n"])
def test_bad_input_vocabulary_of_two_or_three_words(line: str) -> None:
    assert np.isfinite(_train(encode([line], min_count=1))).all()


def test_bad_input_vocabulary_of_one_word() -> None:
    alone = Encoded(
        words=["a"],
        counts=np.array([4]),
        ids=np.zeros(4, np.int32),
        starts=np.zeros(1, np.int64),
        raw_words=4,
    )
    assert np.isfinite(_train(alone)).all()


def test_bad_input_subsampling_that_drops_everything_ends() -> None:
    with pytest.raises(
        DataError, match=r"no epoch found two neighbouring words to learn from: --sample dropped them all"
    ):
        _train(encode(["a b\n"], min_count=1), sample=1e-9)


def test_an_epoch_without_a_pair_keeps_the_vectors() -> None:
    # Each of two words is kept with a chance of sqrt(0.14) + 0.14 = 0.51, both in about every fourth epoch.
    text = encode(["a b\n"], min_count=1)
    states: list[State] = []
    rows: list[Row] = []
    again: list[Row] = []

    def remember(state: State, row: Row) -> None:
        states.append(state)
        rows.append(row)

    changes: dict[str, Any] = {"epochs": 20, "sample": 0.07, "deterministic": True}
    whole = _train(text, **changes, on_epoch=remember)
    empty = [np.isnan(row["loss"]) for row in rows]
    assert 0 < sum(empty) < 20
    for before, after, nothing in zip(states, states[1:], empty[1:], strict=False):
        assert (before.words.tobytes() == after.words.tobytes()) == nothing
    stop = empty.index(False, empty.index(True)) - 1
    resumed = _train(text, **changes, state=states[stop], on_epoch=lambda _, row: again.append(row))
    np.testing.assert_array_equal(whole, resumed)
    np.testing.assert_array_equal([row["loss"] for row in again], [row["loss"] for row in rows[stop + 1 :]])


def test_the_rate_falls_evenly_to_the_last_one(corpus: Encoded) -> None:
    rows: list[Row] = []
    _train(corpus, learning_rate=0.1, min_learning_rate=0.04, on_epoch=lambda _, row: rows.append(row))
    np.testing.assert_allclose([row["learning_rate"] for row in rows], [0.08, 0.06, 0.04], rtol=1e-5)


def test_bad_input_sentences_of_one_word() -> None:
    with pytest.raises(
        DataError, match=r"no sentence holds two words .* no spaces between its words, use --tokenizer characters"
    ):
        _train(encode(["a\nb\n"], min_count=1))


def test_bad_input_empty_text(corpus: Encoded) -> None:
    empty = Encoded(words=[], counts=np.empty(0, np.int64), ids=corpus.ids[:0], starts=corpus.starts[:0], raw_words=0)
    with pytest.raises(DataError, match="the corpus holds no words"):
        _train(empty)


def test_nan_says_what_to_do(corpus: Encoded) -> None:
    state = State(words=np.full((15, 16), np.nan, np.float32), contexts=np.zeros((15, 16), np.float32), epochs=1)
    with pytest.raises(DataError, match=r"the loss became nan in epoch 2; lower the learning rate \(now 0.05\)"):
        _train(corpus, state=state)


def test_state_of_another_vocabulary_is_refused(corpus: Encoded) -> None:
    state = State(words=np.zeros((9, 16), np.float32), contexts=np.zeros((9, 16), np.float32), epochs=1)
    with pytest.raises(DataError, match=r"vectors of shape \(9, 16\), this run needs \(15, 16\)"):
        _train(corpus, state=state)


def test_the_model_is_a_keras_model_with_named_weights() -> None:
    model = keras_engine.WordVectors(7, 3, seed=0)
    assert [weight.path for weight in model.trainable_weights] == ["words/embeddings", "contexts/embeddings"]
    np.testing.assert_array_equal(model(np.array([[2, 0]])), model.words.embeddings.numpy()[[[2, 0]]])
    assert 0 < np.abs(model.words.embeddings.numpy()).max() <= 0.5 / 3


@pytest.mark.parametrize(("architecture", "rate"), [("skip-gram", 0.05), ("cbow", 0.1)])
def test_learning_rate_when_absent(corpus: Encoded, architecture: str, rate: float) -> None:
    rows: list[Row] = []
    _train(corpus, architecture=architecture, epochs=2, on_epoch=lambda state, row: rows.append(row))
    assert rows[0]["learning_rate"] == pytest.approx((rate + 1e-4) / 2)

"""gensim's engine: learns, goes on after a kill with the same result, is silent, and refuses texts that teach nothing."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec

from nlp.embeddings import gensim_engine
from nlp.errors import DataError
from tests.nlp.embeddings.recipes import records, unchecked

SMALL: dict[str, Any] = {"dimensions": 16, "min_count": 1, "sample": 0.0, "deterministic": True}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two topics that never meet: words of one are each other's neighbours."""
    rng = np.random.default_rng(0)
    topics = [["cat", "dog", "bird", "fish", "horse"], ["red", "green", "blue", "grey", "pink"]]
    lines = [" ".join(rng.choice(topics[at % 2], 8)) for at in range(2_000)]
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _separation(vectors: KeyedVectors) -> float:
    """Cosine within a topic less the cosine across."""
    return float(vectors.similarity("cat", "dog") - vectors.similarity("cat", "red"))


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("objective", ["negative-sampling", "hierarchical-softmax"])
def test_topics_are_told_apart_and_the_loss_falls(text: Path, architecture: Any, objective: Any) -> None:
    rows: list[dict[str, float]] = []
    vectors = gensim_engine.train(
        text,
        **records(
            engine="gensim", architecture=architecture, objective=objective, epochs=5, on_epoch=rows.append, **SMALL
        ),
    )
    assert _separation(vectors) > 0.5
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert list(rows[0]) == ["epoch", "loss", "learning_rate", "words_per_second", "seconds"]
    first = gensim_engine.LEARNING_RATES[architecture]
    assert [row["learning_rate"] for row in rows] == pytest.approx(np.linspace(first, 1e-4, 6)[1:])


def test_words_and_counts_fall_as_in_the_text(text: Path) -> None:
    vectors = gensim_engine.train(text, **records(engine="gensim", epochs=1, most=7, **SMALL))
    words = text.read_text(encoding="utf-8").split()
    counts = [vectors.get_vecattr(word, "count") for word in vectors.index_to_key]
    assert counts == sorted((words.count(word) for word in set(words)), reverse=True)[:7]
    assert counts == [words.count(word) for word in vectors.index_to_key]
    assert vectors.vectors.shape == (7, 16)
    assert vectors.vectors.dtype == np.float32


def test_the_same_seed_gives_the_same_bits_and_another_others(text: Path) -> None:
    one, same, other = (
        gensim_engine.train(text, **records(engine="gensim", epochs=2, seed=seed, **SMALL)).vectors
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("objective", ["negative-sampling", "hierarchical-softmax"])
def test_one_worker_repeats_itself(text: Path, architecture: Any, objective: Any) -> None:
    """Again and again: gensim's hierarchical softmax from a file differs in some of the calls only."""
    found = {
        gensim_engine.train(
            text, **records(engine="gensim", architecture=architecture, objective=objective, epochs=2, **SMALL)
        ).vectors.tobytes()
        for _ in range(6)
    }
    assert len(found) == 1


def test_one_worker_equals_gensim_itself(text: Path) -> None:
    """The same vocabulary, seed and rates given to gensim in one call: the same vectors."""
    ours = gensim_engine.train(text, **records(engine="gensim", epochs=1, seed=5, **SMALL))
    model = Word2Vec(
        corpus_file=str(text), vector_size=16, min_count=1, sample=0, seed=5, workers=1, epochs=1, sg=1, alpha=0.025
    )
    assert ours.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(ours.vectors, model.wv.vectors)


class _StoppedError(Exception):
    """The kill."""


@pytest.mark.parametrize("objective", ["negative-sampling", "hierarchical-softmax"])
def test_a_killed_training_goes_on_to_the_same_vectors_and_rows(text: Path, tmp_path: Path, objective: Any) -> None:
    whole: list[dict[str, float]] = []
    expected = gensim_engine.train(
        text, **records(engine="gensim", epochs=4, on_epoch=whole.append, **SMALL, objective=objective)
    )

    def stop(row: dict[str, float]) -> None:
        if row["epoch"] == 2:
            raise _StoppedError

    state = tmp_path / "state.npz"
    with pytest.raises(_StoppedError):
        gensim_engine.train(
            text, **records(engine="gensim", epochs=4, state=state, on_epoch=stop, **SMALL, objective=objective)
        )
    rows: list[dict[str, float]] = []
    found = gensim_engine.train(
        text, **records(engine="gensim", epochs=4, state=state, on_epoch=rows.append, **SMALL, objective=objective)
    )
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    for name in ("epoch", "loss", "learning_rate"):
        assert [row[name] for row in rows] == [row[name] for row in whole]
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


def test_epochs_continue_each_others_rate_as_in_one_call_of_gensim(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate starts an epoch where it nominally ended the last; with two workers it is half way there by then."""
    told: list[dict[str, Any]] = []
    train = Word2Vec.train

    def listening(self: Word2Vec, **given: Any) -> Any:
        told.append(given)
        return train(self, **given)

    monkeypatch.setattr(Word2Vec, "train", listening)
    rows: list[dict[str, float]] = []
    gensim_engine.train(
        text, **records(engine="gensim", dimensions=4, min_count=1, epochs=2, workers=2, on_epoch=rows.append)
    )
    assert [call["total_examples"] for call in told] == [2_000, 2_000]
    assert [call["total_words"] for call in told] == [16_000, 16_000]
    assert told[0]["end_alpha"] == told[1]["start_alpha"] == pytest.approx((0.025 + 1e-4) / 2)
    assert [row["learning_rate"] for row in rows] == pytest.approx([0.025 * 0.75 + 1e-4 / 4, 0.025 / 4 + 1e-4 * 0.75])


def test_gensim_says_nothing(text: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        gensim_engine.train(text, **records(engine="gensim", epochs=2, **SMALL))
    assert not [record for record in caplog.records if record.name.startswith("gensim")]
    assert capfd.readouterr() == ("", "")


def test_a_line_longer_than_gensim_takes_is_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b c d " * 30_000, encoding="utf-8")
    assert len(gensim_engine.train(path, **records(engine="gensim", epochs=1, **SMALL))) == 4


@pytest.mark.parametrize(
    ("content", "min_count", "words"),
    [
        ("", 1, "holds no words"),
        ("\n\n \n", 1, "holds no words"),
        ("word word\n", 1, "only one word, 'word', is left"),
        (
            "a a a b b c\n",
            5,
            "--min-count 5 leaves no word: the most frequent one, 'a', occurs 3 times; give a --min-count of at most 3",
        ),
        ("a\nb\na\nb\n", 1, "no sentence holds two words"),
    ],
)
def test_bad_input_texts_that_teach_nothing(tmp_path: Path, content: str, min_count: int, words: str) -> None:
    path = tmp_path / "text.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        gensim_engine.train(path, **records(engine="gensim", **{**SMALL, "min_count": min_count}))


def test_bad_input_a_state_of_another_training(text: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    gensim_engine.train(text, **records(engine="gensim", epochs=1, state=state, **SMALL))
    with pytest.raises(DataError, match=r"other epochs, seed; give the same again, or delete it"):
        gensim_engine.train(text, **records(engine="gensim", epochs=2, seed=1, state=state, **SMALL))
    with pytest.raises(DataError, match="other dimensions, words"):
        gensim_engine.train(
            text, **records(engine="gensim", epochs=1, state=state, **{**SMALL, "dimensions": 8}, most=5)
        )
    state.write_bytes(b"no archive")
    with pytest.raises(DataError, match="is not a training state"):
        gensim_engine.train(text, **records(engine="gensim", epochs=1, state=state, **SMALL))


@pytest.mark.parametrize("space", ["\t", "\v", "\f", "\r"])
def test_only_the_space_separates_words(text: Path, tmp_path: Path, space: str) -> None:
    """A word with other white space is learned as any other, bit by bit."""
    strange = tmp_path / "strange.txt"
    strange.write_bytes(text.read_bytes().replace(b"cat", f"c{space}t".encode()))
    one, other = (gensim_engine.train(path, **records(engine="gensim", epochs=1, **SMALL)) for path in (text, strange))
    assert other.index_to_key == [word.replace("cat", f"c{space}t") for word in one.index_to_key]
    np.testing.assert_array_equal(one.vectors, other.vectors)


def test_epochs_without_a_pair_keep_the_vectors(tmp_path: Path) -> None:
    """Each of two words is kept with a chance of sqrt(0.14) + 0.14 = 0.51, both in about every fourth epoch."""
    path = tmp_path / "text.txt"
    path.write_text("a b\n", encoding="utf-8")
    rows: list[dict[str, float]] = []
    gensim_engine.train(
        path, **records(engine="gensim", epochs=20, on_epoch=rows.append, seed=1, **{**SMALL, "sample": 0.07})
    )
    steps = np.diff([row["loss"] for row in rows])
    assert (steps == 0).any()
    assert (steps != 0).any()


def test_bad_input_subsampling_that_drops_everything(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b\n", encoding="utf-8")
    with pytest.raises(DataError, match="no epoch found two neighbouring words to learn from: --sample dropped them"):
        gensim_engine.train(path, **records(engine="gensim", epochs=2, **{**SMALL, "sample": 1e-9}))


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("objective", ["negative-sampling", "hierarchical-softmax"])
def test_bad_input_a_rate_that_diverges(text: Path, architecture: Any, objective: Any) -> None:
    # Far out of the range that a user may give, so that the few words of this text diverge.
    made = records(engine="gensim", architecture=architecture, objective=objective, **SMALL)
    made["course"] = unchecked(made["course"], learning_rate=500.0)
    with pytest.raises(DataError, match=r"the loss became .* in epoch 1, where guessing has .*; lower --training"):
        gensim_engine.train(text, **made)

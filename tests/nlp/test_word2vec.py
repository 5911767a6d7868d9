"""Both engines behind one function: the same vocabulary, silence, resumption; and what text teaches nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp import word2vec
from nlp.errors import DataError
from tests.nlp.embeddings.recipes import records

SMALL: dict[str, Any] = {"dimensions": 8, "min_count": 1, "sample": 0.0, "deterministic": True}
ENGINES = pytest.mark.parametrize("engine", word2vec.ENGINES)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two topics that never meet."""
    rng = np.random.default_rng(0)
    topics = [["cat", "dog", "bird", "fish", "horse"], ["red", "green", "blue", "grey", "pink"]]
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = [" ".join(rng.choice(topics[at % 2], 8)) for at in range(600)]
    path.write_text("\n".join([*lines, "cat dog rare"]), encoding="utf-8")
    return path


def test_both_engines_have_the_same_words_and_counts(text: Path) -> None:
    one, two = (word2vec.train(text, **records(engine=engine, epochs=1, **SMALL)) for engine in ("keras", "gensim"))
    assert one.index_to_key == two.index_to_key
    counts = [[vectors.get_vecattr(word, "count") for word in vectors.index_to_key] for vectors in (one, two)]
    assert counts[0] == counts[1] == sorted(counts[0], reverse=True)
    assert one.get_vecattr("rare", "count") == 1
    assert one.vectors.dtype == two.vectors.dtype == np.float32


@ENGINES
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_topics_are_told_apart(text: Path, engine: Any, architecture: Any) -> None:
    vectors = word2vec.train(
        text, **records(engine=engine, architecture=architecture, epochs=8, learning_rate=0.1, **SMALL)
    )
    near = {word for word, _ in word2vec.neighbours(vectors, "cat", 4)}
    assert near <= {"dog", "bird", "fish", "horse", "rare"}
    assert vectors.similarity("red", "blue") > vectors.similarity("red", "cat") + 0.3


@ENGINES
def test_a_killed_training_goes_on_to_the_same_vectors_and_rows(text: Path, tmp_path: Path, engine: Any) -> None:
    whole: list[dict[str, float]] = []
    expected = word2vec.train(text, **records(engine=engine, epochs=3, on_epoch=whole.append, **SMALL))

    def stop(row: dict[str, float]) -> None:
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    state = tmp_path / "state.npz"
    with pytest.raises(KeyboardInterrupt):
        word2vec.train(text, **records(engine=engine, epochs=3, state=state, on_epoch=stop, **SMALL))
    rows: list[dict[str, float]] = []
    found = word2vec.train(text, **records(engine=engine, epochs=3, state=state, on_epoch=rows.append, **SMALL))
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    for name in ("epoch", "loss", "learning_rate"):
        assert [row[name] for row in rows] == [row[name] for row in whole]
    done: list[dict[str, float]] = []
    again = word2vec.train(text, **records(engine=engine, epochs=3, state=state, on_epoch=done.append, **SMALL))
    np.testing.assert_array_equal(again.vectors, expected.vectors)
    assert len(done) == 3


def test_hierarchical_softmax_takes_gensim(text: Path) -> None:
    with pytest.raises(ValueError, match="the engine keras has no hierarchical-softmax; use the engine gensim"):
        word2vec.train(text, **records(engine="keras", objective="hierarchical-softmax", **SMALL))
    assert (
        len(word2vec.train(text, **records(engine="gensim", objective="hierarchical-softmax", epochs=1, **SMALL))) == 11
    )


@ENGINES
@pytest.mark.parametrize(
    ("content", "min_count", "words"),
    [
        ("", 1, "holds no words"),
        ("word word word\n", 1, "only one word"),
        ("a a a b b c\n", 5, "--min-count 5 leaves no word.*'a', occurs 3 times; give a --min-count of at most 3"),
    ],
)
def test_bad_input_texts_that_teach_nothing(
    tmp_path: Path, engine: Any, content: str, min_count: int, words: str
) -> None:
    path = tmp_path / "text.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        word2vec.train(path, **records(engine=engine, **{**SMALL, "min_count": min_count}))


@ENGINES
def test_bad_input_bytes_that_are_not_utf8(tmp_path: Path, engine: Any) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"a b a \xff\n")
    with pytest.raises(DataError, match="is not UTF-8"):
        word2vec.train(path, **records(engine=engine, **SMALL))


def test_bad_input_a_state_of_another_text(text: Path, tmp_path: Path) -> None:
    other, state = tmp_path / "other.txt", tmp_path / "state.npz"
    other.write_text("one two three one two three\n" * 20, encoding="utf-8")
    word2vec.train(text, **records(engine="keras", epochs=1, state=state, **SMALL))
    with pytest.raises(DataError, match=r"is of a training with other words; give the same again, or delete it"):
        word2vec.train(other, **records(engine="keras", epochs=1, state=state, **SMALL))


@ENGINES
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "glove"}, "architecture is 'glove'; expected one of skip-gram, cbow"),
        ({"objective": "softmax"}, "objective is 'softmax'; expected one of negative-sampling, hierarchical-softmax"),
        ({"dimensions": 0}, "dimensions is 0; expected 1 to 2000"),
        ({"window": 0}, "window is 0; expected 1 to 50"),
        ({"negatives": 0}, "negatives is 0; expected 1 to 100"),
        ({"min_count": 0}, "min_count is 0; expected 1 or more"),
        ({"most": 0}, "most is 0; expected 1 or more"),
        ({"epochs": 0}, "epochs is 0; expected 1 or more"),
        ({"workers": 0}, "workers is 0; expected 1 or more"),
        ({"sample": -0.1}, r"sample is -0\.1; expected 0 to 1"),
        ({"sample": float("nan")}, "sample is nan; expected 0 to 1"),
        ({"learning_rate": 0.0}, r"learning_rate is 0\.0; expected above 0, at most 1"),
        ({"learning_rate": 1.5}, r"learning_rate is 1\.5; expected above 0, at most 1"),
        ({"min_learning_rate": -1.0}, r"min_learning_rate is -1\.0; expected 0 or more"),
        (
            {"min_learning_rate": 0.2, "learning_rate": 0.1},
            r"min_learning_rate is 0\.2; expected at most 0\.1, the first one",
        ),
    ],
)
def test_bad_input_numbers_and_names(text: Path, engine: Any, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        word2vec.train(text, **records(engine=engine, **{**SMALL, **changes}))


def test_bad_input_an_unknown_engine(text: Path) -> None:
    with pytest.raises(ValueError, match="engine is 'torch'; expected one of keras, gensim"):
        word2vec.train(text, **records(engine="torch"))


@ENGINES
def test_bad_input_sentences_of_one_word(tmp_path: Path, engine: Any) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a\nb rare\na\nb\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no sentence holds two words that have a vector; .* smaller --min-count"):
        word2vec.train(path, **records(engine=engine, **{**SMALL, "min_count": 2}))

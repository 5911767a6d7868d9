"""The training of word vectors: how many epochs, and what it writes and prints."""

from pathlib import Path

import pytest

from pipelines.text.left_out import NotUsed
from pipelines.word2vec import training
from pipelines.word2vec.config import Config, Training
from pipelines.word2vec.data import Text
from tests.e2e import texts


@pytest.mark.parametrize(("words", "epochs"), [(1, 20), (750_000, 20), (1_500_000, 10), (6_000_000, 2), (10**9, 1)])
def test_epochs_by_the_size_of_the_text(words: int, epochs: int) -> None:
    assert training.epochs_of(Config(), words=words) == epochs
    assert training.epochs_of(Config(training=Training(epochs=7)), words=words) == 7


def test_a_tiny_run_has_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "1")
    assert training.epochs_of(Config(training=Training(epochs=7)), words=10) == 2
    assert training.epochs_of(Config(training=Training(epochs=1)), words=10) == 1


def test_vectors_history_and_epoch_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = texts.write(tmp_path / "text.txt", texts.sentences(200))
    text = Text(path=path, sentences=200, words=1300, phrases=[], not_used=NotUsed(0, []))
    config = Config(dimensions=4, min_count=1, engine="gensim", training=Training(epochs=3, deterministic=True))
    trained = training.train(config, text, tmp_path)
    assert [row["epoch"] for row in trained.rows] == [1, 2, 3]
    said = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    # A finished training is only read again, and says nothing.
    again = training.train(config, text, tmp_path)
    assert again.rows == trained.rows
    assert again.vectors.vectors.tobytes() == trained.vectors.vectors.tobytes()
    assert capsys.readouterr().out == ""
    counts = dict.fromkeys(texts.WORDS, 0)
    for word in path.read_text(encoding="utf-8").split():
        counts[word] += 1
    assert {word: trained.vectors.get_vecattr(word, "count") for word in trained.vectors.index_to_key} == counts

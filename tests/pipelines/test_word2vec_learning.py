"""Sizes, epochs and scores of a word2vec run, against numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings.keyed import keyed
from nlp.errors import DataError
from pipelines import word2vec_learning
from pipelines.text_runs import NotUsed
from pipelines.word2vec import Config, Training
from pipelines.word2vec_learning import Learned, Text
from tests.e2e import texts


def _normalised(folder: Path, lines: list[str], **flags: object) -> Text:
    data = texts.write(folder / "data.txt", lines)
    config = Config(data=str(data), **flags)  # type: ignore[arg-type]
    corpus = word2vec_learning.read(config)
    return word2vec_learning.normalise(config, corpus, word2vec_learning.tokenizer(config), folder)


@pytest.mark.parametrize(
    ("lines", "sentences", "words"),
    [
        (["a b", "", "", "", "c"], 5, 3),
        (["", "", "a"], 3, 1),
        (["a", "b\u00a0c d", ""], 3, 3),
        (["", "a", "", ""], 4, 1),
    ],
)
def test_words_and_sentences_with_empty_lines(tmp_path: Path, lines: list[str], sentences: int, words: int) -> None:
    text = _normalised(tmp_path, lines, tokenizer="space")
    assert (text.sentences, text.words) == (sentences, words)
    assert text.path.read_text(encoding="utf-8").splitlines() == lines


def test_sizes_of_a_text_of_many_chunks(tmp_path: Path) -> None:
    lines = texts.sentences(100_000)
    text = _normalised(tmp_path, lines, tokenizer="words")
    assert (text.sentences, text.words) == (100_000, sum(len(line.split()) for line in lines))


def test_no_words_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.txt holds no words; .* Has the tokenizer letters none in this script"):
        _normalised(tmp_path, ["мир", "труд"], tokenizer="letters")


def test_phrases_are_joined(tmp_path: Path) -> None:
    # (2 - 1) x 67 words / (2 x 2) is above 10.
    lines = ["a new york b", "c new york d", *(f"e{number}" for number in range(61))]
    text = _normalised(tmp_path, lines, tokenizer="words", phrases=1, min_count=1)
    assert [phrase.text for phrase in text.phrases] == ["new_york"]
    assert text.path.read_text(encoding="utf-8").splitlines()[:2] == ["a new_york b", "c new_york d"]
    assert text.words == 67


def test_symbols_of_other_programs_are_words(tmp_path: Path) -> None:
    text = _normalised(tmp_path, ["a <unk> b", "<s> c </s>"], tokenizer="space")
    assert text.path.read_text(encoding="utf-8").splitlines() == ["a <UNK> b", "<S> c </S>"]


@pytest.mark.parametrize(("words", "epochs"), [(1, 20), (750_000, 20), (1_500_000, 10), (6_000_000, 2), (10**9, 1)])
def test_epochs_by_the_size_of_the_text(words: int, epochs: int) -> None:
    assert word2vec_learning.epochs_of(Config(), words=words) == epochs
    assert word2vec_learning.epochs_of(Config(training=Training(epochs=7)), words=words) == 7


def test_a_tiny_run_has_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINES_TINY", "1")
    assert word2vec_learning.epochs_of(Config(training=Training(epochs=7)), words=10) == 2
    assert word2vec_learning.epochs_of(Config(training=Training(epochs=1)), words=10) == 1


def _learned(words: list[str], matrix: list[list[float]]) -> Learned:
    return Learned(vectors=keyed(words, np.array(matrix, np.float32)), rows=[])


def test_scores_of_ones_own_lists_by_hand(tmp_path: Path) -> None:
    """Angles of 0, 30, 60 and 90 degrees to the first word."""
    half, root = 0.5, 3**0.5 / 2
    learned = _learned(["a", "b", "c", "d"], [[1, 0], [root, half], [half, root], [0, 1]])
    pairs, questions = tmp_path / "mine.tsv", tmp_path / "questions.txt"
    # The cosines fall as 0.87, 0.5, 0; people put the last two the other way round, and x is unknown.
    pairs.write_text("a\tb\t9\na\tc\t1\na\td\t2\na\tx\t5\n", encoding="utf-8")
    # Nearest to b - a + c, which is (0.37, 1.37), is d. Only the first answer is right; the last question is not known.
    questions.write_text(": all\na b c d\nb a d a\na b c x\n", encoding="utf-8")
    scores = word2vec_learning.judge(Config(pairs=pairs, questions=questions), learned).scores
    assert scores["spearman_mine"] == pytest.approx(0.5)
    assert (scores["n_mine"], scores["oov_mine"]) == (3, 0.25)
    assert scores["analogies_full"] == scores["analogies_top30k"] == pytest.approx(0.5)
    assert scores["n_analogies_full"] == 2
    assert scores["oov_analogies_full"] == pytest.approx(1 / 3)
    assert scores["n"] == 4


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mine.tsv", "mine"),
        ("My own-pairs v2.tsv", "my_own_pairs_v2"),
        ("größe.tsv", "größe"),
        ("simlex999.tsv", "pairs_simlex999"),
        ("WordSim-353.txt", "pairs_wordsim_353"),
        ("analogies_full.tsv", "pairs_analogies_full"),
        ("---.tsv", "pairs"),
    ],
)
def test_scores_are_called_after_ones_own_list_and_replace_no_other(tmp_path: Path, name: str, key: str) -> None:
    pairs = tmp_path / name
    pairs.write_text("a\tb\t9\na\tc\t1\n", encoding="utf-8")
    learned = _learned(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
    plain, own = (word2vec_learning.judge(Config(pairs=given), learned) for given in (None, pairs))
    added = {f"spearman_{key}": pytest.approx(1), f"n_{key}": 2, f"oov_{key}": 0}
    assert own.scores == plain.scores | added
    assert len(own.similarity) == 3


def test_what_cannot_be_judged_has_no_score() -> None:
    scores = word2vec_learning.judge(Config(), _learned(["a", "b"], [[1, 0], [0, 1]])).scores
    assert not [name for name in scores if name.startswith(("spearman", "analogies"))]
    assert scores["n_wordsim353"] == 0
    assert scores["oov_wordsim353"] == scores["oov_analogies_full"] == 1


def test_lists_are_looked_at_first(tmp_path: Path) -> None:
    data = texts.write(tmp_path / "data.txt", ["a b"])
    with pytest.raises(DataError, match=r"nope\.tsv cannot be read"):
        word2vec_learning.read(Config(data=str(data), pairs=tmp_path / "nope.tsv"))


def test_of_a_folder_with_parts_train_is_read(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        texts.write(tmp_path / f"{name}.txt", [name])
    corpus = word2vec_learning.read(Config(data=str(tmp_path)))
    assert list(corpus.train) == ["train"]
    assert corpus.validation is corpus.test is None


def test_vectors_history_and_epoch_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = texts.write(tmp_path / "text.txt", texts.sentences(200))
    text = Text(path=path, sentences=200, words=1300, phrases=[], not_used=NotUsed(0, []))
    config = Config(dimensions=4, min_count=1, engine="gensim", training=Training(epochs=3, deterministic=True))
    learned = word2vec_learning.learn(config, text, tmp_path)
    assert [row["epoch"] for row in learned.rows] == [1, 2, 3]
    said = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    # A finished training is only read again, and says nothing.
    again = word2vec_learning.learn(config, text, tmp_path)
    assert again.rows == learned.rows
    assert again.vectors.vectors.tobytes() == learned.vectors.vectors.tobytes()
    assert capsys.readouterr().out == ""
    counts = dict.fromkeys(texts.WORDS, 0)
    for word in path.read_text(encoding="utf-8").split():
        counts[word] += 1
    assert {word: learned.vectors.get_vecattr(word, "count") for word in learned.vectors.index_to_key} == counts

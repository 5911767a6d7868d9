"""pipelines.word2vec.data: the training text of word vectors, as a file of sentences."""

from pathlib import Path

import pytest

from nlp.errors import DataError
from pipelines.word2vec import data as word2vec_data
from pipelines.word2vec.config import Config
from pipelines.word2vec.data import Text
from tests.e2e import texts


def _normalised(folder: Path, lines: list[str], **flags: object) -> Text:
    data = texts.write(folder / "data.txt", lines)
    config = Config(data=str(data), **flags)  # type: ignore[arg-type]
    corpus = word2vec_data.read(config)
    return word2vec_data.normalise(config, corpus, folder)


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
    with pytest.raises(
        DataError,
        match=r"data\.txt holds no words; .* letters may not know this script; try --tokenizer ch",
    ):
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


def test_lists_are_looked_at_first(tmp_path: Path) -> None:
    data = texts.write(tmp_path / "data.txt", ["a b"])
    with pytest.raises(DataError, match=r"nope\.tsv cannot be read"):
        word2vec_data.read(Config(data=str(data), pairs=tmp_path / "nope.tsv"))


def test_of_a_folder_with_parts_train_is_read(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        texts.write(tmp_path / f"{name}.txt", [name])
    corpus = word2vec_data.read(Config(data=str(tmp_path)))
    assert list(corpus.train) == ["train"]
    assert corpus.validation is corpus.test is None

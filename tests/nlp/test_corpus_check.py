"""The check of a corpus before a run."""

import json
from pathlib import Path

import pytest

from nlp import corpora, corpus_check
from nlp.tokenizers import Tokenizer

WORDS = Tokenizer("words")


def folder_of(path: Path, **parts: bytes) -> Path:
    for name, content in parts.items():
        (path / f"{name}.txt").write_bytes(content)
    return path


def test_the_counts(tmp_path: Path) -> None:
    text = b"The cat sat. The dog!\n\nThe cat sat. The dog!\nA longer line that stands alone here\n"
    held_out = b"The cat sat. The dog!\nA new dog\n"
    data = folder_of(tmp_path, train=text, test=held_out)
    found = corpus_check.check(corpora.read(str(data)), WORDS)
    assert json.loads(json.dumps(found)) == found
    train, test = found["parts"]["train"], found["parts"]["test"]
    assert {
        key: train[key]
        for key in ("lines", "empty_lines", "duplicate_lines", "sentences", "words", "types", "types_once")
    } == {
        "lines": 4,
        "empty_lines": 1,
        "duplicate_lines": 1,
        "sentences": 5,
        "words": 17,
        "types": 11,
        "types_once": 7,
    }
    assert train["longest_line"] == {"characters": 36, "line": 4}
    assert train["longest_sentence"] == 7
    assert train["most_frequent"][:2] == [["the", 4], ["cat", 2]]
    assert (test["lines_in_training"], test["unknown_words"], test["unknown_share"]) == (1, 1, 1 / 8)
    assert "unknown_words" not in train
    assert found["errors"] == []
    assert found["warnings"] == [
        "train: 1 line of 3 repeated",
        "train: only 17 words; expect little of a model",
        "test: 1 line of 2 also in training",
        "test: 12% of the words are unknown to the training text",
    ]


def test_bad_input_invalid_utf8_is_an_error_unless_replaced(tmp_path: Path) -> None:
    data = str(folder_of(tmp_path, text=b"good\nb\xffd\nb\xfed\n") / "text.txt")
    found = corpus_check.check(corpora.read(data), WORDS)
    assert found["parts"]["train"]["invalid_utf8_lines"] == 2
    assert found["parts"]["train"]["invalid_utf8"][0].endswith("text.txt, line 2, byte 2 (byte 7 of the file): 0xff")
    assert len(found["errors"]) == 1
    assert "train: 2 lines not UTF-8, first" in found["errors"][0]
    found = corpus_check.check(corpora.read(data, errors="replace"), WORDS)
    assert found["errors"] == []
    assert found["warnings"][0] == "train: 2 lines with U+FFFD for bytes that are not UTF-8"


def test_bad_input_symbols_and_nothing_to_learn(tmp_path: Path) -> None:
    data = folder_of(tmp_path, train=b"fine\na <s> b\n", valid=b"...\n")
    found = corpus_check.check(corpora.read(str(data)), Tokenizer("space"))
    assert len(found["errors"]) == 1
    assert "train: train.txt, line 2 has the word '<s>'" in found["errors"][0]
    found = corpus_check.check(corpora.read(str(data)), WORDS)
    assert found["errors"] == ["validation: no words in 1 line; is this the tokenizer for this text?"]


def test_bad_input_corrupt_files_and_markup(tmp_path: Path) -> None:
    data = folder_of(tmp_path, a=b"<b>Bold</b> &amp; [[link]]\n== Title ==\n2 < 3 & 4 > 1\n", b=b"")
    found = corpus_check.check(corpora.read(str(data)), WORDS)
    assert found["parts"]["train"]["markup_lines"] == 2
    assert {mark for mark, _ in found["parts"]["train"]["markup"]} == {"==", "<b>", "</b>", "&amp;", "[["}
    assert found["parts"]["train"]["skipped"] == [{"name": "b.txt", "reason": "b.txt is empty; expected text"}]
    assert "train: 1 file not used, or not to the end" in found["warnings"]
    assert any("2 lines with what looks like markup: '==', " in warning for warning in found["warnings"])


@pytest.mark.parametrize(("words", "warned"), [(1000, False), (1001, True)])
def test_a_very_long_sentence(tmp_path: Path, words: int, warned: bool) -> None:
    data = folder_of(tmp_path, text=b"word " * words)
    found = corpus_check.check(corpora.read(str(data)), WORDS)
    assert found["parts"]["train"]["longest_sentence"] == words
    assert any("is there one sentence per line?" in warning for warning in found["warnings"]) == warned

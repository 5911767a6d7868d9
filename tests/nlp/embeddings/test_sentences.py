"""Reading normalised text: counts against Counter, long lines in pieces, broken bytes named."""

from collections import Counter
from pathlib import Path

import pytest

from nlp.embeddings import sentences
from nlp.errors import DataError

TEXT = "the cat saw the dog\nthe dog ran\n\ndog\n"


def _write(folder: Path, text: str) -> Path:
    path = folder / "text.txt"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def test_counts_fall_and_ties_keep_their_order(tmp_path: Path) -> None:
    counted = sentences.count(_write(tmp_path, TEXT))
    assert list(counted.counts.items()) == [("the", 3), ("dog", 3), ("cat", 1), ("saw", 1), ("ran", 1)]
    assert (counted.words, counted.lines, counted.longest) == (9, 4, len("the cat saw the dog"))


def test_blocks_smaller_than_the_text_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT + "größe 東京 größe " * 30 + "\nend without a line feed"
    path = _write(tmp_path, text)
    whole, lines = sentences.count(path), list(sentences.Sentences(path))
    monkeypatch.setattr(sentences, "_BLOCK", 7)
    assert sentences.count(path) == whole
    assert list(sentences.Sentences(path)) == lines
    assert whole.counts == dict(Counter(text.split()).most_common())
    assert whole.longest == max(len(line.encode()) for line in text.split("\n"))
    assert [" ".join(line) for line in lines] == [line.strip() for line in text.split("\n") if line]


def test_a_long_line_is_cut_and_a_short_text_left_alone(tmp_path: Path) -> None:
    path = _write(tmp_path, TEXT)
    assert sentences.cut(path, sentences.count(path), target=tmp_path / "short.txt") == path
    long = _write(tmp_path, "a bb " * 12_000 + "\nend\n")
    short = sentences.cut(long, sentences.count(long), target=tmp_path / "short.txt")
    lengths = [len(line.split()) for line in short.read_text(encoding="utf-8").splitlines()]
    assert lengths == [10_000, 10_000, 4_000, 1]
    assert short.read_text(encoding="utf-8").split() == long.read_text(encoding="utf-8").split()


def test_only_the_space_separates(tmp_path: Path) -> None:
    path = _write(tmp_path, "new\u00a0york  is\fa \v\n")
    assert list(sentences.Sentences(path)) == [["new\u00a0york", "is\fa", "\v"]]
    assert sentences.count(path).counts == {"new\u00a0york": 1, "is\fa": 1, "\v": 1}
    assert sentences.count(path).splits
    assert not sentences.count(_write(tmp_path, "new\u00a0york\n")).splits


@pytest.mark.parametrize(("text", "found"), [("a\nb\na x\n", False), ("a\nx b a\n", True), ("a a\n", True)])
def test_a_sentence_with_two_known_words(tmp_path: Path, text: str, found: bool) -> None:
    assert sentences.pair(_write(tmp_path, text), {"a", "b"}) == found


def test_bad_input_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"a b \xff c\n")
    with pytest.raises(DataError, match="not UTF-8: byte 0xff"):
        sentences.count(path)
    with pytest.raises(DataError, match="not UTF-8: byte 0xff"):
        list(sentences.Sentences(path))

"""Vectors in files: there and back in every format, gensim reads and writes them too, and what is broken is named by its place."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec

from nlp.embeddings import files
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

WORDS = ["the", "größe", "new_york", "東京", "no\u00a0break"]
NAMES = ["v.txt", "v.vec", "v.bin", "v.txt.gz", "v.bin.gz"]
GOOD = b"2 3\na 1 2 3\nb 4 5 6\n"


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    matrix = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    return keyed(WORDS, matrix, counts=np.array([50, 40, 3, 2, 1]))


@pytest.mark.parametrize("name", [*NAMES, "v.kv"])
def test_there_and_back_bit_by_bit(tmp_path: Path, vectors: KeyedVectors, name: str) -> None:
    files.write(tmp_path / name, vectors)
    found = files.read(tmp_path / name)
    assert found.index_to_key == WORDS
    np.testing.assert_array_equal(found.vectors, vectors.vectors)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_keyed_vectors_keep_the_counts(tmp_path: Path, vectors: KeyedVectors) -> None:
    files.write(tmp_path / "v.kv", vectors)
    assert files.read(tmp_path / "v.kv").get_vecattr("new_york", "count") == 3
    assert KeyedVectors.load(str(tmp_path / "v.kv")).get_vecattr("the", "count") == 50


@pytest.mark.parametrize("name", NAMES)
def test_gensim_reads_what_we_write_and_we_what_it_writes(tmp_path: Path, vectors: KeyedVectors, name: str) -> None:
    binary = ".bin" in name
    files.write(tmp_path / name, vectors)
    theirs = KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=binary)
    np.testing.assert_array_equal(theirs.vectors, vectors.vectors)
    vectors.save_word2vec_format(str(tmp_path / f"theirs-{name}"), binary=binary)
    assert files.read(tmp_path / f"theirs-{name}").index_to_key == WORDS


def test_word2vec_c_ends_a_binary_row_with_a_line_feed(tmp_path: Path) -> None:
    rows = [(b"a", [1, 2]), (b"b", [0.5, 32.0])]
    content = b"".join(word + b" " + np.array(row, "<f4").tobytes() + b"\n" for word, row in rows)
    (tmp_path / "v.bin").write_bytes(b"2 2\n" + content)
    found = files.read(tmp_path / "v.bin")
    assert found.index_to_key == ["a", "b"]
    assert found["b"].tolist() == [0.5, 32]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(b"\xef\xbb\xbf" + GOOD)
    assert files.read(tmp_path / "v.txt").index_to_key == ["a", "b"]


def test_a_binary_file_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: KeyedVectors) -> None:
    files.write(tmp_path / "v.bin", vectors)
    monkeypatch.setattr(files, "_BLOCK", 1)
    np.testing.assert_array_equal(files.read(tmp_path / "v.bin").vectors, vectors.vectors)


def test_a_whole_model_of_gensim_gives_its_vectors(tmp_path: Path) -> None:
    Word2Vec([["a", "b"]] * 5, vector_size=4, min_count=1).save(str(tmp_path / "model.kv"))
    assert files.read(tmp_path / "model.kv").vectors.shape == (2, 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected word vectors"),
        (b"the 0.1 0.2\n", "begins with b'the 0.1 0.2.*expected a line of two numbers"),
        (b"0 3\n", "promises 0 words of 3 dimensions"),
        (b"1 10000000000000\na 1\n", "of 10000000000000 dimensions; expected one word or more, 1 to 1000000"),
        (b"2 3\na 1 2 3\nb 4 5\n", "line 3, has a vector of 2 numbers; the first line promises 3"),
        (b"2 3\na 1 2 3\nb 4 5 6 7\n", "line 3, has a vector of 4 numbers"),
        (b"2 3\na 1 2 3\nnew york 4 5 6\n", "line 3, holds a word with a space .*'york'.*join its parts with _"),
        (b"2 3\na 1 two 3\nb 4 5 6\n", "line 2, holds b'two' where a number should be"),
        (b"2 3\na 1 nan 3\nb 4 5 6\n", "line 2: the vector of 'a' holds NaN or infinity"),
        (b"2 3\na 1 2 3\nb 4 1e39 6\n", "line 3: the vector of 'b' holds NaN or infinity"),
        (b"2 3\na 1 2 3\na 4 5 6\n", "line 3, holds 'a' again, first in place 1"),
        (b"3 3\na 1 2 3\nb 4 5 6\n", "ends after 2 words; its first line promises 3"),
        (b"1 3\na 1 2 3\nb 4 5 6\n", "continues at line 3 after the 1 words"),
        (b"2 3\na 1 2 3\n\xff\xfe 4 5 6\n", "line 3: the word .* is not UTF-8 .byte 0xff at 0."),
        (b"2 3\na 1 2 3\n 4 5 6\n", "line 3, has no word before its numbers"),
    ],
)
def test_bad_input_text(tmp_path: Path, content: bytes, message: str) -> None:
    for name, data in (("v.txt", content), ("v.vec.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=message):
            files.read(tmp_path / name)


ROW = np.array([1, 2, 3], "<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2 3\na " + ROW + b"b " + ROW[:7], "is cut off or not a binary file: 9 bytes after word 1"),
        (b"2 3\na " + ROW, "ends after 1 words; its first line promises 2"),
        (b"1 3\na " + ROW + b"b " + ROW, "continues at word 2"),
        (b"2 3\na " + ROW + b"a " + ROW, "word 2, holds 'a' again"),
        (b"1 3\na " + np.array([1, np.inf, 3], "<f4").tobytes(), "word 1: the vector of 'a' holds NaN or infinity"),
        (b"1 3\n\xff " + ROW, "word 1: the word .* is not UTF-8"),
        (b"1 3\n" + b"x" * 100_000, "holds no word after word 0; expected word2vec's binary format"),
    ],
)
def test_bad_input_binary(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(DataError, match=message):
        files.read(tmp_path / "v.bin")


def test_bad_input_one_format_under_the_name_of_the_other(tmp_path: Path, vectors: KeyedVectors) -> None:
    for right, wrong in (("v.bin", "w.txt"), ("v.txt", "w.bin"), ("v.txt", "w.kv"), ("v.kv", "x.txt")):
        files.write(tmp_path / right, vectors)
        (tmp_path / wrong).write_bytes((tmp_path / right).read_bytes())
        with pytest.raises(DataError, match=str(tmp_path / wrong)):
            files.read(tmp_path / wrong)


def test_bad_input_files_that_hold_something_else(tmp_path: Path, vectors: KeyedVectors) -> None:
    (tmp_path / "list.kv").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match=r"holds (no|a list).*KeyedVectors"):
        files.read(tmp_path / "list.kv")
    (tmp_path / "v.txt.gz").write_bytes(b"2 3\na 1 2 3\n")
    with pytest.raises(DataError, match="cannot be read"):
        files.read(tmp_path / "v.txt.gz")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(GOOD * 50)[:-20])
    with pytest.raises(DataError, match=r"cut\.txt\.gz"):
        files.read(tmp_path / "cut.txt.gz")
    with pytest.raises(DataError, match="cannot be read"):
        files.read(tmp_path / "missing.vec")
    with pytest.raises(DataError, match="cannot be read"):
        files.read(tmp_path / "missing.kv")
    with pytest.raises(DataError, match=r"does not tell its format; expected one of \.txt, \.vec, \.bin"):
        files.read(tmp_path / "vectors.csv")


@pytest.mark.parametrize("word", ["new york", "", "a\nb"])
def test_bad_input_words_that_a_format_cannot_hold(tmp_path: Path, word: str) -> None:
    vectors = keyed(["a", word], np.eye(2, dtype=np.float32))
    for name in ("v.txt", "v.bin"):
        with pytest.raises(DataError, match=r"is empty or holds white space.*use \.kv"):
            files.write(tmp_path / name, vectors)
    files.write(tmp_path / "v.kv", vectors)
    assert files.read(tmp_path / "v.kv").index_to_key == ["a", word]

"""Bad input of the two text pipelines, from the command line: one message, no traceback, nothing half-written."""

import gzip
import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from nlp import word2vec
from nlp.errors import DataError
from serving import predict
from tests.e2e import texts
from tests.e2e.pipeline_runs import Pipeline, contents

QUICK = ("--tokenizer", "space", "--order", "2", "--discount-fallback", "0.5", "1", "1.5", "--no-export")
VECTORS = ("--tokenizer", "space", "--dimensions", "4", "--training.epochs", "1", "--min-count", "1", "--no-export")


@pytest.fixture(autouse=True)
def _text(tmp_path: Path) -> None:
    """good.txt in every test's folder."""
    texts.write(tmp_path / "good.txt", texts.sentences(200))


def _scores(folder: Path) -> dict[str, float]:
    scores: dict[str, float] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return scores


def _nothing_written(folder: Path) -> None:
    """Only what the test put there."""
    assert not (folder / "run").exists()
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("content", "ngram", "words"),
    [
        ("", "data.txt is empty; expected text", "data.txt is empty; expected text"),
        (
            "\n\n  \n",
            "the text has only blank lines, so there is nothing to split",
            "data.txt holds no words; expected a text of sentences",
        ),
        (
            "word\n",
            "too short to split: 1 lines fall to training, validation and test as",
            "only one word, 'word', is left",
        ),
    ],
    ids=["empty", "blank", "one word"],
)
def test_text_without_content(pipeline: Pipeline, tmp_path: Path, content: str, ngram: str, words: str) -> None:
    (tmp_path / "data.txt").write_text(content, encoding="utf-8")
    pipeline("ngram", "--data", "data.txt", "--out", "run").refuses(ngram)
    _nothing_written(tmp_path)
    pipeline("word2vec", "--data", "data.txt", "--out", "run", "--min-count", "1").refuses(words)
    _nothing_written(tmp_path)


def test_one_word_beside_a_test_text(pipeline: Pipeline, tmp_path: Path) -> None:
    """It can be counted: a model of one word, where the rest is unknown."""
    texts.write(tmp_path / "one.txt", ["word"])
    assert pipeline("ngram", "--data", "one.txt", "--test", "good.txt", "--out", "run", *QUICK).code == 0
    scores = _scores(tmp_path / "run")
    assert scores["oov"] == scores["n"] - scores["sentences"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "held.txt is empty; expected text"),
        ("\n", "the test text has no sentence by the tokenizer words; give more text, or --test with sentences"),
        ("!?! ... 。\n", "the test text has no sentence by the tokenizer words"),
        (None, "no file or folder held.txt; expected a text file, a folder of text files or a built-in corpus"),
    ],
)
def test_held_out_text_without_content(pipeline: Pipeline, tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "held.txt").write_text(content, encoding="utf-8")
    pipeline("ngram", "--data", "good.txt", "--test", "held.txt", "--out", "run").refuses(words)
    _nothing_written(tmp_path)


def test_validation_text_without_content(pipeline: Pipeline, tmp_path: Path) -> None:
    assert pipeline("ngram", "--data", "good.txt", "--out", "other", *QUICK).code == 0
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    mixed = ("--mix", "other/model.arpa", "--validation", "blank.txt", "--discount-fallback", "0.5", "1", "1.5")
    pipeline("ngram", "--data", "good.txt", "--out", "run", *mixed).refuses(
        "the validation text has no sentence by the tokenizer words; give more text, or --validation with sentences"
    )
    _nothing_written(tmp_path)


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 MB without a line's end, two million words of twelve kinds, and some lines of usual length."""
    path = tmp_path_factory.mktemp("long") / "long.txt"
    kinds = np.array([f"{'abcdefghijkl'[kind] * 24} " for kind in range(12)], object)
    drawn = np.random.default_rng(0).integers(0, 12, 2_000_000)
    path.write_text("".join(kinds[drawn]) + "\n" + "".join(f"{kind}\n" for kind in kinds), encoding="ascii")
    assert path.stat().st_size > 50_000_000
    return path


def test_one_line_of_50_mb_counted(pipeline: Pipeline, tmp_path: Path, long_line: Path) -> None:
    ended = pipeline("ngram", "--data", long_line, "--test", long_line, "--out", "run", *QUICK)
    assert ended.code == 0
    # Twelve words, drawn evenly.
    assert _scores(tmp_path / "run")["perplexity"] == pytest.approx(12, rel=1e-3)
    assert (tmp_path / "run" / "report.html").stat().st_size < 1_000_000


def test_one_line_of_50_mb_embedded(pipeline: Pipeline, tmp_path: Path, long_line: Path) -> None:
    # Little of such frequent words is trained on.
    assert pipeline("word2vec", "--data", long_line, "--out", "run", "--sample", "1e-5", *VECTORS).code == 0
    assert _scores(tmp_path / "run")["n"] == 12


def test_bytes_that_are_no_utf8(pipeline: Pipeline, tmp_path: Path) -> None:
    lines = texts.sentences(200)
    content = "".join(f"{line}\n" for line in lines).encode()
    second = content.index(b"\n") + 1
    (tmp_path / "data.txt").write_bytes(content[: second + 3] + b"\xff" + content[second + 3 :] + b"w1 \xc3\n")
    words = (
        f"data.txt, line 2, byte 4 (byte {second + 4} of the file): 0xff is not UTF-8; correct the text, or use --errors replace",
    )
    for name, flags in (("ngram", QUICK), ("word2vec", VECTORS)):
        pipeline(name, "--data", "data.txt", "--out", "run", *flags).refuses(*words)
        _nothing_written(tmp_path)
        ended = pipeline(name, "--data", "data.txt", "--out", "run", "--errors", "replace", *flags)
        assert ended.code == 0
        assert (
            "warning: bytes that are not UTF-8 were replaced by U+FFFD in 2 lines, first in data.txt, line 2, byte 4"
            in ended.said
        )
        assert "2 lines" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
        (tmp_path / "run").rename(tmp_path / f"done{flags[2]}")


def test_the_models_own_symbols_in_the_text(pipeline: Pipeline, tmp_path: Path) -> None:
    texts.write(tmp_path / "data.txt", [*texts.sentences(200), "w1 <s> w2", "w3 <unk> w4"])
    flags = ("--data", "data.txt", "--test", "good.txt", "--out", "run", *QUICK)
    pipeline("ngram", *flags).refuses(
        "data.txt, line 201 has the word '<s>' (word 2, in 'w1 <s> w2')", "--symbols drop", "--symbols rename"
    )
    _nothing_written(tmp_path)
    for choice, expected in (("drop", []), ("rename", ["<S>", "<UNK>"])):
        assert pipeline("ngram", *flags, "--symbols", choice).code == 0
        arpa = (tmp_path / "run" / "model.arpa").read_text(encoding="utf-8")
        assert [word for word in ("<S>", "<UNK>") if f"\t{word}\t" in arpa] == expected
        (tmp_path / "run").rename(tmp_path / choice)
    assert (
        pipeline("word2vec", "--data", "data.txt", "--out", "run", *VECTORS).code == 0
    )  # There they are words as others.


def test_order_beyond_every_sentence(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline("ngram", "--data", "good.txt", "--out", "run", *QUICK, "--order", "20").refuses(
        "the longest sentence has 12 tokens with <s> and </s>, so it holds no n-gram of order 20; --order can be 12 at most"
    )
    _nothing_written(tmp_path)


def test_too_little_text_for_the_discounts(pipeline: Pipeline, tmp_path: Path) -> None:
    texts.write(tmp_path / "data.txt", texts.sentences(12, seed=3))
    flags = ("--data", "data.txt", "--test", "good.txt", "--tokenizer", "space", "--no-export", "--out", "run")
    ended = pipeline("ngram", *flags)
    ended.refuses(
        "error: order ",
        "adjusted counts of 1 occur",
        "--discount-fallback 0.5 1 1.5, which is used for such orders only",
    )
    _nothing_written(tmp_path)
    assert pipeline("ngram", *flags, "--discount-fallback", "0.5", "1", "1.5").code == 0
    assert _scores(tmp_path / "run")["perplexity"] > 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("other.arpa", None, "--mix other.arpa: no such file; expected an ARPA file or the model.npz of another run"),
        ("other.arpa", b"", "other.arpa, line 1"),
        (
            "other.arpa",
            b"\\data\\\nngram 1=2\n\n\\1-grams:\n-1\t<unk>\nx\t<s>\n\n\\end\\\n",
            "other.arpa, line 6: found 'x'",
        ),
        ("other.npz", b"PK\x03\x04 cut off", "other.npz cannot be read as an n-gram model"),
        ("other.npz", None, "--mix other.npz: no such file"),
    ],
)
def test_models_to_mix_that_cannot_be_read(
    pipeline: Pipeline, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    pipeline("ngram", "--data", "good.txt", "--out", "run", *QUICK, "--mix", name).refuses(words)
    _nothing_written(tmp_path)


def test_scores_cannot_be_mixed(pipeline: Pipeline, tmp_path: Path) -> None:
    assert pipeline("ngram", "--data", "good.txt", "--out", "other", *QUICK, "--smoothing", "stupid-backoff").code == 0
    pipeline("ngram", "--data", "good.txt", "--out", "run", *QUICK, "--mix", "other/model.npz").refuses(
        "--mix other/model.npz: its scores do not sum to 1, so they cannot be mixed; give a model of another"
    )
    _nothing_written(tmp_path)


def test_vectors_of_differing_length(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("2 3\none 1 2 3\ntwo 1 2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"v\.txt, line 3, has a vector of 2 numbers; the first line promises 3"):
        word2vec.read(tmp_path / "v.txt")


def test_a_word_outside_the_vocabulary(pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline("word2vec", "--data", "good.txt", "--out", "run", *VECTORS[:-1]).code == 0
    assert predict.main([str(tmp_path / "run"), "w1", "w99"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("w1: ")
    assert said.err == "error: w99: not in the vocabulary\n"
    vectors = word2vec.read(tmp_path / "run" / "vectors.bin")
    for ask in (
        lambda: word2vec.neighbours(vectors, "w99", 3),
        lambda: word2vec.vector(vectors, "w99"),
        lambda: word2vec.analogy(vectors, "w1", "w2", "w99", 3),
    ):
        with pytest.raises(DataError, match="w99"):
            ask()


def test_a_vocabulary_that_min_count_empties(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline("ngram", "--data", "good.txt", "--out", "run", *QUICK, "--min-count", "5000").refuses(
        "a minimum count of 5000 (--min-count) leaves none of 30 words: the most frequent, 'w0', occurs",
        "lower the minimum count",
    )
    _nothing_written(tmp_path)
    for engine in ("keras", "gensim"):
        flags = (*VECTORS, "--engine", engine)
        pipeline("word2vec", "--data", "good.txt", "--out", "run", *flags, "--min-count", "5000").refuses(
            "--min-count 5000 leaves no word: the most frequent one, 'w0', occurs", "give a --min-count of at most"
        )
        _nothing_written(tmp_path)


def test_a_vocabulary_of_one_word(pipeline: Pipeline, tmp_path: Path) -> None:
    for engine in ("keras", "gensim"):
        flags = (*VECTORS, "--engine", engine, "--vocabulary-size", "1")
        pipeline("word2vec", "--data", "good.txt", "--out", "run", *flags).refuses(
            "only one word", "is left after --min-count 1 and --vocabulary-size 1"
        )
        _nothing_written(tmp_path)
    assert pipeline("ngram", "--data", "good.txt", "--out", "run", *QUICK, "--vocabulary-size", "1").code == 0
    assert 1 < _scores(tmp_path / "run")["perplexity"] < 4


def test_a_closed_vocabulary_and_unknown_words(pipeline: Pipeline, tmp_path: Path) -> None:
    flags = ("--data", "good.txt", "--out", "run", *QUICK, "--closed")
    pipeline("ngram", *flags, "--vocabulary-size", "9").refuses(
        "words outside the vocabulary (<unk>), which a closed vocabulary (--closed) gives no probability; use an open vocabulary"
    )
    _nothing_written(tmp_path)
    texts.write(tmp_path / "test.txt", ["w0 w1 other"])
    assert pipeline("ngram", *flags, "--test", "test.txt").code == 0
    scores = _scores(tmp_path / "run")
    assert "perplexity" not in scores
    assert scores["oov"] == scores["impossible"] == 1
    assert scores["perplexity_without_oov"] > 1


def test_a_corrupt_file_among_good_ones(pipeline: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    lines = texts.sentences(200)
    texts.write(folder / "a.txt", lines[:100])
    (folder / "b.txt.gz").write_bytes(gzip.compress("\n".join(lines[100:150]).encode())[:-200])
    with lzma.open(folder / "c.txt.xz", "wt") as file:
        file.write("\n".join(lines[150:]) + "\n")
    (folder / "d.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name, flags in (("ngram", QUICK), ("word2vec", VECTORS)):
        ended = pipeline(name, "--data", "data", "--out", "run", *flags)
        assert ended.code == 0
        assert "left out 2 files, or what follows a damaged place in them:" in ended.said
        assert " b.txt.gz cannot be read: Compressed file ended" in ended.said
        assert " d.png is a PNG picture, expected text in UTF-8" in ended.said
        report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
        assert "b.txt.gz" in report
        assert "d.png" in report
        (tmp_path / "run").rename(tmp_path / f"done{flags[2]}")


def test_word_lists_are_looked_at_before_training(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("w1\tw2\t3\nw1\tw3\n", encoding="utf-8")
    (tmp_path / "questions.txt").write_text(": all\nw1 w2 w3\n", encoding="utf-8")
    for flags, words in (
        (("--pairs", "pairs.tsv"), "pairs.tsv, line 2, is 'w1\\tw3'; expected word TAB word TAB number"),
        (("--questions", "questions.txt"), "questions.txt, line 2, has 3 words; expected four"),
        (("--questions", "nope.txt"), "nope.txt cannot be read"),
    ):
        pipeline("word2vec", "--data", "good.txt", "--out", "run", *VECTORS, *flags).refuses(words)
        _nothing_written(tmp_path)


def test_a_finished_run_and_a_changed_one(pipeline: Pipeline, tmp_path: Path) -> None:
    for name, flags, other in (
        ("ngram", QUICK, ("--order", "3")),
        ("word2vec", VECTORS, ("--window", "3")),
    ):
        assert pipeline(name, "--data", "good.txt", "--out", "run", *flags).code == 0
        before = contents(tmp_path / "run")
        pipeline(name, "--data", "good.txt", "--out", "run", *flags).refuses(
            "run is a finished run; give another --out"
        )
        assert contents(tmp_path / "run") == before
        (tmp_path / "run" / "scores.json").unlink()
        pipeline(name, "--data", "good.txt", "--out", "run", *flags).refuses(
            "run is an unfinished run; continue it with --resume"
        )
        field = other[0].removeprefix("--")
        pipeline(name, "--data", "good.txt", "--out", "run", *flags, *other, "--resume").refuses(
            f"--resume must continue run with its own configuration; changed: {field} (was "
        )
        good = texts.write(tmp_path / "good.txt", texts.sentences(199))
        pipeline(name, "--data", "good.txt", "--out", "run", *flags, "--resume").refuses(
            "the data has changed since run was started"
        )
        texts.write(good, texts.sentences(200))
        assert pipeline(name, "--data", "good.txt", "--out", "run", *flags, "--resume").code == 0
        (tmp_path / "run").rename(tmp_path / f"done{flags[2]}")

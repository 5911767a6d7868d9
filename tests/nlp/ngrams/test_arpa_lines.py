"""Damaged ARPA files: each is refused with the file, the line, what was found and what was expected."""

import gzip
from pathlib import Path

import pytest

from nlp.errors import DataError
from nlp.ngrams import arpa
from tests.nlp.ngrams.arpa_models import TOY0, read


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ngram 2=7", "ngram 2=8", r"line 21: found 7 2-grams above; expected 8, which line 3 promises"),
        ("ngram 3=7", "ngram 3=6", r"line 30: found 7 3-grams above; expected 6, which line 4 promises"),
        ("ngram 2=7", "ngram 3=7", r"line 3: found 'ngram 3=7'; expected `ngram 2=`"),
        ("ngram 2=7", "ngram two", r"line 3: found 'ngram two'; expected `ngram 2=`"),
        ("ngram 1=5\nngram 2=7\nngram 3=7\n", "", r"found no counts"),
        ("\\data\\", "data", r"no line \\data\\; expected an ARPA file"),
        ("\\2-grams:", "\\3-grams:", r"line 13: found '\\3-grams:'; expected \\2-grams:"),
        ("-0.2984526\tb a\t-0.30103", "-0.2984526\tb", r"line 16: found 2 columns; expected log10 probability, 2 word"),
        ("-0.2984526\tb a\t", "-0.2984526\tb\t", r"line 16: found the word '-0.30103', which no 1-gram lists"),
        (
            "-0.2984526\tb a\t",
            "-0.2984526\tb a b\t",
            r"line 16: found 5 columns; .*, 2 word\(s\) and perhaps a backoff",
        ),
        ("b a a\n", "b a a\t-0.1\n", r"line 24: found a backoff of -0.1; expected none, or 0, at the highest order"),
        ("b a a\n", "b a a\tb\n", r"line 24: found 'b'; expected a number"),
        ("b a a\n", "b a a a a\n", r"line 24: found 6 columns; expected log10 probability, 3 word\(s\) and perhaps"),
        ("-0.2984526\tb a\t", "much\tb a\t", r"line 16: found 'much'; expected a number"),
        ("-0.2984526\tb a\t-0.30103", "-0.2984526\tb a\tnan", r"line 16: found 'nan'; expected a number"),
        ("-0.2984526\tb a\t-0.30103", "-0.2984526\tb a\tinf", r"line 16: found 'inf'; expected a number"),
        (
            "-0.2984526\tb a\t",
            "0.2984526\tb a\t",
            r"line 16: found a log10 probability of 0.298453; expected at most 0",
        ),
        ("\tb a\t", "\tb x\t", r"line 16: found the word 'x', which no 1-gram lists"),
        ("\ta a\t", "\tb a\t", r"line 16: found 'b a' again, as in line 15"),
        ("\tb a a\n", "\t<s> a a\n", r"line 24: found '<s> a a' again, as in line 23"),
        ("\tb\t", "\ta\t", r"line 11: found 'a' again, as in line 9"),
        ("\t</s>\t", "\tc\t", r"the 1-grams lack </s>"),
        ("\t<s>\t", "\tc\t", r"the 1-grams lack <s>"),
        ("\\end\\\n", "", r"the file ends; expected \\end\\ \(is it truncated\?\)"),
        ("\\end\\", "\\4-grams:", r"found '\\4-grams:'; expected \\end\\"),
    ],
)
def test_bad_input_malformed_arpa_names_the_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TOY0
    with pytest.raises(DataError, match=rf"model\.arpa, line \d+: .*{message}|model\.arpa, {message}"):
        read(tmp_path, TOY0.replace(old, new, 1))


def test_bad_input_an_arpa_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    for length in range(TOY0.index("\\end\\") + 4):
        path.write_text(TOY0[:length])
        with pytest.raises(DataError, match=r"model\.arpa, line \d+: "):
            arpa.read(path)


def test_bad_input_an_arpa_file_that_is_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "model.arpa").write_bytes(TOY0.replace("b", "é").encode("latin-1"))
    with pytest.raises(DataError, match=r"line 11: found the word b'\\xe9', which is not UTF-8; convert"):
        arpa.read(tmp_path / "model.arpa")


def test_bad_input_compressed_arpa_that_breaks_off(tmp_path: Path) -> None:
    content = gzip.compress(TOY0.encode())
    for damaged in (content[:-20], content[:100] + b"\xff" * 20 + content[120:]):
        (tmp_path / "model.arpa").write_bytes(damaged)
        with pytest.raises(DataError, match=r"cannot be read further .*truncated or damaged|line \d+"):
            arpa.read(tmp_path / "model.arpa")


def test_bad_input_no_arpa_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.arpa cannot be opened"):
        arpa.read(tmp_path / "absent.arpa")
    with pytest.raises(DataError, match=r"cannot be opened"):
        arpa.read(tmp_path)
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 100)
    with pytest.raises(DataError, match=r"no line \\data\\"):
        arpa.read(tmp_path / "binary")

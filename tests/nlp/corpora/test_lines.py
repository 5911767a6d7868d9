"""Corpora: files, folders, held-out parts."""

import gzip
import hashlib
import sys
from pathlib import Path

import pytest

from nlp import corpora, vocabulary
from nlp.corpora import Corpus
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer
from tests.nlp.text_files import file, random_text


def test_bad_input_invalid_utf8_is_replaced_and_counted(tmp_path: Path) -> None:
    path = file(tmp_path, "text.txt", b"\xc3\nok\na\xffb\xff\n" + b"\xe9\n" * 200)
    lines = corpora.read(str(path), errors="replace").train
    for _ in range(2):
        assert list(lines)[:3] == ["\ufffd", "ok", "a\ufffdb\ufffd"]
        assert lines.replaced == 202
        assert len(lines.replacements) == 100
        assert str(lines.replacements[1]) == f"{path}, line 3, byte 2 (byte 7 of the file): 0xff"


def test_bad_input_missing(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"no file or folder .*nothing; expected a text file, a folder of text files or a built-in corpus: lee",
    ):
        corpora.read(str(tmp_path / "nothing"))
    with pytest.raises(DataError, match=r"no file or folder .*held"):
        corpora.read("lee", test=tmp_path / "held")
    with pytest.raises(ValueError, match="errors is 'ignore'; expected one of strict, replace"):
        corpora.read("lee", errors="ignore")  # type: ignore[arg-type]


def test_a_folder_is_its_files_sorted(tmp_path: Path) -> None:
    file(tmp_path, "b.txt", b"b\n")
    file(tmp_path, "a/z.txt.gz", gzip.compress(b"az"))
    file(tmp_path, ".hidden", b"no\n")
    file(tmp_path, ".git/text.txt", b"no\n")
    found = corpora.read(str(tmp_path))
    assert list(found.train) == ["az", "b"]
    assert found.train.names == ("a/z.txt.gz", "b.txt")
    assert found.name == tmp_path.name


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        ("wiki.train.tokens", "wiki.val.tokens", "test.txt.gz"),
        ("train/0.txt", "dev/0.txt", "test/0.txt"),
        ("train-00000-of-00001.txt", "validation.txt", "test2.txt"),
        ("wiki.en.txt", "wiki.valid.en.txt", "wiki.test.en.txt"),
    ],
)
def test_a_folder_with_parts(tmp_path: Path, train: str, validation: str, test: str) -> None:
    for name in (train, validation, test):
        file(tmp_path, name, gzip.compress(name.encode()) if name.endswith(".gz") else name.encode())
    found = corpora.read(str(tmp_path))
    assert found.validation is not None
    assert found.test is not None
    assert (list(found.train), list(found.validation), list(found.test)) == ([train], [validation], [test])


def test_files_beside_named_parts_are_listed(tmp_path: Path) -> None:
    for name in ("train.txt", "test.txt", "README", "testament.txt"):
        file(tmp_path, name, name.encode())
    found = corpora.read(str(tmp_path))
    reason = "neither train, valid nor test in its name"
    assert list(found.train) == ["train.txt"]
    assert found.train.skipped == [("README", reason), ("testament.txt", reason)]


def test_own_held_out_files_replace_the_folders(tmp_path: Path) -> None:
    for name in ("data/train.txt", "data/test.txt", "mine.txt", "more/a.txt"):
        file(tmp_path, name, name.encode())
    found = corpora.read(str(tmp_path / "data"), test=tmp_path / "mine.txt", validation=tmp_path / "more")
    assert list(found.test or ()) == ["mine.txt"]
    assert list(found.validation or ()) == ["more/a.txt"]


def test_bad_input_corrupt_files_among_good_ones_are_listed(tmp_path: Path) -> None:
    file(tmp_path, "a.txt", b"a\n")
    packed = gzip.compress(random_text(2000))
    file(tmp_path, "b.gz", packed[:-20])
    file(tmp_path, "c.png", b"\x89PNG....")
    (tmp_path / "d.txt").symlink_to(tmp_path / "nowhere")
    file(tmp_path, "e.txt", b"")
    file(tmp_path, "f.txt", b"f\n")
    lines = corpora.read(str(tmp_path)).train
    assert [name for name, _ in lines.skipped] == ["c.png", "d.txt", "e.txt"]
    for _ in range(2):
        found = list(lines)
        assert (found[0], found[-1]) == ("a", "f")
        assert [name for name, _ in lines.skipped] == ["c.png", "d.txt", "e.txt", "b.gz"]
    assert "PNG picture" in lines.skipped[0][1]
    assert "missing (or a broken link)" in lines.skipped[1][1]
    assert "b.gz cannot be read beyond line" in lines.skipped[3][1]


def test_bad_input_folders_without_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no text file \(files: 0\); expected UTF-8 text"):
        corpora.read(str(tmp_path))
    file(tmp_path, "a.png", b"\x89PNG....")
    with pytest.raises(DataError, match=r"no text file \(files: 1\).*\n  a.png is a PNG picture"):
        corpora.read(str(tmp_path))
    file(tmp_path, "b/test.txt", b"a\n")
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"holds no training text, only test.txt; add train.txt"):
        corpora.read(str(tmp_path))


def test_lee() -> None:
    found = corpora.read("lee")
    assert found.name == "lee"
    # 300 documents (Lee, Pincombe and Welsh, 2005), one a line; 2,724 sentences of more than two words by the fixture's rule.
    assert len(list(found.train)) == 300
    sentences = "".join(Tokenizer("english", shortest=3).normalise(found.train))
    assert sentences.count("\n") == 2724


def test_lee_without_gensim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim.test.utils", None)
    with pytest.raises(DataError, match=r"comes with gensim, which cannot be imported.*pip install gensim"):
        corpora.read("lee")


def test_the_first_lines_only(tmp_path: Path) -> None:
    file(tmp_path, "a.txt", b"1\n2\n")
    file(tmp_path, "b.txt", b"3\n4\n")
    assert list(corpora.read(str(tmp_path), most=3).train) == ["1", "2", "3"]


def test_fingerprint_is_about_the_content(tmp_path: Path) -> None:
    one = file(tmp_path, "one.txt", b"a\r\nb\r\n")
    two = file(tmp_path, "two.gz", gzip.compress(b"a\nb"))
    three = file(tmp_path, "three.txt", b"a\nc\n")
    prints = [corpora.read(str(path)).fingerprint() for path in (one, two, three)]
    assert prints[0] == prints[1] != prints[2]
    assert prints[0] == hashlib.sha256(b"\0train\0a\nb\n\0validation\0\0test\0").hexdigest()
    assert corpora.read(str(one), test=three).fingerprint() != corpora.read(str(one), validation=three).fingerprint()


@pytest.fixture
def many(tmp_path: Path) -> Corpus:
    return corpora.read(str(file(tmp_path, "text.txt", b"".join(b"%d\n" % (i % 2000) for i in range(4000)))))


def test_split_is_a_partition_by_text(many: Corpus) -> None:
    parts = [list(part) for part in corpora.split(many.train, seed=1)]
    assert sorted(line for part in parts for line in part) == sorted(many.train)
    train, validation, test = map(set, parts)
    assert not train & validation | train & test | validation & test
    # 2,000 different lines: five standard deviations of 0.6 and 0.2 are 0.055 and 0.045.
    for part, share in zip((train, validation, test), (0.6, 0.2, 0.2), strict=True):
        assert abs(len(part) / 2000 - share) < 0.05
    assert parts[0] == [line for line in many.train if line in train]


def test_split_is_fixed_by_the_seed(many: Corpus) -> None:
    again = [list(part) for part in corpora.split(many.train, seed=1)]
    assert again == [list(part) for part in corpora.split(many.train, seed=1)]
    other = list(corpora.split(many.train, seed=2)[0])
    # Independent of the first: a share of 0.6 x 0.6 in both.
    assert abs(len(set(other) & set(again[0])) / 2000 - 0.36) < 0.06
    assert corpora.split(many.train, seed=-1)


def test_a_part_is_split_anew(many: Corpus) -> None:
    train = corpora.split(many.train, seed=1)[0]
    again = [set(part) for part in corpora.split(train, seed=1)]
    assert set.union(*again) == set(train)
    # 1,200 different lines, of which 0.6: five standard deviations are 0.07.
    assert abs(len(again[0]) / 1200 - 0.6) < 0.07


def test_blank_lines_are_in_every_part(tmp_path: Path) -> None:
    lines = corpora.read(str(file(tmp_path, "text.txt", b"".join(b"%d\n\n" % i for i in range(500))))).train
    assert [list(part).count("") > 50 for part in corpora.split(lines, seed=0)] == [True] * 3


def test_split_without_a_part(many: Corpus) -> None:
    train, validation, test = corpora.split(many.train, seed=0, shares=(0.9, 0.1, 0.0))
    assert len(list(train)) + len(list(validation)) == 4000
    assert list(test) == []
    with pytest.raises(ValueError, match="expected three numbers of 0 or more that sum to 1"):
        corpora.split(many.train, seed=0, shares=(0.9, 0.2, 0.0))


def test_bad_input_too_short_to_split(tmp_path: Path) -> None:
    lines = corpora.read(str(file(tmp_path, "text.txt", b"same\n" * 9 + b"\n" * 5))).train
    with pytest.raises(
        DataError, match=r"too short to split: 9 lines fall to training, validation and test as .*9.*another seed"
    ):
        corpora.split(lines, seed=0)


def test_bad_input_only_blank_lines_to_split(tmp_path: Path) -> None:
    lines = corpora.read(str(file(tmp_path, "text.txt", b"\n \n\n"))).train
    with pytest.raises(DataError, match=r"only blank lines, so there is nothing to split; give lines with words"):
        corpora.split(lines, seed=0)


@pytest.mark.parametrize("chunk", [16, 1 << 20])
def test_bad_input_symbols_name_the_line_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("nlp.tokenizers.tokenizer._CHUNK", chunk)
    file(tmp_path, "a.txt", b"".join(b"line %d\n" % i for i in range(500)))
    file(tmp_path, "b.txt", b"".join(b"other %d\n" % i for i in range(300)) + b"an <unk> here\n" + b"end\n" * 9)
    lines = corpora.read(str(tmp_path)).train
    parts = corpora.split(lines, seed=0)
    halves = corpora.split(next(part for part in parts if "an <unk> here" in part), seed=0)
    for found in (lines, *(part for part in (*parts, *halves) if "an <unk> here" in part)):
        with pytest.raises(DataError, match=r"^b\.txt, line 301 has the word '<unk>' \(word 2, in 'an <unk> here'\)"):
            list(Tokenizer("space").normalise(found))


def test_a_line_has_its_place_whatever_stands_around_it(tmp_path: Path) -> None:
    file(tmp_path, "a.txt", b"1\n\xff\n")
    file(tmp_path, "b.gz", gzip.compress(random_text(2000))[:-20])
    file(tmp_path, "c.txt", b"3\n4\n")
    lines = corpora.read(str(tmp_path), errors="replace").train
    number = len(list(lines))
    known = lines.replaced, list(lines.replacements), list(lines.skipped)
    assert [lines.place(n) for n in (1, 2, number)] == ["a.txt, line 1", "a.txt, line 2", "c.txt, line 2"]
    assert (lines.replaced, lines.replacements, lines.skipped) == known


def test_bad_input_one_line_of_50_mb(tmp_path: Path) -> None:
    path = file(tmp_path, "text.txt", b"fifty characters of text and one more space here. " * 1_000_000)
    ids, words = vocabulary.encode(Tokenizer("space").normalise(corpora.read(str(path)).train))
    assert len(ids) == 9_000_000 + 2
    assert len(words) == 9 + 3


def test_bad_input_empty_corpus_and_one_word(tmp_path: Path) -> None:
    blank = corpora.read(str(file(tmp_path, "blank.txt", b"\n \n...\n"))).train
    with pytest.raises(DataError, match="holds no sentence"):
        vocabulary.encode(Tokenizer("words").normalise(blank))
    one = corpora.read(str(file(tmp_path, "one.txt", b"word"))).train
    assert vocabulary.encode(Tokenizer("words").normalise(one))[0].tolist() == [1, 3, 2]

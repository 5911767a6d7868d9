"""pipelines.text.check: numbers counted by hand, the three places where they are told, and errors after everything is written."""

import html
import json
import re
from pathlib import Path

import pytest

from nlp import corpora
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer
from pipelines.text import check

TRAIN = b"the cat sat. the dog ran.\n\nthe cat sat. the dog ran.\n<script>x</script> one\n"
TEST = b"the cat sat. the dog ran.\na new bird\n"


def _corpus(folder: Path, train: bytes = TRAIN) -> corpora.Corpus:
    folder.mkdir()
    (folder / "train.txt").write_bytes(train)
    (folder / "train2.txt.gz").write_bytes(b"\x1f\x8bno archive")
    (folder / "test.txt").write_bytes(TEST)
    return corpora.read(str(folder))


def _section(page: str, title: str) -> str:
    body = page.split(f"<h2>{title}</h2>")[1].split("</section>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_what_is_found_is_told_three_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = _corpus(tmp_path / "text")
    scores = check.check(tmp_path / "check", corpus, Tokenizer("words"))
    # Words by hand: 6, 6 and "script x script one"; 6 and 3 in the test text, of which "a", "new", "bird" are unknown.
    assert scores == {
        "n": 6.0,
        "sentences": 8.0,
        "words": 25.0,
        "types": 8.0,
        "duplicates": 1.0,
        "across_parts": 1.0,
        "skipped": 1.0,
        "warnings": float(len(json.loads((tmp_path / "check" / "check.json").read_text())["warnings"])),
    }
    told = capsys.readouterr().out
    assert "train: 4 lines, 5 sentences, 16 words, 8 distinct\n" in told
    assert "test: 2 lines, 3 sentences, 9 words, 8 distinct, 33.3% not in training\n" in told
    assert "left out: train2.txt.gz: " in told
    assert "warning: train: only 16 words; expect little of a model\n" in told
    assert f"report: {tmp_path / 'check' / 'check.html'}" in told


def test_the_page(tmp_path: Path) -> None:
    check.check(tmp_path / "check", _corpus(tmp_path / "text"), Tokenizer("words"))
    page = (tmp_path / "check" / "check.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == [
        "To look at",
        "Sizes",
        "Most frequent words",
        "What looks like markup",
        "Skipped files (1)",
    ]
    assert "<script>" not in page
    sizes = _section(page, "Sizes")
    assert "empty lines 1 0 repeated lines 1 0 lines that are also in training 1 " in sizes
    assert "characters of the longest line 25 25 which line that is 1 1" in sizes
    assert "the train 4 " in _section(page, "Most frequent words")
    assert "<script> train 1 </script> train 1" in _section(page, "What looks like markup")
    assert dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page))["train, words"] == "16"


def test_errors_are_raised_when_all_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = _corpus(tmp_path / "text", TRAIN + b"bad \xff\n")
    with pytest.raises(DataError, match=r"the text cannot be used as it is: train: .*line 5, byte 5"):
        check.check(tmp_path / "check", corpus, Tokenizer("words"))
    assert "error: train: 1 line not UTF-8" in capsys.readouterr().out
    assert json.loads((tmp_path / "check" / "check.json").read_text(encoding="utf-8"))["errors"]
    page = (tmp_path / "check" / "check.html").read_text(encoding="utf-8")
    assert "Error: train: 1 line not UTF-8" in _section(page, "To look at")
    assert "train.txt, line 5, byte 5" in _section(page, "Bytes that are not UTF-8")


@pytest.mark.parametrize(
    ("text", "tokenizer", "min_count", "warnings"),
    [
        ("a b a b\n", "words", 2, []),
        ("a b a b a\n", "words", 4, ["--min-count 4 leaves no word: the most frequent one, 'a', occurs 3 times"]),
        (
            "春天\n夏天\n秋天\n",
            "words",
            5,
            [
                "--min-count 5 leaves no word: the most frequent one, '春天', occurs 1 times",
                "nearly every word occurs once only; if there are no spaces between the words, use --tokenizer characters",
            ],
        ),
        (
            "春天\n夏天\n春天\n",
            "space",
            1,
            ["no sentence has two words; if there are no spaces between the words, use --tokenizer characters"],
        ),
        ("春天\n", "characters", 1, []),
    ],
)
def test_doubts_about_the_words(tmp_path: Path, text: str, tokenizer: str, min_count: int, warnings: list[str]) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    check.check(tmp_path / "check", corpora.read(str(tmp_path / "text.txt")), Tokenizer(tokenizer), min_count=min_count)
    told = json.loads((tmp_path / "check" / "check.json").read_text(encoding="utf-8"))["warnings"]
    # corpus_check's own doubts about a short text come first.
    assert [line for line in told if "spaces" in line or "min-count" in line] == [f"train: {line}" for line in warnings]


def test_a_good_text_has_nothing_to_look_at(tmp_path: Path) -> None:
    path = tmp_path / "a&b.txt"
    path.write_text(
        "".join(f"the cat number{n} sat on mat{n} of floor{n} there\n" for n in range(3000)), encoding="utf-8"
    )
    check.check(tmp_path / "check", corpora.read(str(path)), Tokenizer("space"))
    page = (tmp_path / "check" / "check.html").read_text(encoding="utf-8")
    assert "No warnings." in _section(page, "To look at")
    assert "<h1>The text: " in page
    assert "a&amp;b.txt" in page
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["To look at", "Sizes", "Most frequent words", "Skipped files"]

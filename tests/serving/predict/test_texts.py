"""`serving.predict` for texts and words: NumPy's numbers on each line, unknown words named, the same from a server."""

import io
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import predict, saved_model
from serving.client import Client
from serving.predict import texts
from tests.serving import page_server, text_models

Captured = pytest.CaptureFixture[str]
WORDS, TABLE = text_models.vectors(30, 12)
WORDS[5], WORDS[6] = "grün", "new_york"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run folders ngram and word2vec."""
    folder = tmp_path_factory.mktemp("texts")
    text_models.write_ngram(folder / "ngram" / "export" / "1")
    text_models.write_word2vec(folder / "word2vec" / "export" / "1", WORDS, TABLE, count=3)
    return folder


@pytest.fixture(scope="module")
def url(runs: Path) -> Iterator[str]:
    """A server of both."""
    with page_server.serve({name: runs / name / "export" for name in ("ngram", "word2vec")}) as served:
        with Client(served.url) as client:
            client.wait_until_ready()
        yield served.url.rstrip("/")


def _told(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    code = predict.main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def _records(told: tuple[int, str, str]) -> list[dict[str, Any]]:
    assert (told[0], told[2]) == (0, "")
    return [json.loads(line) for line in told[1].splitlines()]


def test_a_line_for_each_text(runs: Path, capsys: Captured) -> None:
    # Two words and the end, each 1/4: ln (1/4)^3 = -4.159.
    line = "the cat: perplexity 4, log probability -4.159; next sat 0.500, </s> 0.375, grün 0.062"
    code, out, err = _told(capsys, runs / "ngram", "the cat", "")
    assert (code, err) == (0, "")
    assert out.splitlines() == [line, ": perplexity 4, log probability -1.386; next sat 0.500, </s> 0.375, grün 0.062"]


def test_texts_as_records(runs: Path, capsys: Captured) -> None:
    [record] = _records(_told(capsys, runs / "ngram" / "export", "a b c", "--json"))
    assert record.keys() == {"input", "log_prob", "perplexity", "next_words", "next_scores"}
    assert record["log_prob"] == pytest.approx(-4 * math.log(4))
    assert record["perplexity"] == pytest.approx(4, rel=1e-5)
    assert (record["next_words"], record["next_scores"]) == (["sat", "</s>", "grün"], [0.5, 0.375, 0.0625])


def test_an_impossible_text(tmp_path: Path, capsys: Captured) -> None:
    text_models.write_ngram(tmp_path / "1", log_prob=-math.inf)
    code, out, _ = _told(capsys, tmp_path / "1", "never seen")
    assert (code, out.split("; ")[0]) == (0, "never seen: perplexity inf, log probability -inf")


def test_words_are_answered_with_their_neighbours_and_unknown_ones_named(runs: Path, capsys: Captured) -> None:
    code, out, err = _told(capsys, runs / "word2vec", "grün", "xyzzy", "w7", "W7")
    assert code == 1
    hint = "not in the vocabulary; words are looked up as they are spelled, and it has w7"
    assert err == f"error: xyzzy: not in the vocabulary\nerror: W7: {hint}\n"
    expected = []
    for word in ("grün", "w7"):
        ids, cosines = text_models.nearest(TABLE, WORDS.index(word), 3)
        named = ", ".join(f"{WORDS[i]} {cosine:.3f}" for i, cosine in zip(ids, cosines, strict=True))
        expected.append(f"{word}: {named}")
    assert out.splitlines() == expected


def test_words_as_records(runs: Path, capsys: Captured) -> None:
    [record] = _records(_told(capsys, runs / "word2vec", "w7", "--json"))
    assert record.keys() == {"input", "neighbours", "similarities", "vector"}
    ids, cosines = text_models.nearest(TABLE, 7, 3)
    assert record["neighbours"] == [WORDS[i] for i in ids]
    assert record["similarities"] == pytest.approx(list(cosines), abs=1e-6)
    assert record["vector"] == TABLE[7].tolist()


def _analogy(a: int, b: int, c: int) -> list[str]:
    """3CosAdd (Mikolov et al., 2013), the three words left out."""
    units = TABLE / np.linalg.norm(TABLE, axis=1, keepdims=True)
    cosines = units @ (units[b] - units[a] + units[c])
    return [WORDS[i] for i in np.argsort(-cosines) if i not in (a, b, c)][:3]


def test_analogies(runs: Path, capsys: Captured) -> None:
    asked = ["--analogy", "w1", "w2", "w3", "--analogy", "w1", "xyzzy", "W3", "--analogy", "w9", "w8", "grün"]
    code, out, err = _told(capsys, runs / "word2vec", *asked)
    hint = "words are looked up as they are spelled, and it has w3"
    assert (code, err) == (1, f"error: w1 : xyzzy = W3 : ?: xyzzy, W3: not in the vocabulary; {hint}\n")
    first, second = out.splitlines()
    assert first.startswith("w1 : w2 = w3 : ?: ")
    assert [each.split()[0] for each in first.split("?: ")[1].split(", ")] == _analogy(1, 2, 3)
    assert [each.split()[0] for each in second.split("?: ")[1].split(", ")] == _analogy(9, 8, 5)
    [record, word] = _records(_told(capsys, runs / "word2vec", "w4", *asked[:4], "--json"))
    assert (record["input"], record["words"]) == (["w1", "w2", "w3"], _analogy(1, 2, 3))
    assert word["input"] == "w4"


def test_lines_of_files_and_of_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "texts.txt").write_bytes(b"one\r\n\n \ntwo words\nno utf-8: \xff")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"drei\nvier")))
    given = ["zero", f"@{tmp_path / 'texts.txt'}", "-", ""]
    found = list(texts.lines(given))
    assert found == ["zero", "one", "two words", "no utf-8: \udcff", "drei", "vier", ""]
    with pytest.raises(FileNotFoundError, match="absent: no such file; expected one with a text in each line"):
        list(texts.lines(["@absent"]))


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_server_says_what_the_bundle_says(url: str, runs: Path, capsys: Captured, form: list[str]) -> None:
    for name, asked in (
        ("ngram", ["the cat", "no \udcff", ""]),
        ("word2vec", ["grün", "GRÜN", "xyzzy", "--analogy", "w1", "w2", "w3", "--analogy", "w1", "w2", "x"]),
    ):
        expected = _told(capsys, runs / name, *asked, *form)
        assert len(expected[1].splitlines()) >= 2
        assert _told(capsys, "--url", url, "--model", name, *asked, *form) == expected


def test_in_python(runs: Path) -> None:
    with saved_model.load(runs / "word2vec" / "export" / "1") as loaded:
        found = predict.neighbours(loaded, "w7")
        assert [name for name, _ in found.neighbours] == [WORDS[i] for i in text_models.nearest(TABLE, 7, 3)[0]]
        np.testing.assert_array_equal(found.vector, TABLE[7])
        assert [name for name, _ in predict.analogy(loaded, "w1", "w2", "w3")] == _analogy(1, 2, 3)
        with pytest.raises(ValueError, match=r"^not in the vocabulary$"):
            predict.neighbours(loaded, "xyzzy")
        for phrase in ("new york", " New  York"):
            with pytest.raises(ValueError, match=r"^not in the vocabulary; .* it has new_york$"):
                predict.neighbours(loaded, phrase)
        with pytest.raises(ValueError, match=r"^xyzzy: not in the vocabulary$"):
            predict.analogy(loaded, "w1", "xyzzy", "xyzzy")
        with pytest.raises(ValueError, match=r"^W1, new york: .* it has w1, new_york$"):
            predict.analogy(loaded, "W1", "w2", "new york")
    with saved_model.load(runs / "ngram" / "export" / "1") as loaded:
        score = predict.text_score(loaded, "a b")
        assert score.log_prob == pytest.approx(-3 * math.log(4))
        assert score.next_words[0] == ("sat", 0.5)

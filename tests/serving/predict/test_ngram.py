"""`serving.predict` for an n-gram model: a line and a record per text, with the numbers of its known rule."""

import math
from pathlib import Path

import pytest

from serving import predict, saved_model
from tests.serving import text_models
from tests.serving.predict.text_runs import Captured, records, said


def test_a_line_for_each_text(runs: Path, capsys: Captured) -> None:
    # Two words and the end, each 1/4: ln (1/4)^3 = -4.159.
    line = "the cat: perplexity 4, log probability -4.159; next sat 0.500, </s> 0.375, grün 0.062"
    code, out, err = said(capsys, runs / "ngram", "the cat", "")
    assert (code, err) == (0, "")
    assert out.splitlines() == [line, ": perplexity 4, log probability -1.386; next sat 0.500, </s> 0.375, grün 0.062"]


def test_texts_as_records(runs: Path, capsys: Captured) -> None:
    [record] = records(said(capsys, runs / "ngram" / "export", "a b c", "--json"))
    assert record.keys() == {"input", "log_prob", "perplexity", "next_words", "next_scores"}
    assert record["log_prob"] == pytest.approx(-4 * math.log(4))
    assert record["perplexity"] == pytest.approx(4, rel=1e-5)
    assert (record["next_words"], record["next_scores"]) == (["sat", "</s>", "grün"], [0.5, 0.375, 0.0625])


def test_an_impossible_text(tmp_path: Path, capsys: Captured) -> None:
    text_models.write_ngram(tmp_path / "1", log_prob=-math.inf)
    code, out, _ = said(capsys, tmp_path / "1", "never seen")
    assert (code, out.split("; ")[0]) == (0, "never seen: perplexity inf, log probability -inf")


def test_in_python(runs: Path) -> None:
    with saved_model.load(runs / "ngram" / "export" / "1") as loaded:
        score = predict.text_score(loaded, "a b")
        assert score.log_prob == pytest.approx(-3 * math.log(4))
        assert score.next_words[0] == ("sat", 0.5)

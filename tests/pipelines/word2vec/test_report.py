"""The report of word vectors: how much each score rests on, words escaped, everything that a run has shown."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from nlp.embeddings.evaluation import Analogies, Section, Similarity
from nlp.embeddings.phrases import Phrase
from pipelines.word2vec import report
from pipelines.word2vec.evidence import Evidence

FORM = {
    "file": "model.tflite",
    "bytes": 4096,
    "max_abs_delta": 1.25e-7,
    "agreement": 1.0,
    "agreement_k": 0.9975,
    "milliseconds": 0.314,
    "scores": {"spearman_wordsim353": 0.1625},
}


def _section(name: str, correct: int, n: int, oov: int) -> Section:
    return Section(
        name=name, accuracy=correct / n if n else None, correct=correct, n=n, oov=oov, oov_share=oov / (n + oov)
    )


def _pairs(spearman: float | None, n: int, oov: int) -> Similarity:
    return Similarity(
        spearman=spearman, pearson=spearman, n=n, oov=oov, oov_share=oov / (n + oov), note="" if spearman else "few"
    )


@pytest.fixture
def evidence() -> Evidence:
    kinds = [_section("family", 3, 30, 476), _section("currency", 0, 0, 866)]
    return Evidence(
        scores={"spearman_wordsim353": 0.1625, "spearman_simlex999": None},
        similarity={"WordSim-353": _pairs(0.1625, 101, 252), "SimLex-999": _pairs(None, 1, 998)},
        analogies={"top30k": Analogies(total=_section("total", 3, 30, 1342), sections=kinds)},
        method="keras skip-gram",
        settings="5 negatives, window 5",
        dimensions=50,
        rows=[{"epoch": 1.0, "loss": 2.5, "words_per_second": 500_000.0}, {"epoch": 2.0, "loss": float("nan")}],
        sentences=40,
        raw_words=1000,
        counts=np.array([300, 100, 60, 40]),
        min_count=20,
        vocabulary_size=None,
        neighbours=[("a<b", 300, [("c&d", 0.987), ("e", 0.5)])],
        groups=[["a<b", "c&d"], ["e"]],
        points=np.array([[0.0, 1], [1, 1], [1, 0]]),
        explained=(0.31, 0.12),
        tried=[("man", "woman", "king", "queen", 0.71)],
        phrases=[Phrase(text="new_york", score=12.5, count=30)],
        parity={
            "forms": {"float32": FORM},
            "reference": {"name": "served bundle", "scores": FORM["scores"]},
            "words": 4,
            "neighbours": 10,
            "n": 3,
        },
        replaced=0,
    )


def _parts(evidence: Evidence) -> dict[str, str]:
    """Title to text of each section, tags left out."""
    sections = [section for section in report.sections(evidence) if section is not None]
    assert not any(re.search(r"a<b", section.body) for section in sections)
    texts = {section.title: html.unescape(re.sub(r"<[^>]+>", " ", section.body)) for section in sections}
    return {title: re.sub(r"\s+", " ", text) for title, text in texts.items()}


def test_the_sections(evidence: Evidence) -> None:
    parts = _parts(evidence)
    assert list(parts) == [
        "What the scores mean",
        "Nearest words",
        "Map of words",
        "Analogies by section",
        "Analogies tried",
        "Word frequencies",
        "Phrases",
        "Training",
        "Forms for phones",
    ]
    assert "a<b (300) c&d 0.99, e 0.50" in parts["Nearest words"]
    assert "43% of all their variance" in parts["Map of words"]
    assert "family 3 of 30 (10.0%) all 3 of 30 (10.0%)" in parts["Analogies by section"]
    assert "As a is to b, so is c to the answer" in parts["Analogies tried"]
    assert "man : woman = king : … queen 0.71" in parts["Analogies tried"]
    assert (
        "4 distinct words occur 20 times or more and have vectors, which covers 50.0% of the text"
        in parts["Word frequencies"]
    )
    assert "1,000 words, a phrase being one, in 40 sentences" in parts["Word frequencies"]
    assert "2 of them occur less than 80 times" in parts["Word frequencies"]
    assert "new_york 30 12.5" in parts["Phrases"]
    assert "By keras skip-gram, 5 negatives, window 5." in parts["Training"]
    assert "1 2.5 500,000 2" in parts["Training"]
    assert "served bundle 0.1625" in parts["Forms for phones"]
    assert "float32 model.tflite 4.0 KiB 0.1625 1.0000 0.9975 1.2e-07 0.314" in parts["Forms for phones"]


def test_the_scores_say_what_they_rest_on(evidence: Evidence) -> None:
    meaning = _parts(evidence)["What the scores mean"]
    assert "have a correlation of 0.163 (Spearman" in meaning
    assert "It rests on 101 of its 353 word pairs; in the others a word has no vector." in meaning
    assert "chance alone gives up to 0.20" in meaning  # 2 / sqrt(101 - 1)
    assert "SimLex-999 says nothing here: it knows 1 of its 999 word pairs" in meaning
    assert "30 of 1,372 could be asked, and 3 of those, 10.0%, were answered right" in meaning
    assert "spearman simlex999 no score" in meaning


def test_what_has_no_score_takes_no_rows(evidence: Evidence) -> None:
    scores = {"n_wordsim353": 0.0, "oov_wordsim353": 1.0, "n_simlex999": 7.0, "oov_simlex999": 0.5, "n": 4.0}
    nothing = Analogies(total=_section("total", 0, 0, 9), sections=[_section("family", 0, 0, 9)])
    parts = _parts(replace(evidence, scores=scores, analogies={"full": nothing, "top30k": nothing}))
    assert parts["What the scores mean"].endswith("score value n simlex999 7 oov simlex999 0.5 n 4 ")
    assert "Analogies by section" not in parts


def test_sections_are_there_when_one_protocol_asked_them(evidence: Evidence) -> None:
    other = Analogies(total=_section("total", 1, 8, 0), sections=[_section("plural", 1, 8, 0)])
    parts = _parts(replace(evidence, analogies={**evidence.analogies, "full": other}))
    assert "family 3 of 30 (10.0%) none plural none 1 of 8 (12.5%) all" in parts["Analogies by section"]


def test_a_whole_list_needs_no_warning() -> None:
    told = report.about_pairs("mine", _pairs(0.5, 40, 0))
    assert told.endswith("It rests on 40 of its 40 word pairs; every word has a vector.")
    assert "all 30 could be asked" in report.about_analogies(
        "full", Analogies(total=_section("total", 3, 30, 0), sections=[])
    )
    nothing = Analogies(total=_section("total", 0, 0, 9), sections=[])
    assert "Analogies (full) say nothing here" in report.about_analogies("full", nothing)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            4,
            "1,000 words, in 40 sentences; the 4 most frequent words have vectors, the rarest of them occurs 40 times, ",
        ),
        (9, "1,000 words, in 40 sentences; 4 distinct words occur 20 times or more and have vectors, "),
    ],
)
def test_which_words_have_vectors(evidence: Evidence, limit: int, told: str) -> None:
    parts = _parts(replace(evidence, vocabulary_size=limit, phrases=[]))
    assert f"{told}which covers 50.0% of the text" in parts["Word frequencies"]


def test_the_card(evidence: Evidence) -> None:
    assert report.summary(evidence) == {
        "WordSim-353": "0.163",
        "SimLex-999": "no score",
        "pairs of WordSim-353": "101 of 353",
        "pairs of SimLex-999": "1 of 999",
        "analogies, top30k": "10.0% of 30",
        "words with vectors": "4",
        "dimensions": "50",
        "training words": "1,000",
        "epochs": "2",
        "method": "keras skip-gram",
    }


def test_what_is_not_there_is_left_out(evidence: Evidence) -> None:
    less = replace(
        evidence,
        analogies={},
        rows=[],
        neighbours=[],
        groups=[],
        points=np.zeros((0, 2)),
        tried=[],
        phrases=[],
        parity=None,
        replaced=5,
    )
    parts = _parts(less)
    assert list(parts) == ["What the scores mean", "Word frequencies"]
    assert "5 lines held bytes" in parts["Word frequencies"]


def test_a_long_history_is_drawn(evidence: Evidence) -> None:
    drawn = report.sections(replace(evidence, rows=[{"epoch": i + 1.0, "loss": 3.0 - i} for i in range(3)]))
    assert any(section is not None and "loss over 3 epochs" in section.body for section in drawn)

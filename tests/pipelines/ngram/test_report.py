"""The report of an n-gram model: every number where it belongs, in words that a reader can check, text of the corpus escaped."""

import html
import math
import re
from dataclasses import replace

import pytest

from nlp.ngrams.coverage import Coverage
from pipelines.ngram import report
from pipelines.ngram.evidence import Evidence, Part
from pipelines.ngram.pictures import Word


@pytest.fixture
def evidence() -> Evidence:
    def row(order: int, distinct: int, once: int, unseen: float) -> Coverage:
        return Coverage(
            order=order,
            distinct=distinct,
            once=once,
            possible=1000.0**order,
            held_out=90,
            unseen=unseen,
            unseen_distinct=unseen,
        )

    return Evidence(
        scores={"perplexity": 64.0, "oov_rate": 0.05},
        smoothing="modified-kneser-ney",
        parameters={"discounts of order 2": [0.5, 1.0, 1.25], "fallback": "none", "k": 3.0},
        normalised=True,
        vocabulary=999,
        ngrams=[1000, 3000],
        parts=[Part("training", 100, 2000, 998, 0), Part("test", 10, 80, 60, 4)],
        coverage=[row(1, 998, 400, 0.05), row(2, 3000, 2400, 0.625)],
        perplexity=[(1, 512.0, 256.0), (2, 64.0, 50.5)],
        matched=[0.05, 0.35, 0.6],
        samples=[(0.5, "one <i>two</i>"), (0.5, ""), (1.5, "three")],
        hardest=[("a <b> c", 12345.6)],
        easiest=[("he said", 4.25)],
        coloured=[[Word("<u>", math.log10(0.125), 2)]],
        replaced=2,
    )


def _parts(evidence: Evidence) -> dict[str, str]:
    """Title to text of each section, tags left out."""
    sections = [section for section in report.sections(evidence) if section is not None]
    assert not any(re.search(r"<(i|b|u)>(two| c|<br>)", section.body) for section in sections)
    texts = {section.title: html.unescape(re.sub(r"<[^>]+>", " ", section.body)) for section in sections}
    return {title: re.sub(r"\s+", " ", text) for title, text in texts.items()}


def test_the_sections(evidence: Evidence) -> None:
    parts = _parts(evidence)
    assert list(parts) == [
        "What the scores mean",
        "The curse of dimensionality",
        "Perplexity by order",
        "Longest match",
        "Word by word",
        "Most and least surprising sentences",
        "Written by the model",
        "The model",
        "The text",
    ]
    meaning = parts["What the scores mean"]
    assert "90 held-out tokens: 80 words and the ends of 10 sentences" in meaning
    assert "Its perplexity is 64: " in meaning
    assert "6.00 bits per token" in meaning  # log2 of 64
    assert (
        "4 of the words (5.0%) are not in the vocabulary (OOV) and count as <unk>; without them the perplexity is 50.5"
        in meaning
    )
    assert "oov rate 0.05" in re.sub(r"\s+", " ", meaning)


def test_what_the_parts_say(evidence: Evidence) -> None:
    parts = _parts(evidence)
    curse = parts["The curse of dimensionality"]
    assert (
        "Of 1.00·10⁶ possible n-grams of 2 words the training text holds 3,000, and 80% of those only once. 62.5% of"
        in curse
    )
    assert "2 1.00·10⁶ 3,000 2,400 90 62.5% 62.5%" in curse
    assert "From 512 with order 1 to 64 with order 2; the lowest is order 2 with 64." in parts["Perplexity by order"]
    assert "unknown word 5% the word alone 35% 2 words 60%" in parts["Longest match"]
    assert "<u> 3.0" in parts["Word by word"]
    assert "a <b> c 12,346" in parts["Most and least surprising sentences"]
    assert "Temperature 0.5 one <i>two</i> (empty) Temperature 1.5 three" in parts["Written by the model"]
    assert "discounts of order 2 0.5, 1, 1.25 fallback none k 3" in parts["The model"]
    assert "2 lines held bytes that are not UTF-8" in parts["The text"]


def test_the_card(evidence: Evidence) -> None:
    assert report.summary(evidence) == {
        "perplexity": "64",
        "without unknown words": "50.5",
        "unknown words": "5.0%",
        "held-out words": "80",
        "training words": "2,000",
        "vocabulary": "999",
        "order": "2",
        "smoothing": "modified-kneser-ney",
        "n-grams": "4,000",
    }


def test_an_infinite_perplexity_is_said(evidence: Evidence) -> None:
    parts = _parts(replace(evidence, perplexity=[(1, math.inf, math.inf), (2, math.inf, math.inf)]))
    assert (
        "Its perplexity is infinite: at least one of them is impossible to the model" in parts["What the scores mean"]
    )
    assert "With unknown words no order has a finite perplexity." in parts["Perplexity by order"]


def test_a_closed_vocabulary_is_said(evidence: Evidence) -> None:
    parts = _parts(replace(evidence, perplexity=[(2, math.inf, 7.0)]))
    assert "the words outside its closed vocabulary are impossible to it" in parts["What the scores mean"]
    assert "without them the perplexity is 7." in parts["What the scores mean"]


def test_scores_that_are_no_probabilities_are_said(evidence: Evidence) -> None:
    parts = _parts(replace(evidence, smoothing="stupid-backoff", normalised=False))
    assert "The scores of stupid-backoff do not sum to 1" in parts["What the scores mean"]


def test_what_is_not_there_is_left_out(evidence: Evidence) -> None:
    less = replace(
        evidence,
        coverage=[replace(evidence.coverage[0], unseen=math.nan, unseen_distinct=math.nan)],
        perplexity=evidence.perplexity[1:],
        samples=[],
        hardest=[],
        easiest=[],
        coloured=[],
        parts=[evidence.parts[0], evidence.parts[1]._replace(oov=0)],
    )
    parts = _parts(less)
    assert not {"Perplexity by order", "Word by word", "Written by the model"} & parts.keys()
    assert "All test words are in the vocabulary." in parts["What the scores mean"]
    assert (
        "are new" not in parts["The curse of dimensionality"].split("Smoothing decides")[0].split("distinct n-grams")[0]
    )
    assert "none none" in re.sub(r"\s+", " ", parts["The curse of dimensionality"])

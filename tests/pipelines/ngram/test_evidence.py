"""The evidence of an n-gram run, against the same worked out another way."""

import dataclasses
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from nlp import ngram
from nlp.ngram import NGramModel
from pipelines.ngram import data as ngram_data
from pipelines.ngram import evaluation, training
from pipelines.ngram import evidence as ngram_evidence
from pipelines.ngram.config import Config
from pipelines.ngram.data import Texts
from pipelines.ngram.evaluation import Evaluated
from pipelines.ngram.evidence import Evidence
from tests.e2e import texts


class Run(NamedTuple):
    """The steps of a run until the report."""

    config: Config
    evaluated: Evaluated
    evidence: Evidence

    @property
    def texts(self) -> Texts:
        """What was read."""
        return self.evaluated.trained.data

    @property
    def model(self) -> NGramModel:
        """What was trained."""
        return self.evaluated.trained.model


def _run(folder: Path, lines: list[str], held_out: list[str], **flags: object) -> Run:
    data, test = texts.write(folder / "data.txt", lines), texts.write(folder / "test.txt", held_out)
    named: dict[str, object] = {"data": str(data), "test": test, "tokenizer": "space", "smoothing": "witten-bell"}
    config = Config(**{**named, **flags})  # type: ignore[arg-type]
    encoded = ngram_data.encode(config, ngram_data.read(config), folder)
    evaluated = evaluation.evaluate(training.train(config, encoded, folder, folder))
    return Run(config, evaluated, ngram_evidence.gather(config, evaluated))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trigrams; the test text has an unknown word and an empty sentence."""
    held_out = [*texts.sentences(40, seed=1), "w0 new w1", "", "w2"]
    return _run(tmp_path_factory.mktemp("run"), texts.sentences(200), held_out)


def test_perplexity_of_lower_orders(run: Run) -> None:
    test = run.texts.vocabulary.encode(run.texts.test_chunks)
    for order, including, excluding in run.evidence.perplexity:
        model = ngram.estimate(run.texts.train, run.texts.vocabulary, order=order, smoothing="witten-bell")
        found = ngram.perplexity(ngram.score(model, test))
        assert (including, excluding) == pytest.approx((found.including, found.excluding))
    assert [order for order, *_ in run.evidence.perplexity] == [1, 2, 3]


def test_extreme_sentences_are_those_scored_alone(run: Run) -> None:
    model = run.model
    lines = (Path(run.config.data).parent / "test.txt").read_text(encoding="utf-8").splitlines()
    alone = {
        line: ngram.perplexity(ngram.score(model, model.vocabulary.encode([f"{line}\n"]))).including
        for line in lines
        if line
    }
    by_value = sorted(alone.items(), key=lambda item: item[1])
    assert [value for _, value in run.evidence.easiest] == pytest.approx([value for _, value in by_value[:5]])
    assert [value for _, value in run.evidence.hardest] == pytest.approx([value for _, value in by_value[:-6:-1]])
    for line, value in (*run.evidence.easiest, *run.evidence.hardest):
        assert value == pytest.approx(alone[line])


def test_coloured_words_are_those_of_the_model(run: Run) -> None:
    model = run.model
    assert len(run.evidence.coloured) == 3
    for sentence in run.evidence.coloured:
        words = [word.text for word in sentence]
        assert words[-1] == "</s>"
        assert 6 <= len(words) - 1 <= 30
        found = ngram.score(model, model.vocabulary.encode([" ".join(words[:-1]) + "\n"]))
        assert [word.log10_prob for word in sentence] == pytest.approx(found.log10)
        assert [word.order for word in sentence] == np.where(found.unknown, 0, found.order).tolist()


def test_sizes_and_shares(run: Run) -> None:
    train, test = run.evidence.parts
    lines = Path(run.config.data).read_text(encoding="utf-8").splitlines()
    assert (train.sentences, train.words) == (200, sum(len(line.split()) for line in lines))
    assert (train.types, train.oov) == (len({word for line in lines for word in line.split()}), 0)
    assert (test.sentences, test.oov) == (43, 1)
    assert run.evidence.matched[0] == pytest.approx(1 / run.evaluated.scores["n"])
    assert sum(run.evidence.matched) == pytest.approx(1)
    assert run.evidence.ngrams == [len(level.keys) for level in run.model.levels]
    assert run.evidence.vocabulary == train.types + 2
    assert len(run.evidence.samples) == 8


def test_impossible_and_endless_sentences(tmp_path: Path) -> None:
    """Maximum likelihood: infinite, not a number of 300 digits; a sentence of any length is cut for the page."""
    held_out = ["w0 new w1", "w0 " * 5000, ""]
    run = _run(tmp_path, texts.sentences(50), held_out, smoothing="maximum-likelihood", order=2)
    assert run.evidence.hardest[0] == ("w0 new w1", math.inf)
    assert max(len(line) for line, _ in run.evidence.hardest) < 510
    assert [len(sentence) for sentence in run.evidence.coloured] == [4]


def test_only_empty_sentences_held_out(tmp_path: Path) -> None:
    run = _run(tmp_path, [*texts.sentences(50), ""], [""])
    assert run.evidence.coloured == []
    assert run.evidence.hardest == run.evidence.easiest == []


def test_characters_are_written_as_text(tmp_path: Path) -> None:
    run = _run(tmp_path, texts.sentences(50), ["w0 w1"], tokenizer="characters")
    for _, text in run.evidence.samples:
        assert "▁" not in text
    assert any(" w" in text for _, text in run.evidence.samples)


def test_discounts_are_listed_by_order(tmp_path: Path) -> None:
    flags = {"smoothing": "modified-kneser-ney", "discount_fallback": (0.5, 1.0, 1.5), "prune": (0, 0, 1)}
    run = _run(tmp_path, texts.sentences(50), ["w0 w1"], **flags)
    # So few words give no discounts: order 1 has those of the flag.
    assert list(run.evidence.parameters["discounts of order 1"])[-3:] == [0.5, 1.0, 1.5]  # type: ignore[arg-type]
    assert run.evidence.parameters["pruned by count"] == "0 0 1"
    assert dataclasses.is_dataclass(run.evidence)

"""The evidence of a word2vec run, of small vectors."""

from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings.vectors import keyed
from pipelines.exports import Exported
from pipelines.text.left_out import NotUsed
from pipelines.word2vec import evaluation
from pipelines.word2vec import evidence as word2vec_evidence
from pipelines.word2vec.config import Config
from pipelines.word2vec.data import Text
from pipelines.word2vec.evidence import Evidence
from pipelines.word2vec.training import Trained


def _gather(words: list[str], config: Config | None = None) -> Evidence:
    matrix = np.random.default_rng(0).normal(size=(len(words), 5)).astype(np.float32)
    counts = np.arange(len(words), 0, -1) * 10
    rows = [{"epoch": 1.0, "loss": 2.0, "learning_rate": 0.01, "words_per_second": 1e5, "seconds": 1.0}]
    config = config or Config()
    text = Text(path=Path("gone"), sentences=7, words=70, phrases=[], not_used=NotUsed(3, [("a.png", "a picture")]))
    trained = Trained(data=text, vectors=keyed(words, matrix, counts=counts), rows=rows)
    evaluated = evaluation.evaluate(config, trained)
    return word2vec_evidence.gather(config, evaluated, Exported(parity=None, hint=""))


def test_words_from_frequent_to_rare_with_their_nearest() -> None:
    words = [f"w{number}" for number in range(300)]
    evidence = _gather(words)
    asked = [word for word, *_ in evidence.neighbours]
    places = [words.index(word) for word in asked]
    assert places == sorted(set(places))
    assert places[0] == 50  # the most frequent are near everything
    assert places[-1] <= 150
    matrix = np.random.default_rng(0).normal(size=(300, 5))
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    for word, count, nearest in evidence.neighbours:
        place = words.index(word)
        assert count == (300 - place) * 10
        cosines = unit @ unit[place]
        cosines[place] = -2
        expected = np.argsort(-cosines)[:8]
        assert [name for name, _ in nearest] == [words[other] for other in expected]
        assert [cosine for _, cosine in nearest] == pytest.approx(cosines[expected], abs=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
def test_few_words(size: int) -> None:
    evidence = _gather([f"w{number}" for number in range(size)])
    assert evidence.neighbours[0][0] == "w0"
    assert len(evidence.neighbours[0][2]) == min(8, size - 1)
    assert len(evidence.points) == sum(len(group) for group in evidence.groups)
    assert evidence.tried == []


def test_analogies_whose_words_are_known_are_tried() -> None:
    evidence = _gather(["man", "king", "woman", "queen", "day"])
    (asked,) = evidence.tried
    assert asked[:3] == ("man", "king", "woman")
    assert asked[3] in {"queen", "day"}


def test_what_was_done_and_found_is_passed_on() -> None:
    config = Config(engine="gensim", objective="hierarchical-softmax", architecture="cbow", window=3)
    evidence = _gather(["a", "b", "c"], config)
    assert (evidence.method, evidence.settings) == ("gensim cbow", "hierarchical softmax, window 3")
    assert evidence.counts.tolist() == [30, 20, 10]
    assert (evidence.sentences, evidence.raw_words, evidence.vocabulary_size) == (7, 70, None)
    assert evidence.replaced == 3
    assert _gather(["a", "b"]).settings == "5 negatives, window 5"

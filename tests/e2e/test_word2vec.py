"""A whole run of word2vec: training, bundle, `python -m serving` over HTTP and gRPC, every .tflite, and Python, all with one answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from gensim.models import KeyedVectors

from nlp import word2vec
from pipelines import word2vec as pipeline
from pipelines.word2vec import config as word2vec_config
from pipelines.word2vec.config import Training
from serving import predict
from tests.e2e import promises
from tests.e2e.helpers import post, predict_grpc

WORDS = ["government", "police", "sydney", "said"]
TITLES = (
    *("What the scores mean", "Nearest words", "Map of words", "Analogies by section", "Analogies tried"),
    *("Word frequencies", "Training", "Forms for phones", "Timing", "Skipped files"),
)
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "int8": 0.03}
"""Largest difference of a cosine from Python's."""


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    scores: dict[str, float]
    vectors: KeyedVectors


@pytest.fixture(scope="module", params=["keras", "gensim"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Vectors of the Lee corpus, a few epochs by either engine."""
    folder = tmp_path_factory.mktemp("runs") / "vectors"
    config = word2vec_config.Config(out=folder, engine=request.param, dimensions=32, training=Training(epochs=5))
    scores = pipeline.run(config)
    return Run(folder, scores, word2vec.read(folder / "vectors.kv"))


def test_keeps_its_promises(run: Run) -> None:
    def tensor(url: str, _: int) -> None:
        ids = [[run.vectors.key_to_index[word] for word in WORDS[:2]]]
        found = post(f"{url}:predict", {"signature_name": "tensor", "instances": ids})["predictions"]
        assert found[0] == [pytest.approx(run.vectors[word], abs=1e-6) for word in WORDS[:2]]

    def analogy(_: str, port: int) -> None:
        asked = {"a": ["man"], "b": ["men"], "c": ["day"]}
        found = predict_grpc(port, "word2vec", asked, signature="analogy")
        expected = word2vec.analogy(run.vectors, "man", "men", "day", 10)
        assert found["words"][0][0].decode() == expected[0][0]
        assert found["similarities"][0] == pytest.approx([similarity for _, similarity in expected], abs=1e-5)

    unknown = {"in_vocabulary": False, "neighbours": [""] * 10}
    promises.keeps_its_promises(
        promises.Promised(
            task="word2vec",
            folder=run.folder,
            scores=run.scores,
            beside={"checkpoints", "history.csv", "vectors.bin", "vectors.kv"},
            epochs=5,
            input={"words": {"dtype": "string", "shape": [None]}},
            outputs={"neighbours", "similarities", "vectors", "in_vocabulary"},
            signatures={"serving_default", "analogy", "similarity", "tensor"},
            titles=TITLES,
            tolerance=TOLERANCE,
        ),
        promises.Asked(
            inputs=[*WORDS, "zyzzyva"],
            expected=[*(_expected(run, word) for word in WORDS), unknown],
            first=WORDS[0],
            difference=lambda path: _phone_difference(path, run),
        ),
        tensor,
        analogy,
    )
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "distinct words occur 5 times or more and have vectors" in text
    assert "WordSim-353" in text


def _expected(run: Run, word: str) -> dict[str, Any]:
    near = word2vec.neighbours(run.vectors, word, 10)
    return {
        "neighbours": [name for name, _ in near],
        "similarities": [similarity for _, similarity in near],
        "vectors": run.vectors[word].tolist(),
        "in_vocabulary": True,
    }


def _phone_difference(path: Path, run: Run) -> float:
    """The largest of any cosine that the file gives, and of any number of a vector of length 1."""
    words = path.with_name("vocab.txt").read_text(encoding="utf-8").splitlines()
    assert words == run.vectors.index_to_key
    lookup = Interpreter(str(path)).get_signature_runner("serving_default")
    differences = []
    for word in WORDS:
        answer = lookup(token_ids=np.array([words.index(word)], np.int32))
        near = [words[place] for place in answer["neighbour_ids"][0]]
        differences += [answer["similarities"][0] - [run.vectors.similarity(word, name) for name in near]]
        differences += [answer["similarities"][0].max() - word2vec.neighbours(run.vectors, word, 1)[0][1]]
        vector = run.vectors[word]
        differences += [(answer["vectors"][0] - vector) / np.linalg.norm(vector)]
    return float(max(np.abs(difference).max() for difference in differences))


def test_an_unknown_word_on_the_command_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.main([str(run.folder), *WORDS[:2], "zyzzyva"]) == 1
    printed = capsys.readouterr()
    assert "zyzzyva" in printed.err
    assert "vocabulary" in printed.err
    assert word2vec.neighbours(run.vectors, WORDS[0], 1)[0][0] in printed.out


def test_scores_are_gensims_own_figures(run: Run) -> None:
    assert run.scores == json.loads((run.folder / "scores.json").read_text())
    vectors = KeyedVectors.load_word2vec_format(str(run.folder / "vectors.bin"), binary=True)
    _, spearman, unknown = vectors.evaluate_word_pairs(str(word2vec.built_in("wordsim353")))
    assert run.scores["spearman_wordsim353"] == pytest.approx(spearman.statistic, abs=1e-6)
    assert run.scores["oov_wordsim353"] == pytest.approx(unknown / 100)
    accuracy, _ = vectors.evaluate_word_analogies(str(word2vec.built_in("questions")))
    assert run.scores["analogies_full"] == pytest.approx(accuracy)

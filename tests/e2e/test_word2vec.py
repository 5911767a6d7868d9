"""The word2vec story, whole: training, bundle, `python -m serving` over HTTP and gRPC, every .tflite, and Python, all with one answer."""

import csv
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors

from nlp import word2vec
from pipelines import word2vec as story
from pipelines.word2vec import config as word2vec_config
from pipelines.word2vec.config import Training
from serving import litert
from tests.e2e.helpers import ROOT, free_port, get, post, predict_grpc, served

WORDS = ["government", "police", "sydney", "said", "zyzzyva"]
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "int8": 0.03}
"""Largest difference of a cosine from Python's."""


@dataclass(frozen=True)
class Told:
    """A finished run."""

    folder: Path
    scores: dict[str, float]
    vectors: KeyedVectors


@pytest.fixture(scope="module", params=["keras", "gensim"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Vectors of the Lee corpus, a few epochs by either engine."""
    folder = tmp_path_factory.mktemp("runs") / "vectors"
    config = word2vec_config.Config(out=folder, engine=request.param, dimensions=32, training=Training(epochs=5))
    scores = story.run(config)
    return Told(folder, scores, word2vec.read(folder / "vectors.kv"))


def test_the_run_folder_holds_what_was_promised(told: Told) -> None:
    expected = [
        "checkpoints",
        "config.json",
        "environment.json",
        "export",
        "history.csv",
        "mobile",
        "report.html",
        "samples",
        "scores.json",
        "vectors.bin",
        "vectors.kv",
    ]
    assert sorted(path.name for path in told.folder.iterdir()) == expected
    with (told.folder / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_scores_are_gensims_own_figures(told: Told) -> None:
    assert told.scores == json.loads((told.folder / "scores.json").read_text())
    vectors = KeyedVectors.load_word2vec_format(str(told.folder / "vectors.bin"), binary=True)
    _, spearman, unknown = vectors.evaluate_word_pairs(str(word2vec.built_in("wordsim353")))
    assert told.scores["spearman_wordsim353"] == pytest.approx(spearman.statistic, abs=1e-6)
    assert told.scores["oov_wordsim353"] == pytest.approx(unknown / 100)
    accuracy, _ = vectors.evaluate_word_analogies(str(word2vec.built_in("questions")))
    assert told.scores["analogies_full"] == pytest.approx(accuracy)


def test_rest_and_grpc_answer_as_python_does(told: Told) -> None:
    port = free_port()
    with served(told.folder / "export", name="vectors", grpc_port=port) as url:
        rows = post(f"{url}:predict", {"instances": [{"words": word} for word in WORDS]})["predictions"]
        ids = [[told.vectors.key_to_index[word] for word in WORDS[:2]]]
        tensor = post(f"{url}:predict", {"signature_name": "tensor", "instances": ids})["predictions"]
        asked = {"a": ["man"], "b": ["men"], "c": ["day"]}
        analogy = predict_grpc(port, "vectors", asked, signature="analogy")
        columns = predict_grpc(port, "vectors", {"words": WORDS})
        metadata = get(f"{url}/metadata")
    for place, word in enumerate(WORDS[:-1]):
        expected = word2vec.neighbours(told.vectors, word, 10)
        for similarities in (rows[place]["similarities"], columns["similarities"][place]):
            assert similarities == pytest.approx([similarity for _, similarity in expected], abs=1e-5)
        assert rows[place]["neighbours"][0] == expected[0][0] == columns["neighbours"][place][0].decode()
        assert rows[place]["vectors"] == pytest.approx(told.vectors[word], abs=1e-6)
        assert rows[place]["in_vocabulary"] is True
    assert rows[-1]["in_vocabulary"] is False
    assert rows[-1]["neighbours"] == [""] * 10
    assert columns["in_vocabulary"].tolist() == [True] * 4 + [False]
    assert tensor[0] == [pytest.approx(told.vectors[word], abs=1e-6) for word in WORDS[:2]]
    expected = word2vec.analogy(told.vectors, "man", "men", "day", 10)
    assert analogy["words"][0][0].decode() == expected[0][0]
    assert analogy["similarities"][0] == pytest.approx([similarity for _, similarity in expected], abs=1e-5)
    assert set(metadata["metadata"]["signature_def"]["signature_def"]) >= {"serving_default", "analogy", "tensor"}


@pytest.mark.parametrize("form", list(litert.FORMS))
def test_every_tflite_answers_as_python_does(told: Told, form: str) -> None:
    from ai_edge_litert.interpreter import Interpreter

    words = (told.folder / "mobile" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert words == told.vectors.index_to_key
    run = Interpreter(str(told.folder / "mobile" / litert.FORMS[form])).get_signature_runner("serving_default")
    for word in WORDS[:-1]:
        answer = run(token_ids=np.array([words.index(word)], np.int32))
        expected = word2vec.neighbours(told.vectors, word, 10)
        found = {
            words[place]: float(cosine)
            for place, cosine in zip(answer["neighbour_ids"][0], answer["similarities"][0], strict=True)
        }
        wanted = {name: told.vectors.similarity(word, name) for name in found}
        assert found == pytest.approx(wanted, abs=TOLERANCE[form])
        assert max(found.values()) == pytest.approx(expected[0][1], abs=TOLERANCE[form])
        assert answer["vectors"][0] == pytest.approx(
            told.vectors[word], abs=TOLERANCE[form] * float(np.linalg.norm(told.vectors[word]))
        )


def test_predict_says_the_same_on_the_command_line(told: Told) -> None:
    command = [sys.executable, "-m", "serving.predict", str(told.folder), *WORDS[:2], "zyzzyva"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "zyzzyva" in process.stderr
    assert "vocabulary" in process.stderr
    assert word2vec.neighbours(told.vectors, WORDS[0], 1)[0][0] in process.stdout


def test_the_bundle_says_what_it_is(told: Told) -> None:
    model: dict[str, Any] = json.loads((told.folder / "export" / "1" / "assets.extra" / "model.json").read_text())
    assert model["task"] == "word2vec"
    assert model["scores"] == told.scores
    assert model["signatures"]["serving_default"]["inputs"] == {"words": {"dtype": "string", "shape": [None]}}
    outputs = model["signatures"]["serving_default"]["outputs"]
    assert set(outputs) == {"neighbours", "similarities", "vectors", "in_vocabulary"}


def test_the_report_tells_the_story(told: Told) -> None:
    text = (told.folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", text) == [
        "What the scores mean",
        "Nearest words",
        "Map of words",
        "Analogies by section",
        "Analogies tried",
        "Word frequencies",
        "Training",
        "Forms for phones",
        "Timing",
        "Skipped files",
    ]
    assert "distinct words occur 5 times or more and have vectors" in text
    assert "WordSim-353" in text
    assert "http://" not in text.replace("http://www.w3.org", "")

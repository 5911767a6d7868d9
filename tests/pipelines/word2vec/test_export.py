"""The export of word vectors; bundle and phone files are tried end to end."""

from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings.vectors import keyed
from pipelines.text.left_out import NotUsed
from pipelines.word2vec import export
from pipelines.word2vec.config import Config
from pipelines.word2vec.data import Text
from pipelines.word2vec.evaluation import Evaluated
from pipelines.word2vec.training import Trained


@pytest.mark.parametrize(("size", "expected"), [(2, [0, 1]), (16, list(range(16))), (151, list(range(0, 151, 10)))])
def test_words_from_the_first_to_the_last(size: int, expected: list[int]) -> None:
    vectors = keyed([f"w{number}" for number in range(size)], np.ones((size, 2), np.float32))
    assert export.samples(vectors) == [f"w{number}" for number in expected]


def _evaluated(words: list[str], dimensions: int) -> Evaluated:
    text = Text(path=Path("gone"), sentences=1, words=4, phrases=[], not_used=NotUsed(0, []))
    vectors = keyed(words, np.eye(len(words), dimensions, dtype=np.float32))
    return Evaluated(trained=Trained(data=text, vectors=vectors, rows=[]), similarity={}, analogies={}, scores={})


def test_nothing_without_an_export(tmp_path: Path) -> None:
    exported = export.write(Config(export=False), tmp_path, _evaluated(["a", "b"], 2))
    assert exported.parity is None
    assert exported.hint == "no export: --no-export was given, or this model has none"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [1, 2, 3])
def test_few_words_are_exported_and_proven(tmp_path: Path, size: int) -> None:
    words = ["a", "b", "c"][:size]
    exported = export.write(Config(), tmp_path, _evaluated(words, 3))
    assert exported.parity is not None
    assert exported.parity["words"] == size
    assert (tmp_path / "samples" / "words.txt").read_text(encoding="utf-8").split() == words
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()
    assert exported.hint.endswith(f"@{tmp_path}/samples/words.txt")

"""What a word2vec run hands on; bundle and phone files are tried end to end."""

import shlex
from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings.vectors import keyed
from pipelines.word2vec import export
from pipelines.word2vec.config import Config


@pytest.mark.parametrize(("size", "expected"), [(2, [0, 1]), (16, list(range(16))), (151, list(range(0, 151, 10)))])
def test_words_from_the_first_to_the_last(size: int, expected: list[int]) -> None:
    vectors = keyed([f"w{number}" for number in range(size)], np.ones((size, 2), np.float32))
    assert export.shown(vectors) == [f"w{number}" for number in expected]


def test_nothing_without_an_export(tmp_path: Path) -> None:
    vectors = keyed(["a", "b"], np.eye(2, dtype=np.float32))
    assert export.write(Config(export=False), tmp_path, vectors, {}) is None
    assert not list(tmp_path.iterdir())
    assert export.hint(tmp_path) == "no export: --no-export was given, or this model has none"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_few_words_are_exported_and_proven(tmp_path: Path, size: int) -> None:
    words = ["a", "b", "c"][:size]
    parity = export.write(Config(), tmp_path, keyed(words, np.eye(size, 3, dtype=np.float32)), {})
    assert parity is not None
    assert parity["words"] == size
    assert (tmp_path / "samples" / "words.txt").read_text(encoding="utf-8").split() == words
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()


def test_the_hint_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    (folder / "export").mkdir(parents=True)
    serve, try_it = export.hint(folder).splitlines()
    assert shlex.split(serve.removeprefix("serve it: ")) == [
        "python",
        "-m",
        "serving",
        "--model_name=it's mine",
        f"--model_base_path={folder}/export",
        "--rest_api_port=8501",
    ]
    words = shlex.split(try_it.removeprefix("try it: "))
    assert words == ["python", "-m", "serving.predict", str(folder), f"@{folder}/samples/words.txt"]

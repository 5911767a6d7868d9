"""What an n-gram run hands on; the bundle itself is tried end to end."""

import shlex
from pathlib import Path

import pytest

from nlp import ngram, vocabulary
from nlp.corpora import lines
from nlp.corpora.lines import Corpus
from nlp.ngram import NGramModel
from nlp.tokenizers.tokenizer import Tokenizer
from pipelines.ngram import export
from tests.e2e import texts

CUT = Tokenizer("space")


@pytest.fixture(scope="module")
def model() -> NGramModel:
    """Bigrams by maximum likelihood of two sentences."""
    ids, words = vocabulary.encode(["a b c\n", "b a\n"])
    return ngram.estimate(ids, words, order=2, smoothing="maximum-likelihood")


def _corpus(folder: Path, train: list[str], test: list[str]) -> Corpus:
    return lines.read(str(texts.write(folder / "train.txt", train)), test=texts.write(folder / "test.txt", test))


def test_the_bundle_is_proven_on_possible_lines(tmp_path: Path, model: NGramModel) -> None:
    corpus = _corpus(tmp_path, ["b a"], ["c a", "", "a b c", "  b a ", "new"])
    assert export._texts(model, corpus, CUT) == ["a b c", "b a"]


def test_or_on_one_of_the_training_text(tmp_path: Path, model: NGramModel) -> None:
    corpus = _corpus(tmp_path, ["c c", "a b c", "b a"], ["c a"])
    assert export._texts(model, corpus, CUT) == ["a b c"]


def test_or_on_nothing_after_so_many_lines(tmp_path: Path, model: NGramModel) -> None:
    """A text of millions of impossible lines is not read to its end; a long line is cut."""
    corpus = _corpus(tmp_path, ["c c", *["x " * 1000] * export.TRIED, "a b c"], ["c a"])
    assert export._texts(model, corpus, CUT) == [""]


def test_the_hint_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my news"
    (folder / "export").mkdir(parents=True)
    serve, try_it = export.hint(folder).splitlines()
    assert shlex.split(serve.removeprefix("serve it: ")) == [
        "python",
        "-m",
        "serving",
        "--model_name=my news",
        f"--model_base_path={folder}/export",
        "--rest_api_port=8501",
    ]
    words = shlex.split(try_it.removeprefix("try it: "))
    assert words == ["python", "-m", "serving.predict", str(folder), f"@{folder}/samples/texts.txt"]


def test_nothing_to_try_without_an_export(tmp_path: Path) -> None:
    assert export.hint(tmp_path) == "no export: --no-export was given, or this model has none"

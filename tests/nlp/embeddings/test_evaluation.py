"""Similarity: the figures of gensim and of scipy by hand; too few known pairs have no correlation, and the answer says so."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from scipy import stats

from nlp.embeddings import evaluation
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    """Words of both similarity sets, some in two spellings."""
    words: dict[str, None] = {}
    for name in ("wordsim353", "simlex999"):
        for line in evaluation.built_in(name).read_text(encoding="utf-8").splitlines()[2:]:
            words |= dict.fromkeys(line.split("\t")[:2])
    kept = [*list(words)[::2], "LOVE", "Cat"]
    return keyed(kept, np.random.default_rng(1).normal(size=(len(kept), 10)).astype(np.float32))


@pytest.mark.parametrize("name", ["wordsim353", "simlex999"])
def test_the_figures_are_gensims(vectors: KeyedVectors, name: str) -> None:
    path = evaluation.built_in(name)
    found = evaluation.similarity(vectors, path)
    pearson, spearman, oov = vectors.evaluate_word_pairs(str(path))
    assert found.spearman == pytest.approx(spearman.statistic, abs=1e-6)
    assert found.pearson == pytest.approx(pearson.statistic, abs=1e-6)
    assert found.oov_share == pytest.approx(oov / 100)
    assert found.n + found.oov == {"wordsim353": 353, "simlex999": 999}[name]
    assert found.note == ""


def _pairs(folder: Path, text: str) -> Path:
    path = folder / "pairs.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_set_by_hand(tmp_path: Path) -> None:
    small = keyed(["a", "b", "c", "d"], np.array([[1, 0], [1, 1], [0, 1], [-1, 0.2]], np.float32))
    path = _pairs(tmp_path, "word 1\tword 2\tscore\nA\tb\t9\na\tc\t5\n# comment\na\td\t6\na\tzebra\t1\n")
    found = evaluation.similarity(small, path)
    cosines = [np.sqrt(0.5), 0.0, -1 / np.sqrt(1.04)]
    assert found.spearman == pytest.approx(stats.spearmanr([9, 5, 6], cosines).statistic)
    assert found.spearman == pytest.approx(0.5)
    assert found.pearson == pytest.approx(stats.pearsonr([9, 5, 6], cosines).statistic)
    assert (found.n, found.oov, found.oov_share) == (3, 1, 0.25)


@pytest.mark.parametrize(
    ("text", "n", "note"),
    [
        ("x\ty\t1\nx\tz\t2\n", 0, "of 2 pairs 0 have both words in the vocabulary, and two are needed"),
        ("a\tb\t1\nx\tz\t2\n", 1, "of 2 pairs 1 have both words"),
        ("a\tb\t1\na\tc\t1\n", 2, "the 2 pairs of known words all have the same value"),
        ("a\tb\t1\nb\ta\t2\n", 2, "the 2 pairs of known words all have the same value"),
    ],
)
def test_bad_input_too_few_known_pairs_have_no_correlation(tmp_path: Path, text: str, n: int, note: str) -> None:
    small = keyed(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    found = evaluation.similarity(small, _pairs(tmp_path, text))
    assert (found.spearman, found.pearson, found.n) == (None, None, n)
    assert note in found.note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no word pairs"),
        ("word 1\tword 2\tjudged\n", "holds no word pairs"),
        ("a b 1\n", "line 1, is 'a b 1'; expected word TAB word TAB number"),
        ("a\tb\na\tb\t1\n", "line 1, is"),
        ("a\tb\tnan\na\tb\t1\n", "line 1, is"),
        ("# words\n\na\tb\tc\td\na\tb\t1\n", "line 3, is"),
        ("a\tb\t1\na\tb\n", "line 2, is 'a.*tb'; expected word TAB word TAB number"),
        ("a\tb\t1\na\tb\tmuch\n", "line 2"),
        ("a\tb\t1\na\tb\tnan\n", "line 2"),
    ],
)
def test_bad_input_pairs_of_another_format(tmp_path: Path, vectors: KeyedVectors, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        evaluation.similarity(vectors, _pairs(tmp_path, text))
    (tmp_path / "latin.tsv").write_bytes(b"gr\xfc\xdfe\tb\t1\n")
    with pytest.raises(DataError, match=r"cannot be read .*expected UTF-8"):
        evaluation.similarity(vectors, tmp_path / "latin.tsv")

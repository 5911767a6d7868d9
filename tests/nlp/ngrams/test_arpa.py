"""ARPA files: KenLM's and SRILM's forms, the way there and back, and every kind of damage."""

import bz2
import gzip
import lzma
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nlp import ngram, vocabulary
from nlp.errors import DataError
from nlp.ngrams import arpa, query
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import Vocabulary
from tests.nlp.ngrams import arpa_models
from tests.nlp.ngrams.arpa_models import TOY0, read
from tests.nlp.ngrams.texts import chunks, zipfian

SRILM = """
made by hand, as SRILM's ngram-count writes it

\\data\\
ngram 1=4
ngram 2=3

\\1-grams:
-0.6020600\t</s>
-99\t<s>\t-0.2218487
-0.3010300\ta\t-0.1
-99\tb

\\2-grams:
-0.1760913\t<s> a
-0.3010300\ta a

-0.4771213\ta </s>

\\end\\
"""


def _table(model: NGramModel) -> dict[tuple[str, ...], tuple[float, float]]:
    """log10 p and backoff by n-gram."""
    names, table, below = model.vocabulary.words, {}, [()]
    for level in model.levels:
        ngrams = []
        for key, probability, backoff in zip(level.keys.tolist(), level.log10_prob, level.log10_backoff, strict=True):
            prefix, word = divmod(key, len(names))
            ngrams.append((*below[prefix], names[word]))
            table[ngrams[-1]] = (float(probability), float(backoff))
        below = ngrams
    return table


def test_a_file_of_kenlm(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    assert _table(model) == arpa_models.entries(TOY0)
    assert (model.order, model.smoothing) == (3, "arpa")
    assert model.vocabulary.words == ["<unk>", "<s>", "</s>", "a", "b"]
    assert all(np.all(np.diff(level.keys) > 0) for level in model.levels)


def test_a_file_of_srilm(tmp_path: Path) -> None:
    table = _table(read(tmp_path, SRILM))
    assert table["<s>",] == (0.0, -0.2218487)
    assert table["b",] == (-math.inf, 0.0)
    assert table["<unk>",] == (-100.0, 0.0)
    assert table["a", "</s>"] == (-0.4771213, 0.0)
    assert len(table) == 8


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\t", " "),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\\data\\", "a line\n\\other\\\n\\data\\"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\t0\n", "\n"),
        lambda text: text.replace("b a a\n", "b a a\t0\n").replace("a b a\n", "a b a\t-0.0\n"),
        lambda text: text.replace("ngram 2=7", "ngram  2 = 7"),
        lambda text: text.replace("\n\\2-grams", "\n\n\n\\2-grams"),
        lambda text: text + "anything\n",
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("<unk>", "<UNK>"),
    ],
)
def test_forms_that_mean_the_same(tmp_path: Path, change: Callable[[str], str]) -> None:
    assert _table(read(tmp_path, change(TOY0))) == arpa_models.entries(TOY0)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    (tmp_path / "model").write_bytes(compress(TOY0.encode()))
    assert _table(arpa.read(tmp_path / "model")) == arpa_models.entries(TOY0)


def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in range(1, 120, 7):
        monkeypatch.setattr("nlp.ngrams.arpa_lines.BLOCK", block)
        assert _table(read(tmp_path, TOY0)) == arpa_models.entries(TOY0)
        with pytest.raises(DataError, match=r"line 11: .*7 columns; expected log10 probability, 1 word"):
            read(tmp_path, TOY0.replace("\tb\t", "\tb b b b b\t"))


def test_minus_infinity_and_words_with_odd_characters(tmp_path: Path) -> None:
    text = (
        TOY0.replace("-0.90309\t<unk>", "-inf\t<unk>")
        .replace("a", "é\u3000\v\\")
        .replace("\\d" + "é\u3000\v\\t" + "é\u3000\v\\", "\\data")
    )
    text = text.replace("-gr" + "é\u3000\v\\" + "ms", "-grams").replace("ngr" + "é\u3000\v\\" + "m", "ngram")
    table = _table(read(tmp_path, text))
    assert table["<unk>",][0] == -math.inf
    assert table["b", "é\u3000\v\\"] == (-0.2984526, -0.30103)


def test_missing_beginnings_are_filled_in_by_backing_off(tmp_path: Path) -> None:
    kept = [line for line in TOY0.splitlines() if line.split("\t")[1:2] not in (["b a"], ["a b"])]
    text = "\n".join(kept).replace("ngram 2=7", "ngram 2=5").replace("ngram 3=7", "ngram 3=7\nngram 4=1")
    text = text.replace("\\end\\", "\\4-grams:\n-0.25\tb b b a\n\n\\end\\\n")
    model = read(tmp_path, text)
    table = _table(model)
    assert table["b", "a"] == pytest.approx((-0.30103 - 0.46943438, 0.0))
    assert table["b", "b", "b"] == pytest.approx((-0.30103 - 0.5720968, 0.0))
    assert table["b", "b", "b", "a"] == (-0.25, 0.0)
    assert table["b", "a", "a"] == (-0.33741078, 0.0)
    sentences = [["b", "a", "b", "a", "a"], ["b", "b", "b", "a"], ["a", "b", "b"]]
    for words in sentences:
        ids = model.vocabulary.ids(["<s>", *words, "</s>"])
        ids[0], ids[-1] = 1, 2
        expected = [
            arpa_models.plain_log10(text, ["<s>", *words][: i + 1], [*words, "</s>"][i], 4)[0]
            for i in range(len(words) + 1)
        ]
        assert query.score(model, ids).log10.tolist() == pytest.approx(expected, abs=1e-12)


def test_there_and_back_is_exact_in_float32(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    words = ["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(300))]
    size = len(words)
    pairs = np.unique(generator.integers(0, size * size, 2000))
    prob = [-generator.random(n) * 10.0 ** generator.integers(-9, 2, n) for n in (size, len(pairs))]
    prob[0][1] = 0
    backoff = generator.normal(size=size)
    first = Level(keys=np.arange(size), log10_prob=prob[0], log10_backoff=backoff)
    second = Level(keys=pairs, log10_prob=prob[1], log10_backoff=np.zeros(len(pairs)))
    model = NGramModel(vocabulary=Vocabulary(words), levels=(first, second), smoothing="none")
    for name in ("model.arpa", "model.arpa.gz"):
        arpa.write(model, tmp_path / name)
        back = arpa.read(tmp_path / name)
        assert back.vocabulary.words == words
        for ours, theirs in zip(model.levels, back.levels, strict=True):
            np.testing.assert_array_equal(ours.keys, theirs.keys)
            np.testing.assert_array_equal(ours.log10_prob.astype(np.float32), theirs.log10_prob.astype(np.float32))
            np.testing.assert_array_equal(
                ours.log10_backoff.astype(np.float32), theirs.log10_backoff.astype(np.float32)
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.arpa", "model.arpa.gz"]
    assert (tmp_path / "model.arpa.gz").read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize("smoothing", ngram.SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 3])
def test_a_file_of_any_smoothing_is_known_to_sum_to_one_or_not(tmp_path: Path, smoothing: str, order: int) -> None:
    ids, words = vocabulary.encode(chunks(zipfian(2)))
    for prune in ((), (0, 1)) if order > 1 else ((),):
        model = ngram.estimate(
            ids, words, order=order, smoothing=smoothing, prune=prune, discount_fallback=(0.5, 1.0, 1.5)
        )
        arpa.write(model, tmp_path / "model.arpa")
        expected = smoothing != "stupid-backoff" or order == 1
        assert arpa.read(tmp_path / "model.arpa").normalised == expected


def test_words_that_do_not_sum_to_one(tmp_path: Path) -> None:
    assert not read(tmp_path, SRILM).normalised


def test_written_as_kenlm_writes_it(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    arpa.write(model, tmp_path / "out.arpa")
    lines = (tmp_path / "out.arpa").read_text().split("\n")
    expected = TOY0.split("\n")
    assert sorted(lines) == sorted(expected)
    assert [line for line in lines if "\t" not in line] == [line for line in expected if "\t" not in line]


def test_a_probability_of_zero_is_written_as_srilm_does(tmp_path: Path) -> None:
    arpa.write(read(tmp_path, SRILM), tmp_path / "out.arpa")
    assert "-99\tb\t0\n" in (tmp_path / "out.arpa").read_text()
    back, expected = _table(arpa.read(tmp_path / "out.arpa")), _table(read(tmp_path, SRILM))
    assert list(back) == list(expected)
    np.testing.assert_allclose(list(back.values()), list(expected.values()), rtol=1e-6)


def test_a_backoff_of_zero_survives(tmp_path: Path) -> None:
    """After `a` comes what was seen there and nothing else: maximum likelihood's -inf is -99 in the file, as in SRILM's."""
    ids, words = vocabulary.encode(["a b\n", "b a b\n"])
    model = ngram.estimate(ids, words, order=2, smoothing="maximum-likelihood")
    arpa.write(model, tmp_path / "model.arpa")
    read = arpa.read(tmp_path / "model.arpa")
    text = read.vocabulary.encode(["a a\n"])
    assert query.score(read, text).log10.tolist() == pytest.approx(query.score(model, text).log10.tolist())
    assert np.isneginf(query.score(read, text).log10[1])

"""`serving.predict` for word vectors: the numbers of NumPy, unknown words named, analogies."""

from pathlib import Path

import numpy as np
import pytest

from serving import predict, saved_model
from tests.serving import text_models
from tests.serving.predict.text_runs import TABLE, WORDS, Captured, records, said


def test_words_are_answered_with_their_neighbours_and_unknown_ones_named(runs: Path, capsys: Captured) -> None:
    code, out, err = said(capsys, runs / "word2vec", "grün", "xyzzy", "w7", "W7")
    assert code == 1
    hint = "not in the vocabulary; words are looked up as they are spelled, and it has w7"
    assert err == f"error: xyzzy: not in the vocabulary\nerror: W7: {hint}\n"
    expected = []
    for word in ("grün", "w7"):
        ids, cosines = text_models.nearest(TABLE, WORDS.index(word), 3)
        named = ", ".join(f"{WORDS[i]} {cosine:.3f}" for i, cosine in zip(ids, cosines, strict=True))
        expected.append(f"{word}: {named}")
    assert out.splitlines() == expected


def test_words_as_records(runs: Path, capsys: Captured) -> None:
    [record] = records(said(capsys, runs / "word2vec", "w7", "--json"))
    assert record.keys() == {"input", "neighbours", "similarities", "vector"}
    ids, cosines = text_models.nearest(TABLE, 7, 3)
    assert record["neighbours"] == [WORDS[i] for i in ids]
    assert record["similarities"] == pytest.approx(list(cosines), abs=1e-6)
    assert record["vector"] == TABLE[7].tolist()


def _analogy(a: int, b: int, c: int) -> list[str]:
    """3CosAdd (Mikolov et al., 2013), the three words left out."""
    units = TABLE / np.linalg.norm(TABLE, axis=1, keepdims=True)
    cosines = units @ (units[b] - units[a] + units[c])
    return [WORDS[i] for i in np.argsort(-cosines) if i not in (a, b, c)][:3]


def test_analogies(runs: Path, capsys: Captured) -> None:
    asked = ["--analogy", "w1", "w2", "w3", "--analogy", "w1", "xyzzy", "W3", "--analogy", "w9", "w8", "grün"]
    code, out, err = said(capsys, runs / "word2vec", *asked)
    hint = "words are looked up as they are spelled, and it has w3"
    assert (code, err) == (1, f"error: w1 : xyzzy = W3 : ?: xyzzy, W3: not in the vocabulary; {hint}\n")
    first, second = out.splitlines()
    assert first.startswith("w1 : w2 = w3 : ?: ")
    assert [each.split()[0] for each in first.split("?: ")[1].split(", ")] == _analogy(1, 2, 3)
    assert [each.split()[0] for each in second.split("?: ")[1].split(", ")] == _analogy(9, 8, 5)
    [record, word] = records(said(capsys, runs / "word2vec", "w4", *asked[:4], "--json"))
    assert (record["input"], record["words"]) == (["w1", "w2", "w3"], _analogy(1, 2, 3))
    assert word["input"] == "w4"


def test_in_python(runs: Path) -> None:
    with saved_model.load(runs / "word2vec" / "export" / "1") as loaded:
        found = predict.neighbours(loaded, "w7")
        assert [name for name, _ in found.neighbours] == [WORDS[i] for i in text_models.nearest(TABLE, 7, 3)[0]]
        np.testing.assert_array_equal(found.vector, TABLE[7])
        assert [name for name, _ in predict.analogy(loaded, "w1", "w2", "w3")] == _analogy(1, 2, 3)
        with pytest.raises(ValueError, match=r"^not in the vocabulary$"):
            predict.neighbours(loaded, "xyzzy")
        for phrase in ("new york", " New  York"):
            with pytest.raises(ValueError, match=r"^not in the vocabulary; .* it has new_york$"):
                predict.neighbours(loaded, phrase)
        with pytest.raises(ValueError, match=r"^xyzzy: not in the vocabulary$"):
            predict.analogy(loaded, "w1", "xyzzy", "xyzzy")
        with pytest.raises(ValueError, match=r"^W1, new york: .* it has w1, new_york$"):
            predict.analogy(loaded, "W1", "w2", "new york")

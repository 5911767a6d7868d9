"""Analogies: the figures of gensim, section by section, and 3CosAdd written out in NumPy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors

from nlp.embeddings import analogies
from nlp.embeddings.evaluation import built_in
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    """Half the words of the built-in questions, some in two spellings; countries lie near their capitals plus a step."""
    rng = np.random.default_rng(3)
    lines = [line.split() for line in built_in("questions").read_text(encoding="utf-8").splitlines()]
    pairs = list({(line[at], line[at + 1]): None for line in lines if len(line) == 4 for at in (0, 2)})[::3]
    words: dict[str, Any] = {}
    step = rng.normal(size=12)
    for one, two in pairs:
        words.setdefault(one, rng.normal(size=12))
        words.setdefault(two, words[one] + step + rng.normal(size=12) * 0.4)
    for word in list(words)[:20]:
        words[word.upper()] = words[word] + rng.normal(size=12) * 0.1
    return keyed(list(words), np.array(list(words.values()), np.float32))


@pytest.mark.parametrize(("protocol", "limit"), [("top30k", 150), ("full", None)])
def test_the_figures_are_gensims(
    vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch, protocol: Any, limit: int | None
) -> None:
    monkeypatch.setattr(analogies, "RESTRICTED", limit)
    monkeypatch.setattr(analogies, "_CELLS", 10_000)
    found = analogies.analogies(vectors, built_in("questions"), protocol)
    accuracy, sections = vectors.evaluate_word_analogies(str(built_in("questions")), restrict_vocab=limit or 10**9)
    assert found.total.accuracy == pytest.approx(accuracy)
    assert 0.05 < accuracy < 0.95
    assert found.total.n + found.total.oov == 19_544
    counted = [(section.name, section.correct, section.n) for section in (*found.sections, found.total)]
    expected = [
        (section["section"], len(section["correct"]), len(section["correct"]) + len(section["incorrect"]))
        for section in sections
    ]
    assert counted == [*expected[:-1], ("all", *expected[-1][1:])]
    assert 0 < found.total.oov_share < 1


def test_three_cos_add_by_hand(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(12)]
    matrix = rng.normal(size=(12, 4)).astype(np.float32)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    questions, right = [], 0
    for _ in range(60):
        a, b, c, d = rng.choice(12, 4, replace=False)
        scores = [
            -9.0 if word in (a, b, c) else float(unit[word] @ unit[b] - unit[word] @ unit[a] + unit[word] @ unit[c])
            for word in range(12)
        ]
        right += int(np.argmax(scores)) == d
        questions.append(f"w{a} W{b} w{c} w{d}")
    path = tmp_path / "questions.txt"
    path.write_text("\n".join([": one", *questions, ": two", "w1 w2 w3 unknown", "w1 w2 w3 w2"]), encoding="utf-8")
    found = analogies.analogies(keyed(words, matrix), path, "full")
    assert 0 < right < 60
    one, two = found.sections
    assert (one.name, one.correct, one.n, one.oov, one.accuracy) == ("one", right, 60, 0, right / 60)
    assert (two.correct, two.n, two.oov, two.oov_share) == (0, 1, 1, 0.5)


def test_no_known_question_has_no_accuracy(tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text("x y z w\n", encoding="utf-8")
    found = analogies.analogies(keyed(["a", "b"], np.eye(2, dtype=np.float32)), path)
    assert (found.total.accuracy, found.total.n, found.total.oov_share) == (None, 0, 1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no analogies"),
        (": section\n", "holds no analogies"),
        (": section\na b c\n", "line 2, has 3 words; expected four"),
    ],
)
def test_bad_input_questions_of_another_format(tmp_path: Path, vectors: KeyedVectors, text: str, message: str) -> None:
    path = tmp_path / "questions.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        analogies.analogies(vectors, path)
    with pytest.raises(DataError, match="cannot be read"):
        analogies.analogies(vectors, tmp_path / "missing.txt")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes(mark + b": kin\na b c d\n")
    found = analogies.analogies(keyed(["a", "b", "c", "d"], np.eye(4, dtype=np.float32)), path)
    assert [(section.name, section.n) for section in found.sections] == [("kin", 1)]

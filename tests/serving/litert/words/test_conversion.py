"""Files of word vectors answer what NumPy computes; what cannot be converted is refused."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from serving import bundle
from serving.litert import FORMS, LiteRTError
from serving.litert import words as litert_words
from serving.litert.words import metadata
from serving.litert.words import parity as litert_words_parity
from tests.serving import text_models

SIZE, DIMENSIONS, COUNT = 60, 16, 5
# Largest difference of a number of a unit vector, and of a similarity, that each form may show.
TOLERANCE = {"float32": 1e-6, "float16": 1e-3, "int8": 0.006}


class Converted(NamedTuple):
    """A converted table and what it was made of."""

    folder: Path
    parity: dict[str, Any]
    words: list[str]
    table: NDArray[np.float32]


def _score(vectors: NDArray[np.float32]) -> dict[str, float]:
    return {"mean_length": float(np.linalg.norm(vectors, axis=1).mean())}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    base = tmp_path_factory.mktemp("words")
    words, table = text_models.vectors(SIZE, DIMENSIONS)
    words[3], words[4] = "grün", "a\u2028b"  # a separator that only Python's splitlines takes for a line's end
    table[7] = 0
    exported = text_models.write_word2vec(base / "export" / "1", words, table, count=COUNT)
    parity = litert_words.convert(exported, base / "mobile", words=words, score=_score)
    return Converted(base / "mobile", parity, words, table)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_answers_what_numpy_computes(converted: Converted, form: str) -> None:
    interpreter = litert_words_parity.Interpreter(converted.folder / FORMS[form])
    for number, vector in enumerate(converted.table):
        found = interpreter.search(number)
        length = max(float(np.linalg.norm(vector)), 1.0)
        np.testing.assert_allclose(found["vectors"], vector, atol=TOLERANCE[form] * length)
        np.testing.assert_array_equal(interpreter.vector(number), found["vectors"])
        ids, cosines = text_models.nearest(converted.table, number, COUNT)
        np.testing.assert_allclose(found["similarities"], cosines, atol=3 * TOLERANCE[form])
        assert number not in found["neighbour_ids"]
        if form == "float32" and number != 7:
            np.testing.assert_array_equal(found["neighbour_ids"], ids)


@pytest.mark.parametrize("form", FORMS)
def test_parity_states_agreement_difference_and_scores(converted: Converted, form: str) -> None:
    row, path = converted.parity["forms"][form], converted.folder / FORMS[form]
    assert (row["file"], row["bytes"]) == (path.name, path.stat().st_size)
    interpreter = litert_words_parity.Interpreter(path)
    returned = np.stack([interpreter.vector(number) for number in range(SIZE)])
    assert row["scores"] == pytest.approx(_score(returned))
    assert row["max_abs_delta"] == pytest.approx(np.abs(returned - converted.table).max())
    exact = [text_models.nearest(converted.table, number, COUNT) for number in range(SIZE)]
    found = [interpreter.search(number) for number in range(SIZE)]
    others = [number for number in range(SIZE) if number != 7]  # whose cosines are all 0
    same = np.mean([found[number]["neighbour_ids"][0] == exact[number][0][0] for number in others])
    assert row["agreement"] == pytest.approx(same, abs=1.5 / SIZE)
    assert row["agreement"] > 0.9
    assert row["agreement_k"] > 0.9
    assert row["milliseconds"] > 0
    delta = max(np.abs(found[number]["similarities"] - exact[number][1]).max() for number in range(SIZE))
    assert row["max_abs_delta_similarities"] == pytest.approx(delta, abs=1e-6)


def test_parity_and_vocabulary_are_written_beside_the_files(converted: Converted) -> None:
    assert converted.parity["reference"] == {
        "name": "served bundle",
        "scores": pytest.approx(_score(converted.table)),
    }
    stated = {name: converted.parity[name] for name in ("words", "dimensions", "neighbours", "n")}
    assert stated == {"words": SIZE, "dimensions": DIMENSIONS, "neighbours": COUNT, "n": SIZE}
    assert json.loads((converted.folder / "parity.json").read_text(encoding="utf-8")) == converted.parity
    names = {*FORMS.values(), "vocab.txt", "parity.json", "README.md"}
    assert {path.name for path in converted.folder.iterdir()} == names
    assert (converted.folder / "vocab.txt").read_bytes() == "".join(f"{word}\n" for word in converted.words).encode()


@pytest.mark.parametrize("form", FORMS)
def test_shapes_are_static_and_operators_built_in(converted: Converted, form: str) -> None:
    path = converted.folder / FORMS[form]
    runtime = Interpreter(model_path=str(path))
    assert runtime.get_signature_list() == {
        "serving_default": {"inputs": ["token_ids"], "outputs": ["neighbour_ids", "similarities", "vectors"]},
        "vectors": {"inputs": ["token_ids"], "outputs": ["vectors"]},
    }
    tensors = [*runtime.get_input_details(), *runtime.get_output_details()]
    # The order of the outputs is told in the README: apps without signatures go by it.
    assert [(tuple(each["shape"]), each["dtype"]) for each in tensors] == [
        ((1,), np.int32),
        ((1, DIMENSIONS), np.float32),
        ((1, COUNT), np.int32),
        ((1, COUNT), np.float32),
    ]
    assert all((each["shape_signature"] > 0).all() for each in tensors)
    operators = converted.parity["forms"][form]["operators"]
    assert {"GATHER", "FULLY_CONNECTED", "TOPK_V2"} <= set(operators)
    assert not [name for name in operators if name.startswith("custom:")]


def test_an_id_outside_the_vocabulary_is_an_error(converted: Converted) -> None:
    for form in FORMS.values():
        interpreter = litert_words_parity.Interpreter(converted.folder / form)
        with pytest.raises((RuntimeError, ValueError), match=r"(?i)gather"):
            interpreter.search(SIZE)


def test_every_file_carries_its_vocabulary(converted: Converted) -> None:
    for name in FORMS.values():
        assert metadata.read_words(converted.folder / name) == converted.words


def test_a_table_stands_in_a_file_once(tmp_path: Path) -> None:
    words, table = text_models.vectors(2000, 50)
    exported = text_models.write_word2vec(tmp_path / "1", words, table)
    parity = litert_words.convert(exported, tmp_path / "mobile", words=words, score=_score)
    vocabulary = len("".join(words)) + len(words)
    per_number = {"float32": 4, "float16": 2, "int8": 1}
    for form, row in parity["forms"].items():
        # Beside the table: lengths, in int8 two scales and a zero point a word too, and the graph.
        assert 0 < row["bytes"] - table.size * per_number[form] - vocabulary < 28 * len(words) + 12_000
        assert row["agreement"] > 0.97
        assert row["max_abs_delta"] < 0.06


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_smallest_vocabularies_are_converted_in_silence(
    tmp_path: Path, size: int, capfd: pytest.CaptureFixture[str]
) -> None:
    words, table = text_models.vectors(size)
    exported = text_models.write_word2vec(tmp_path / "1", words, table)
    capfd.readouterr()
    parity = litert_words.convert(exported, tmp_path / "mobile", words=words, score=lambda _: {})
    assert capfd.readouterr() == ("", "")
    assert parity["neighbours"] == max(1, size - 1)
    for form, row in parity["forms"].items():
        assert (row["agreement"], row["scores"]) == (1.0, {})
        found = litert_words_parity.Interpreter(tmp_path / "mobile" / FORMS[form]).search(0)
        assert list(found["neighbour_ids"]) == ([-1] if size == 1 else list(text_models.nearest(table, 0, 9)[0]))
        assert size > 1 or list(found["similarities"]) == [0.0]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the words w0, w1 and w2."""
    return text_models.write_word2vec(tmp_path_factory.mktemp("three") / "1", *text_models.vectors(3))


def _refused(exported: Path, words: list[str], match: str) -> None:
    folder = exported.parent / "mobile"
    with pytest.raises(LiteRTError, match=match):
        litert_words.convert(exported, folder, words=words, score=_score)
    assert not folder.exists()
    assert not list(folder.parent.glob(f".{folder.name}*"))


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([], "the vocabulary is empty; at least one word"),
        (["a", "", "b"], "the word '' is empty or holds a line break"),
        (["a", "b\nc"], r"the word 'b\\nc' is empty or holds a line break; a vocabulary file has one word per line"),
        (["a", "b", "a"], "the word 'a' occurs in the vocabulary more than once"),
        (["w0", "w2", "w1"], "gives 'w2' another vector than id 1; give its words in the order of its ids"),
        (["w0", "w1", "w9"], "gives 'w9' another vector than id 2"),
        (["w0", "w1", "w2", "w3"], "gives no vectors for the ids 0 to 3: "),
    ],
)
def test_words_that_are_not_the_bundles_are_refused(three: Path, words: list[str], match: str) -> None:
    _refused(three, words, match)


def test_vectors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    words, table = text_models.vectors(3)
    table[1, 2] = np.nan
    _refused(text_models.write_word2vec(tmp_path / "1", words, table), words, "the vector of 'w1' is not finite")


def test_other_bundles_are_refused(tmp_path: Path) -> None:
    _refused(text_models.write_ngram(tmp_path / "1"), ["a"], "is a bundle for 'ngram'; word vectors are converted from")
    with pytest.raises(bundle.BundleError, match=r"model.json cannot be read"):
        litert_words.convert(tmp_path, tmp_path / "mobile", words=["a"], score=_score)


def test_foreign_operators_are_refused_by_name(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    best = tf.math.top_k
    monkeypatch.setattr(tf.math, "top_k", lambda values, k: best(tf.raw_ops.RGBToHSV(images=values), k))
    _refused(
        three,
        ["w0", "w1", "w2"],
        "the float32 form needs operators that are not built into LiteRT: RGBToHSV. They would",
    )

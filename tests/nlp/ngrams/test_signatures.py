"""The served model: exported, run in a v1 session, and compared with the queries in NumPy."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nlp.ngrams import proofs, signatures
from nlp.ngrams.tables import Level, NGramModel
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import Vocabulary
from serving import bundle, saved_model
from tests.nlp import saved_graph
from tests.nlp.ngrams import arpa_models

TOKENIZER = Tokenizer("words")
TEXTS = ["A a b a.", "b a", "A b. Zebra a b! a b", "", "...", "zebra", "a zebra.", "É a '\n b", "b a. "]


def _bundle(model: NGramModel, folder: Path, texts: list[str], *, k: int = 10) -> Path:
    tracked, functions = signatures.signatures(model, TOKENIZER, k=k)
    requests = [bundle.Proof(*request) for request in proofs.requests(model, TOKENIZER, texts, k=k)]
    written, difference = bundle.write(folder, tracked, functions, description={"task": "ngram"}, proofs=requests)
    assert difference < 1e-5
    return written


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[saved_model.LoadedModel]:
    folder = tmp_path_factory.mktemp("toy0")
    with saved_model.load(_bundle(arpa_models.toy0(folder), folder / "export", TEXTS)) as loaded:
        yield loaded


def _ask(
    served: saved_model.LoadedModel, texts: Sequence[str | bytes], signature: str = "serving_default"
) -> dict[str, Any]:
    content = [text.encode() if isinstance(text, str) else text for text in texts]
    return served.run(signature, {"text": np.array(content, object)})


def test_a_text_is_scored_sentence_by_sentence(served: saved_model.LoadedModel) -> None:
    found = _ask(served, ["A b. Zebra a b! a b"])
    words = [["a", "b"], ["zebra", "a", "b"], ["a", "b"]]
    log10 = [
        arpa_models.plain_log10(arpa_models.TOY0, ["<s>", *sentence[:i]], [*sentence, "</s>"][i], 3)[0]
        for sentence in words
        for i in range(len(sentence) + 1)
    ]
    assert found["log_prob"] == pytest.approx([sum(log10) * np.log(10)], rel=1e-6)
    assert found["perplexity"] == pytest.approx([10 ** (-sum(log10) / 10)], rel=1e-6)


@pytest.mark.parametrize(
    ("text", "open_words"), [("a b. b a", ["b", "a"]), ("b a.", []), ("", []), ("zebra", ["zebra"])]
)
def test_next_words_follow_the_open_sentence(served: saved_model.LoadedModel, text: str, open_words: list[str]) -> None:
    found = _ask(served, [text])
    expected = {
        word: 10 ** arpa_models.plain_log10(arpa_models.TOY0, ["<s>", *open_words], word, 3)[0]
        for word in ("</s>", "a", "b")
    }
    names = [word.decode() for word in found["next_words"][0]]
    assert found["next_scores"][0].tolist() == pytest.approx([expected[name] for name in names], rel=1e-5)
    assert sorted(names) == ["</s>", "a", "b"]
    assert list(found["next_scores"][0]) == sorted(found["next_scores"][0], reverse=True)


def test_tokens_tell_what_was_found(served: saved_model.LoadedModel) -> None:
    found = _ask(served, ["A zebra. b", ""], "tokens")
    assert found["tokens"].tolist() == [[b"a", b"zebra", b"</s>", b"b", b"</s>"], [b"</s>", b"", b"", b"", b""]]
    assert found["orders"].tolist() == [[2, 1, 1, 2, 2], [1, 0, 0, 0, 0]]
    assert found["in_vocabulary"].tolist() == [[True, False, True, True, True], [True, False, False, False, False]]
    history = ["<s>", "a"]
    expected = arpa_models.plain_log10(arpa_models.TOY0, history, "zebra", 3)[0] * np.log(10)
    assert found["log_probs"][0, 1] == pytest.approx(expected, rel=1e-6)
    assert found["log_probs"][1, 1:].tolist() == [0] * 4


@pytest.mark.parametrize("signature", ["serving_default", "tokens"])
def test_odd_input_is_answered(served: saved_model.LoadedModel, signature: str) -> None:
    assert {len(values) for values in _ask(served, [], signature).values()} == {0}
    odd = [
        b"\xff\xfe a \x80",
        b"a" * 1_000_000,
        b"a b " * 100_000,
        b"zebra ox " * 10,
        b"<s> </s> <unk>",
        b"\0",
        "é👍🏽".encode(),
    ]
    for values in _ask(served, odd, signature).values():
        assert len(values) == len(odd)
        assert values.dtype == object or not np.isnan(values).any()


def test_wrong_dimensions_are_refused(served: saved_model.LoadedModel) -> None:
    for shape in ((), (1, 1)):
        for signature in ("serving_default", "tokens"):
            with pytest.raises(Exception, match=r"(?i)shape.*not compatible with expected shape \[\?\]"):
                served.run(signature, {"text": np.full(shape, b"a", object)})


def _random_model(order: int, size: int, generator: np.random.Generator) -> NGramModel:
    """Any tables, with many equal probabilities; the last level is empty for order 4."""
    words = ["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(size - 3))]
    levels: list[Level] = []
    for number in range(1, order + 1):
        keys = np.arange(size)
        if number > 1:
            room = len(levels[-1].keys) * size
            keys = np.unique(generator.integers(0, room, 0 if number == 4 else 5 * size))
        log10_prob = -generator.integers(1, 6, len(keys)) / 7
        levels.append(
            Level(keys=keys, log10_prob=log10_prob, log10_backoff=-generator.random(len(keys)) * (number < order))
        )
    return NGramModel(vocabulary=Vocabulary(words), levels=tuple(levels), smoothing="none")


def _random_texts(model: NGramModel, generator: np.random.Generator) -> list[str]:
    texts = [" ".join(generator.choice(model.vocabulary.words[3:], 8)) for _ in range(20)]
    return [text + "." * (i % 2) for i, text in enumerate(texts)]


@pytest.mark.parametrize(("order", "size", "k"), [(1, 4, 10), (2, 40, 5)])
def test_random_models_answer_as_in_python(order: int, size: int, k: int) -> None:
    """Eagerly, which costs a tenth of a bundle; one of order 4 is exported below."""
    generator = np.random.default_rng(order)
    model = _random_model(order, size, generator)
    _, functions = signatures.signatures(model, TOKENIZER, k=k)
    for name, inputs, outputs in proofs.requests(model, TOKENIZER, _random_texts(model, generator), k=k):
        found = functions[name][0](tf.constant(inputs["text"]))
        assert found.keys() == outputs.keys()
        for key, expected in outputs.items():
            if expected.dtype == np.float32:
                np.testing.assert_allclose(found[key], expected, rtol=1e-5, err_msg=key)
            else:
                np.testing.assert_array_equal(found[key], expected, err_msg=key)
        if name == "serving_default":
            assert found["next_scores"].shape[1] == min(k, size - 2)


@pytest.fixture(scope="module")
def random_bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[NGramModel, Path]]:
    """Two models of order 4, proven in a v1 session, and where they are, by the size of their vocabulary."""
    bundles = {}
    for size in (60, 2000):
        generator = np.random.default_rng(4)
        model = _random_model(4, size, generator)
        folder = tmp_path_factory.mktemp(f"random{size}") / "export"
        bundles[size] = model, _bundle(model, folder, _random_texts(model, generator), k=70)
    return bundles


def test_the_bundle_says_how_many_next_words_it_gives(random_bundles: dict[int, tuple[NGramModel, Path]]) -> None:
    for size, (_, folder) in random_bundles.items():
        layout = bundle.read_description(folder)["signatures"]["serving_default"]["outputs"]
        assert layout["next_scores"] == {"dtype": "float32", "shape": [None, min(70, size - 2)]}


def test_words_that_cannot_follow_are_empty(tmp_path: Path) -> None:
    log10_prob = np.array([-1.0, 0.0, -np.inf, -0.1])
    level = Level(keys=np.arange(4), log10_prob=log10_prob, log10_backoff=np.zeros(4))
    model = NGramModel(vocabulary=Vocabulary(["<unk>", "<s>", "</s>", "a"]), levels=(level,), smoothing="none")
    with saved_model.load(_bundle(model, tmp_path / "export", ["a a"])) as loaded:
        found = _ask(loaded, ["a"])
    assert found["next_words"].tolist() == [[b"a", b""]]
    assert found["next_scores"][0].tolist() == pytest.approx([10**-0.1, 0.0])
    assert found["log_prob"].tolist() == [-np.inf]
    assert found["perplexity"].tolist() == [np.inf]


def test_the_bundle_holds_tables_as_variables_and_words_as_an_asset(
    random_bundles: dict[int, tuple[NGramModel, Path]],
) -> None:
    graphs = []
    for size, (model, folder) in random_bundles.items():
        assert [path.read_text().split() for path in (folder / "assets").iterdir()] == [model.vocabulary.words]
        assert sum(path.stat().st_size for path in (folder / "variables").iterdir()) > 5 * size * 12
        assert not any("PyFunc" in op for op in saved_graph.operations(folder))
        graphs.append((folder / "saved_model.pb").stat().st_size)
    assert graphs[1] < graphs[0] + 1000


def test_no_variable_is_gathered_from(random_bundles: dict[int, tuple[NGramModel, Path]]) -> None:
    """That would make every later reading of the whole table a copy, in the exported model only."""
    _, folder = random_bundles[60]
    ops = saved_graph.operations(folder)
    assert "ReadVariableOp" in ops
    assert not any("ResourceGather" in op for op in ops)

"""One rule for words, in Python and in the graph."""

import lzma
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp import tokenizers
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer

# Dotted capital I, a final sigma, combining marks, an emoji of several code points with joiners, a Devanagari word with one, a zero byte.
ODD = "İI ΑΣ. Ας'Σ e\u0301\u0302a 👩‍👩‍👧 क्‍ष \x00 a\x00b don’t 'tis dogs' a''b ' \u00a0x\u2028y.\u3000Z \x1c<s> </s> <unk> ▁ \r\nK ß ǅ!\v\f"


def text_of(tokenizer: Tokenizer, text: str) -> str:
    return "".join(tokenizer.normalise(text.split("\n")))


@cache
def graph_of(tokenizer: Tokenizer) -> Callable[[Any], tokenizers.GraphText]:
    return tf.function(tokenizer.graph, input_signature=[tf.TensorSpec([None], tf.string)])


def answers(tokenizer: Tokenizer, texts: list[bytes]) -> list[tuple[list[list[str]], list[str]]]:
    """Of the graph, as strings."""
    found = graph_of(tokenizer)(tf.constant(texts, tf.string))
    return [
        ([[word.decode() for word in words] for words in sentences], [word.decode() for word in rest])
        for sentences, rest in zip(found.sentences.to_list(), found.open.to_list(), strict=True)
    ]


ALL = [
    *map(Tokenizer, tokenizers.NAMES),
    Tokenizer("space", symbols="drop"),
    Tokenizer("space", symbols="rename"),
    Tokenizer("letters", shortest=3),
]


@pytest.mark.parametrize("tokenizer", ALL, ids=str)
@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(), max_size=40) | st.text("aI'’.! \n\r\t\0\u00a0ΣİÌ\u0301<s>/unk▁", max_size=30))
@example(text=ODD)
@example(text="")
@example(text="a\n\nb\n")
@example(text="a.\n ")
@example(text="<s> <s> <s>a</s> </s> <unk>\n<s>")
def test_graph_and_python_agree(tokenizer: Tokenizer, text: str) -> None:
    found = tokenizer.sentences(text)
    assert answers(tokenizer, [text.encode("utf-8", "surrogatepass"), b"x"])[0] == (found.sentences, found.open)


@pytest.mark.parametrize("tokenizer", ALL, ids=str)
@settings(deadline=None, max_examples=40)
@given(text=st.text(max_size=40))
@example(text=ODD)
def test_a_corpus_has_the_sentences_of_the_text(tokenizer: Tokenizer, text: str) -> None:
    """Where none is refused or left out for its length: normalise and sentences give the same words."""
    if tokenizer.symbols == "refuse" and tokenizer.name == "space":
        text = text.replace("<", "")
    sentences = tokenizer.sentences(text + "\n").sentences
    expected = [" ".join(words) for words in sentences if len(words) >= tokenizer.shortest or tokenizer.name == "space"]
    assert text_of(tokenizer, text) == "".join(f"{line}\n" for line in expected)


@pytest.mark.parametrize("name", tokenizers.NAMES)
@settings(deadline=None, max_examples=30)
@given(data=st.binary(max_size=30))
@example(data=b"a\xff b\xc3\n\xed\xa0\x80 \xf0\x9f")
def test_bad_input_invalid_utf8_never_stops_the_graph(name: str, data: bytes) -> None:
    sentences, rest = answers(Tokenizer(name), [data])[0]
    assert sentences
    assert not rest or rest == sentences[-1]


def test_words() -> None:
    found = Tokenizer("words").sentences("Don’t stop. 'It's 3.5 km!' É cafés—naïve...ok? Yes")
    assert found.sentences == [["don't", "stop"], ["it's", "3", "5", "km", "é", "cafés", "naïve", "ok"], ["yes"]]
    assert found.open == ["yes"]
    assert Tokenizer("words").sentences("Is it? ").open == []
    assert Tokenizer("words").sentences("Mr.\u00a0Smith.\u2003Yes").sentences == [["mr", "smith"], ["yes"]]


def test_letters_as_the_benchmark_text() -> None:
    """The rule of the published word counts: lower case, split after [.!?] before a space, [a-z]+, more than two words."""
    lines = ["A b.C d e! F g. H\u00a0i j.\u00a0K l.\u2009M. Über alles hier ist.", "x y", "", "one, two three"]
    expected = []
    for line in lines:
        for sentence in re.split(r"(?<=[.!?]) ", line.lower()):
            words = re.findall("[a-z]+", sentence)
            expected += [" ".join(words)] if len(words) > 2 else []
    assert "".join(Tokenizer("letters", shortest=3).normalise(lines)) == "\n".join(expected) + "\n"


def test_english_as_the_lee_fixture() -> None:
    line = "It's U.S. news.No 'quotes' dropped! end"
    expected = [" ".join(re.findall("[a-z']+", sentence)) for sentence in re.split("[.!?]", line.lower())]
    assert text_of(Tokenizer("english"), line).splitlines() == [sentence for sentence in expected if sentence]


def test_space_splits_as_kenlm_does() -> None:
    lines = [" a\tb\rc\0d  e ", "", "x\u00a0y z\vw\f", "\t"]
    assert "".join(Tokenizer("space").normalise(lines)) == "a b c d e\n\nx\u00a0y z\vw\f\n\n"
    assert "".join(Tokenizer("space", shortest=2).normalise(lines)) == "a b c d e\nx\u00a0y z\vw\f\n"


def test_characters() -> None:
    assert "".join(Tokenizer("characters").normalise(["Ab c", "", "é\t👍"])) == "A b ▁ c\né ▁ 👍\n"
    assert Tokenizer("characters").sentences("ab ").open == ["a", "b", "▁"]


def test_bad_input_symbols_in_the_text() -> None:
    lines = ["fine <s>x", "the end </s> of it <unk>"]
    with pytest.raises(
        DataError,
        match=r"line 2 of the text has the word '</s>' \(word 3, in 'the end </s> of it <unk>'\).*"
        r"--symbols drop .*or --symbols rename \(to </S>\)",
    ):
        list(Tokenizer("space").normalise(lines))
    assert "".join(Tokenizer("space", symbols="drop").normalise(lines)) == "fine <s>x\nthe end of it\n"
    assert "".join(Tokenizer("space", symbols="rename").normalise(lines)) == "fine <s>x\nthe end </S> of it <UNK>\n"
    assert Tokenizer("space").sentences("a <s>").sentences == [["a", "<S>"]]


def test_bad_input_the_line_is_named_in_later_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.tokenizers.tokenizer._CHUNK", 4)
    with pytest.raises(DataError, match="line 5 of the text"):
        list(Tokenizer("space").normalise(["a", "b", "c", "d", "<s>"]))


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["One two. Three", "", "Σ", "four! five"] * 3
    whole = {name: "".join(Tokenizer(name).normalise(lines)) for name in tokenizers.NAMES}
    monkeypatch.setattr("nlp.tokenizers.tokenizer._CHUNK", 5)
    for name in tokenizers.NAMES:
        chunks = list(Tokenizer(name).normalise(lines))
        assert len(chunks) > 3
        assert all(chunk.endswith("\n") for chunk in chunks)
        assert "".join(chunks) == whole[name]


def test_nothing_gives_no_chunk() -> None:
    assert list(Tokenizer("words").normalise([])) == []
    assert list(Tokenizer("words").normalise(["", " ...", "?"])) == []
    assert list(Tokenizer("space").normalise([""])) == ["\n"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tokenizer("word"), "no tokenizer 'word'; there are words, space, letters"),
        (lambda: Tokenizer("words", shortest=0), "shortest sentence has 0 words; expected 1 or more"),
        (lambda: Tokenizer("words", symbols="keep"), "symbols are 'keep'; expected one of refuse, drop, rename"),  # type: ignore[arg-type]
    ],
)
def test_wrong_tokenizers(make: Callable[[], Tokenizer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.data
def test_the_wiki_text_as_counted_elsewhere(real_data: Path) -> None:
    """13,375,596 words in 623,383 sentences of more than two: counted with Python's re from the same rule."""
    with lzma.open(real_data / "wiki" / "wiki.en.txt.xz", "rt", encoding="utf-8", newline="\n") as lines:
        chunks = list(Tokenizer("letters", shortest=3).normalise(line.removesuffix("\n") for line in lines))
    sentences = sum(chunk.count("\n") for chunk in chunks)
    assert sentences == 623_383
    assert sum(chunk.count(" ") for chunk in chunks) + sentences == 13_375_596


@pytest.mark.parametrize("tokenizer", [Tokenizer("words"), Tokenizer("space"), Tokenizer("characters")], ids=str)
def test_the_graph_is_the_same_after_saving(tokenizer: Tokenizer, tmp_path: Path) -> None:
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def flat(text: Any) -> dict[str, Any]:
        found = tokenizer.graph(text)
        return {
            "words": found.sentences.flat_values,
            "rows": found.sentences.values.row_splits,
            "open": found.open.values,
        }

    module.flat = flat
    tf.saved_model.save(module, str(tmp_path), signatures=flat)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    texts = tf.constant([ODD, "", "a\n\nB c"])
    expected = flat(texts)
    for name, found in loaded(text=texts).items():
        assert found.numpy().tolist() == expected[name].numpy().tolist()

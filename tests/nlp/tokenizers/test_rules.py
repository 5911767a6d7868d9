"""The rules against restatements, whatever the machine's language."""

import os
import re
import subprocess
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp import tokenizers
from nlp.tokenizers import Tokenizer, rules
from tests import warm

ROOT = Path(__file__).parents[3]


def test_there_is_a_rule_for_every_name() -> None:
    assert tuple(rules.RULES) == tokenizers.NAMES


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert rules.valid(b"a\xffb\xc3 \x00").numpy() == "a\ufffdb\ufffd \0".encode()


@cache
def _is_word_character(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _words(text: str) -> list[list[str]]:
    """The rule `words`, restated with Python's own Unicode tables."""
    sentences = re.split(r"(?<=[.!?])(?=[^\S\u00a0\u2007\u202f\x1c-\x1f]|\Z)|\n", text.lower().replace("’", "'"))
    marked = ["".join(c if c == "'" or _is_word_character(c) else " " for c in sentence) for sentence in sentences]
    found = [re.findall(r"[^ ']+(?:'[^ ']+)*", sentence) for sentence in marked]
    return [words for words in found if words] or [[]]


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(categories=["Lu", "Ll", "Mn", "Nd", "Lo", "Po", "Zs"], max_codepoint=0x2BFF), max_size=40))
@example("The cat's tail. Don't!  'Quoted' dogs' 3.14 u.s. end?Yes")
@example("ΑΣ ΣΑΣ. İstanbul")
def test_words_restated(text: str) -> None:
    assert Tokenizer("words").sentences(text).sentences == _words(text)


@pytest.mark.parametrize("language", ["tr_TR.UTF-8", "lt_LT.UTF-8"])
def test_the_language_of_the_machine_makes_no_difference(language: str) -> None:
    """ICU lower-cases I to ı in Turkish and keeps a dot on Ì in Lithuanian, by the environment of a process that it first looks at."""
    program = "from nlp.tokenizers import Tokenizer; print(ascii(Tokenizer('words').sentences('I İ Ì Í Ĩ Į̀ J̀ Title')))"
    environment = os.environ | {"LC_ALL": language, "LANG": language, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [warm.python(), "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ascii(Tokenizer("words").sentences("I İ Ì Í Ĩ Į̀ J̀ Title"))
    assert Tokenizer("words").sentences("I İ TITLE").sentences == [["i", "i̇", "title"]]

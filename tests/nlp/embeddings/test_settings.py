"""Ranges and defaults of word vectors: said once, with the names that the caller uses."""

import subprocess
import sys
from pathlib import Path

import pytest

from nlp.embeddings import settings
from nlp.embeddings.settings import Course, Kept, Method


def test_every_default_is_in_its_range() -> None:
    Method()
    Kept()
    Course()
    for record in (Method, Kept, Course):
        assert {"seed", "deterministic"} | settings.RANGES.keys() >= record.__dataclass_fields__.keys()


def test_a_value_out_of_range_is_named_as_the_caller_names_it() -> None:
    with pytest.raises(ValueError, match=r"^window is 0; expected 1 to 50$"):
        Method(window=0)
    with pytest.raises(ValueError, match=r"^--vocabulary-size is 0; expected 1 or more$"):
        settings.check("most", 0, called="--vocabulary-size")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, 0.03, "^--last is 0.03; expected at most 0.025 without a --first$"),
        (0.01, 0.02, "^--last is 0.02; expected at most 0.01, the first one$"),
    ],
)
def test_the_last_rate_is_not_above_the_first(first: float | None, last: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings.check_rates(first, last, called=("--first", "--last"))


def test_hierarchical_softmax_needs_gensim() -> None:
    with pytest.raises(ValueError, match="the engine keras has no hierarchical-softmax; use the engine gensim"):
        Method(objective="hierarchical-softmax")
    assert Method(engine="gensim", objective="hierarchical-softmax").objective == "hierarchical-softmax"


def test_importing_the_settings_loads_nothing_heavy() -> None:
    code = "import sys; import nlp.embeddings.settings; print({'numpy', 'gensim', 'tensorflow'} & sys.modules.keys())"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

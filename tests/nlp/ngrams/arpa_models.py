"""Models written out as ARPA text, for tests, and a plain restatement of how one is asked."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from nlp.ngrams import arpa
from nlp.ngrams.tables import NGramModel

TOY0 = """\\data\\
ngram 1=5
ngram 2=7
ngram 3=7

\\1-grams:
-0.90309\t<unk>\t0
0\t<s>\t-0.30103
-0.46943438\ta\t-0.30103
-0.5720968\t</s>\t0
-0.5720968\tb\t-0.30103

\\2-grams:
-0.37712017\t<s> a\t-0.30103
-0.37712017\ta a\t-0.30103
-0.2984526\tb a\t-0.30103
-0.58682007\ta </s>\t0
-0.5220179\tb </s>\t0
-0.41574955\t<s> b\t-0.30103
-0.58682007\ta b\t-0.30103

\\3-grams:
-0.14885087\t<s> a a
-0.33741078\tb a a
-0.124077894\t<s> b a
-0.2997394\ta b a
-0.42082912\tb a </s>
-0.32339615\ta b </s>
-0.2730023\ta a b

\\end\\
"""
"""The model of KenLM's own test `toy0` ("a a b a" / "b a a b", order 3, discounts 0.5, 1, 1.5); the numbers that D1 of the project's facts
does not pin are plausible ones, which no test takes for KenLM's."""


def toy0(folder: Path) -> NGramModel:
    """TOY0, read."""
    return read(folder, TOY0)


def read(folder: Path, text: str) -> NGramModel:
    """A model from ARPA text."""
    path = folder / "model.arpa"
    path.write_text(text, encoding="utf-8")
    return arpa.read(path)


def entries(text: str) -> dict[tuple[str, ...], tuple[float, float]]:
    """log10 p and log10 backoff by n-gram, from ARPA text with tabs."""
    lines = [line.split("\t") for line in text.splitlines() if "\t" in line]
    return {tuple(line[1].split(" ")): (float(line[0]), float(line[2]) if len(line) > 2 else 0.0) for line in lines}


def plain_log10(text: str, history: Sequence[str], word: str, order: int) -> tuple[float, int]:
    """log10 p(word | history) and the words of the n-gram found, by the definition alone."""
    table = entries(text)
    word = word if (word,) in table else "<unk>"
    context = tuple(w if (w,) in table else "<unk>" for w in history)[max(0, len(history) - order + 1) :]
    backoff = 0.0
    for skipped in itertools.count():
        if (*context[skipped:], word) in table:
            return backoff + table[*context[skipped:], word][0], len(context) - skipped + 1
        backoff += table.get(context[skipped:], (0.0, 0.0))[1]
    raise ValueError("not reached")
